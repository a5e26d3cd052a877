# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Confirms the poses of people who were just found, by looking again where each one says.

The landmark network always gives a pose, at high confidence, even for things that are no person.
From a region that does not fit a small or leaning person it gives a wrong one, which the next look
contradicts; from the right region looks confirm each other.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.keypoint_similarity import joints_area, keypoint_similarity
from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion, coco_keypoints

_MOST_LOOKS = 4  # from one region
_ALIKE = 0.8  # OKS of two looks that confirm each other
_TURN = 0.3  # rad
_SHIFT, _WIDER, _NARROWER = 0.08, 1.25, 0.8  # of a region's side
_UNCHANGED = 0.7  # OKS in the middle of changed looks, from which somebody is there


def steady_poses(network: BlazePose, image_bgr: NDArray[np.uint8],
                 starts: Sequence[Sequence[Look]]) -> list[PersonLandmarks | None]:
    """Return the confirmed pose of each of P people in an image uint8 [H,W,3]; None without one.

    starts: where to look for each first, the likeliest first.
    """
    steady: list[PersonLandmarks | None] = [None] * len(starts)
    for attempt in range(max((len(looks) for looks in starts), default=0)):
        looks = {person: own[attempt] for person, own in enumerate(starts)
                 if steady[person] is None and attempt < len(own)}
        last: dict[int, PersonLandmarks] = {}
        for _ in range(_MOST_LOOKS):
            poses = network.run(image_bgr, list(looks.values())) if looks else []
            for person, pose in zip(list(looks), poses, strict=True):
                before = last.get(person)
                if pose is None or (before is not None and _alike(before, pose)):
                    steady[person] = pose
                    del looks[person]
                else:
                    last[person] = pose
                    looks[person] = replace(looks[person], region=pose.region)
    return steady


def withstand_changes(network: BlazePose, image_bgr: NDArray[np.uint8], looks: Sequence[Look],
                      poses: Sequence[PersonLandmarks]) -> NDArray[np.bool_]:
    """Whether each of P poses is seen again when the network sees its region changed.

    looks: with which each was found. A person in a region that is shifted, wider, narrower,
    turned or mirrored has the same pose; a bolt or a folded cloth that looks like somebody has
    another with every change, however sure the network is of each. Returns bool [P].
    """
    changed = [change for look, pose in zip(looks, poses, strict=True)
               for change in _changes(look, pose.region)]
    seen = network.run(image_bgr, changed)
    count = len(changed) // max(len(poses), 1)
    return np.array([np.median([
        0.0 if again is None else _similarity(pose, again)
        for again in seen[count * person:count * (person + 1)]]) >= _UNCHANGED
        for person, pose in enumerate(poses)], bool)


def _changes(look: Look, region: PersonRegion) -> list[Look]:
    regions = (replace(region, x=region.x + _SHIFT * region.side),
               replace(region, side=_WIDER * region.side),
               replace(region, side=_NARROWER * region.side),
               replace(region, rotation=region.rotation + _TURN))
    return [*(replace(look, region=changed) for changed in regions),
            replace(look, region=region, mirrored=True)]


def _alike(first: PersonLandmarks, second: PersonLandmarks) -> bool:
    return _similarity(second, first) >= _ALIKE


def _similarity(first: PersonLandmarks, second: PersonLandmarks) -> float:
    """OKS of two poses, for the size of the first."""
    keypoints = coco_keypoints([first, second])
    area = joints_area(keypoints[:1, :, :2])
    return float(keypoint_similarity(keypoints[:1], keypoints[1:], area)[0, 0])
