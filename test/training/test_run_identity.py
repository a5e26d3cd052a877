# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What two runs may differ in for one to go on from the checkpoint of the other."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.training.run_identity import check_same_run, run_identity

SMALL = TrainingConfiguration(tier='xs', steps=2, batch_size=4, warm_up=1, checkpoint_seconds=1e9)


def test_only_what_may_differ_may():
    identity = run_identity('pretrain', SMALL, {'minutes': np.float64(1.5)})
    free = dataclasses.replace(SMALL, steps=9, checkpoint_seconds=5, mixed_precision='bf16',
                               final_learning_rate=0.0)
    check_same_run(identity, run_identity('pretrain', free, {'minutes': 1.5}), Path('a'))
    check_same_run({}, identity, Path('a'))
    with pytest.raises(InputError, match='processes 2, not 1'):
        check_same_run({**identity, 'processes': 2}, {**identity, 'processes': 1}, Path('a'))
    # What earlier versions did not write about the motion is not compared, what they wrote is.
    newer = {'minutes': 1.5, 'data_sets': {'CMU': 1.5}, 'clips_sha256': 'a'}
    check_same_run(identity, run_identity('pretrain', SMALL, newer), Path('a'))
    for change in ({'minutes': 2.0}, {'clips_sha256': 'b'}, {'data_sets': {'AMASS': 1.5}}):
        for saved in ({**newer, **change}, {'minutes': 1.5, **change}):
            with pytest.raises(InputError, match='other training data'):
                check_same_run(run_identity('pretrain', SMALL, saved),
                               run_identity('pretrain', SMALL, newer), Path('a'))
    many = dataclasses.replace(SMALL, seed=1, views=2, ema=0.5, decouple=False, clip=3.0)
    with pytest.raises(InputError, match=r'and 2 more\)'):
        check_same_run(identity, run_identity('pretrain', many, {'minutes': 1.5}), Path('a'))


def test_motion_is_known_by_its_clips():
    clips = procedural_motion(0.3, seed=0)
    backwards = clips.select(np.arange(len(clips))[::-1])
    others = [dataclasses.replace(clips, **{name: value}) for name, value in (
        ('data_set', np.full(len(clips), 'AMASS')), ('stature', clips.stature + 0.01),
        ('name', np.full(len(clips), 'a')), ('subject', np.full(len(clips), 'a')),
        ('length', clips.length - 1))]
    known = {motion.table_sha256() for motion in (clips, backwards, *others)}
    assert len(known) == 7 and procedural_motion(0.3, seed=0).table_sha256() in known
