# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fits the camera's pose to people now and then, and says where the given one is far off."""

import numpy as np

from mocap23_ros.plausibility.findings_apart import FindingsApart
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.pose_doubt import pose_findings
from mocap23_ros.plausibility.set_up_check import Finding

_ENOUGH = 7.0  # seconds of people
_AGAIN, _SELDOM = 5.0, 20.0  # seconds until the next fit, where something was off or not
_LONGEST = 60.0  # seconds, to which the wait grows where people do not walk


class PoseFit:
    """Belongs to the worker's thread."""

    def __init__(self, live: bool) -> None:
        """live: whether frames go on during a fit; otherwise findings are those of the stamp."""
        self._live = live
        self._running: FindingsApart | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what was found: another camera, or other people."""
        if self._running is not None:
            self._running.stop()
        self._running = None
        self._due = -np.inf
        self._wait = _AGAIN
        self._findings: list[Finding] = []

    def update(self, stamp: float, seen: PeopleSamples, focal_length: float,
               statures: dict[int, float]) -> list[Finding]:
        """What the newest fit says against the given pose, empty where nothing; see pose_findings.

        stamp: seconds, now; seen: sightings of the last seconds; focal_length: px; statures:
        known body heights [m] by person id.
        """
        if (self._running is None and stamp >= self._due and len(seen)
                and seen.stamps[-1] - seen.stamps[0] >= _ENOUGH):
            if self._live:
                self._running = FindingsApart(seen, focal_length, statures)
            else:
                self._take(stamp, pose_findings(seen, focal_length, statures))
        if self._running is not None and self._running.is_done:
            done, self._running = self._running, None
            self._take(stamp, done.result())
        return self._findings

    def _take(self, stamp: float, findings: list[Finding] | None) -> None:
        if findings is None:  # what was found before holds until people speak against it
            self._wait = min(2 * self._wait, _LONGEST)
        else:
            self._findings = findings
            self._wait = _AGAIN if findings else _SELDOM
        self._due = stamp + self._wait
