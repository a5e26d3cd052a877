# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``pose_findings`` in a process of its own, so that it delays no frame.

A thread would hold the interpreter, and a core before frames that wait for one.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.pose_doubt import pose_findings
from mocap23_ros.plausibility.set_up_check import Finding

_NICENESS = 10  # of 19: a busy machine shall come to an end with it


class FindingsApart:
    """One call of ``pose_findings``, begun; the process ends with it, whatever becomes of this one.

    It takes a second of processor time, most of it to import, and 80 MB as long as it runs.
    """

    def __init__(self, samples: PeopleSamples, focal_length: float,
                 statures: Mapping[int, float]) -> None:
        """As pose_findings."""
        self._question = samples, focal_length, dict(statures)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._answer = tempfile.TemporaryFile()
            with tempfile.TemporaryFile() as question:
                np.savez(question, *samples.arrays(), focal_length=focal_length,
                         persons=np.array(list(statures), np.int64),
                         statures=np.array(list(statures.values()), np.float64))
                question.seek(0)
                self._process = subprocess.Popen(
                    [sys.executable, '-m', __name__], stdin=question, stdout=self._answer,
                    stderr=subprocess.DEVNULL)
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICENESS)
        except OSError:  # no memory, no disk; or it ended already
            pass

    @property
    def is_done(self) -> bool:
        """Whether ``result`` has it."""
        return self._process is None or self._process.poll() is not None

    def result(self) -> list[Finding] | None:
        """What pose_findings returns; computed here and now where the process failed."""
        if self._process is None or self._process.wait() != 0:
            return pose_findings(*self._question)
        self._answer.seek(0)
        found = json.load(self._answer)
        return None if found is None else [Finding(**finding) for finding in found]

    def stop(self) -> None:
        """Nobody waits for it any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _main() -> None:
    with np.load(sys.stdin.buffer, allow_pickle=False) as question:
        samples = PeopleSamples(*(question[f'arr_{i}'] for i in range(
            len(PeopleSamples.empty(0).arrays()))))
        statures = zip(question['persons'].tolist(), question['statures'].tolist(), strict=True)
        found = pose_findings(samples, float(question['focal_length']), dict(statures))
    print(json.dumps(None if found is None else [asdict(finding) for finding in found]))


if __name__ == '__main__':
    _main()
