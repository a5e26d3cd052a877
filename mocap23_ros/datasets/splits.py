# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which CMU subjects are never trained on, and why.

validation: figures are reported on these and the training never sees them.
    13  the tallest (1.83 m), everyday actions: drink, box, jump, laugh, sit on a stool, wave.
    49  1.74 m, narrow shoulders, trained dancer and acrobat: cartwheels, hops, balances, leaps.
    08  a small person (1.65 m), walks at several speeds.
calibration: 02 (1.73 m; walk, jog, jump, sword play, scoop, wash) sets the scale of the predicted
    uncertainty; it neither trains the network nor enters a table.

Known overlaps, all in the bodies and none in the motion: the training clips of 60 lie on the limb
lengths of 49, those of 88 and 90 on the skeleton of 08. Training draws its bodies at random, so
those lengths carry no information about the validation subjects. CMU says that one person can have
several subject numbers; which ones is not published.
"""

import re
from collections.abc import Sequence

CMU_SPLIT: dict[str, list[str]] = {
    'validation': ['13', '49', '08'],
    'calibration': ['02'],
}
HELD_OUT = frozenset(CMU_SPLIT['validation'] + CMU_SPLIT['calibration'])
"""Never trained on, whichever data set brings them: AMASS and HumanML3D hold CMU too."""
_CMU = 'CMU/'  # begins such a subject's name


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
