# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion in other units than metres."""


import numpy as np
import pytest
from refusals import refused
from synthetic_people import walking_person

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.plausibility.motion_units import check_metres

STAMPS = np.arange(40) / 30


@pytest.mark.parametrize(('unit', 'scale'), [
    ('millimetres', 1000), ('centimetres', 100), ('inches', 39.37), ('feet', 3.281)])
@pytest.mark.parametrize('stature', [1.1, 1.7, 2.1])
def test_the_unit_is_named(unit, scale, stature):
    motion = walking_person(STAMPS, stature=stature)
    check_metres(motion)
    if stature * scale / 1.7 > 3:  # a child in feet may be a strange adult
        with pytest.raises(InputError, match=unit):
            check_metres(motion * scale)


def test_unknown_units_are_refused_and_unknown_joints_are_not():
    motion = walking_person(STAMPS)
    with pytest.raises(InputError, match='must be metres'):
        check_metres(motion * 1e6)
    motion[:, 5:] = np.nan
    check_metres(motion * 1000)


def test_evaluate_refuses_a_truth_in_millimetres(tmp_path, capsys):
    motion = walking_person(STAMPS)[:, None]
    np.savez(tmp_path / 'pred.npz', joints=motion, stamps=STAMPS)
    np.savez(tmp_path / 'truth.npz', joints=1000 * motion, stamps=STAMPS)
    refused(main(['evaluate', '--pred', str(tmp_path / 'pred.npz'), '--truth',
                  str(tmp_path / 'truth.npz'), '--out', str(tmp_path / 'ev')]),
            capsys, 'truth.npz', 'millimetres')
    assert not (tmp_path / 'ev').exists()
