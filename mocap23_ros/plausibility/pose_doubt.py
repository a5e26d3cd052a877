# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the given camera pose against the one that walking people alone would give it."""

from collections.abc import Mapping

from mocap23_ros.calibration.given_pose import given_pose_doubt
from mocap23_ros.plausibility.mistakes import K_OF_ANOTHER_SIZE, RECTIFICATION
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.set_up_check import PEOPLE_SEEN, Finding


def pose_findings(samples: PeopleSamples, focal_length: float,
                  statures: Mapping[int, float] | None = None) -> list[Finding] | None:
    """What contradicts the given pose by degrees; empty where nothing does, None: it is not known.

    It takes a third of a second alone, and sees what ``diagnose`` does not: people who stand well,
    but under another pose. focal_length: px; statures: known body heights [m] by person id.
    """
    def doubt(seen: PeopleSamples) -> str | None:
        return given_pose_doubt(seen.stamps, seen.person_ids, seen.points, seen.floor_T_camera,
                               focal_length, statures)
    words = doubt(samples)
    if not words:
        return None if words is None else []
    for mistake in (K_OF_ANOTHER_SIZE, RECTIFICATION):
        undone = mistake.undo(samples)
        if undone is not None and doubt(undone) == '':
            return [Finding(mistake.key, (
                f'{PEOPLE_SEEN} contradict the camera pose by degrees, but would not if '
                f'{mistake.words}'), True)]
    return [Finding('camera pose', f'{PEOPLE_SEEN} {words}', False)]
