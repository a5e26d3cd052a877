# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds joints that are in another order: limbs then differ from side to side."""

import warnings

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import LIMBS

_LIMBS = ('upper arm', 'forearm', 'thigh', 'shank')
_UNEQUAL = 1.6  # times as long; no order of usual formats but COCO's keeps every limb below


def check_sides(joints: NDArray, mend: str) -> None:
    """Raise InputError where joints [F,P,>=17,3] (COCO first) make a body that cannot be.

    mend: what to do about it.
    """
    starts, ends = np.array(LIMBS).T
    lengths = np.linalg.norm(joints[:, :, starts] - joints[:, :, ends], axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # a limb that is never known
        lengths = np.nanmedian(lengths, axis=0).reshape(-1, len(_LIMBS), 2)
    for person in lengths:
        for limb, (left, right) in zip(_LIMBS, person.tolist(), strict=True):
            if max(left, right) > _UNEQUAL * min(left, right):
                raise InputError(f'the left {limb} is {left:.2g} m long and the right one '
                                 f'{right:.2g} m, which nobody has: {mend}')
