# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""CMU subjects inside other data sets: whose motion it is, and whether it may be used.

AMASS and HumanML3D hold CMU's motion. The subjects that figures are reported on (splits.py) must
not come back into the training by that way.
"""

import re
from collections.abc import Sequence

from mocap23_ros.datasets.splits import HELD_OUT

_CMU = 'CMU/'


def cmu_subject(parts: Sequence[str]) -> str | None:
    """``CMU/<number>`` from the parts of a path such as CMU/CMU/08/08_01_poses.npz, else None."""
    for folder, inside in zip(parts, parts[1:], strict=False):
        number = re.match(r'\d+', inside)
        if folder.upper() == 'CMU' and number:
            return f'{_CMU}{int(number[0]):02d}'
    return None


def is_cmu(subject: str) -> bool:
    """Whether a subject is one of CMU's."""
    return subject.startswith(_CMU)


def may_be_used(subject: str) -> bool:
    """False for the CMU subjects of validation and calibration."""
    return not is_cmu(subject) or subject.removeprefix(_CMU) not in HELD_OUT
