# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Clock and world of a truth: found on request, doubted where the motion speaks against them."""

from pathlib import Path

import numpy as np
import pytest
from synthetic_people import walking_person
from truth_examples import STAMPS, TRUTH, moved, people

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.comparison import compare_motions
from mocap23_ros.evaluation.truth_alignment import (
    NOTHING,
    AlignmentWanted,
    align_truth,
    truth_doubts,
)


def noisy():
    """An estimate at 30 Hz."""
    stamps = np.arange(100) / 30 + 0.21
    noise = 0.02 * np.random.default_rng(0).standard_normal((len(stamps), 2, 17, 3))
    return {'joints': people(stamps) + noise, 'stamps': stamps}


def test_clock_and_world_are_found():
    true, turn = moved(TRUTH, 1234.567)
    found, alignment = align_truth(noisy(), true, AlignmentWanted('estimate', True))
    assert abs(alignment.time_offset_s - 1234.567) < 0.01 and alignment.correlation > 0.9
    np.testing.assert_allclose(np.array(alignment.world_T_truth)[:3, :3], turn.T, atol=0.005)
    assert np.abs(found['joints'] - TRUTH).max() < 0.03
    assert abs(alignment.yaw_deg + 70) < 0.3 and abs(alignment.tilt_deg - 2.24) < 0.3
    assert 15 < alignment.residual_mm < 60 and 'correlation 0.9' in alignment.words()


def test_what_the_motion_does_not_tell_is_not_guessed():
    estimate = noisy()
    walk = np.stack([walking_person(STAMPS, (4.0, -0.6), heading=1.4)] * 1, axis=1)
    gait = {'joints': walking_person(estimate['stamps'], (4.0, -0.6), heading=1.4)[:, None],
            'stamps': estimate['stamps']}
    with pytest.raises(InputError, match='the motion repeats itself.*--align-time SECONDS'):
        align_truth(gait, {'joints': walk, 'stamps': STAMPS - 7}, AlignmentWanted('estimate'))
    rng = np.random.default_rng(1)
    other = {'joints': TRUTH + 0.5 * rng.standard_normal(TRUTH.shape), 'stamps': STAMPS}
    with pytest.raises(InputError, match='nowhere alike'):
        align_truth(estimate, other, AlignmentWanted('estimate'))
    short = {'joints': TRUTH[:100], 'stamps': STAMPS[:100]}
    with pytest.raises(InputError, match='do not overlap for 2 s'):
        align_truth(estimate, short, AlignmentWanted('estimate'))
    unseen = {'joints': np.full_like(TRUTH, np.nan), 'stamps': STAMPS}
    with pytest.raises(InputError, match='cannot be aligned'):
        align_truth(estimate, unseen, AlignmentWanted(rigid=True))


def doubts(true, wanted=NOTHING, estimate=None):
    return truth_doubts(noisy() if estimate is None else estimate, true, wanted)


def test_a_truth_that_is_late_or_elsewhere_is_said():
    same = {'joints': TRUTH, 'stamps': STAMPS}
    assert doubts(same) == []
    late, = doubts(same | {'stamps': STAMPS + 0.2})
    assert 'the truth seems 0.20 s late' in late and '--align-time -0.20 would' in late
    assert doubts(same | {'stamps': STAMPS + 0.2}, AlignmentWanted('estimate')) == []
    assert doubts(same | {'stamps': STAMPS + 0.2}, AlignmentWanted(-0.2)) != []  # as it is given
    elsewhere, turn = moved(TRUTH, 0.0)
    sentence, = doubts(elsewhere)
    assert 'of another world' in sentence and '--align-rigid would' in sentence
    assert 'if turned by -70 degrees' in sentence
    early, sentence = doubts(elsewhere | {'stamps': STAMPS - 0.15})
    assert '0.15 s early' in early and 'if turned by -70 degrees' in sentence
    assert doubts(elsewhere, AlignmentWanted(rigid=True)) == []


def test_a_walk_that_repeats_itself_is_late_by_the_least():
    """It fits a stride later, too; the nearest offset is the likely one."""
    stamps = np.arange(100) / 30
    walk = {'joints': walking_person(stamps, (4.0, -0.6), heading=1.4)[:, None], 'stamps': stamps}
    noise = 0.02 * np.random.default_rng(0).standard_normal(walk['joints'].shape)
    estimate = walk | {'joints': walk['joints'] + noise}
    assert doubts(walk, estimate=estimate) == []
    late, *_ = doubts(walk | {'stamps': stamps + 0.2}, estimate=estimate)
    assert '0.20 s late' in late


def test_a_poor_estimate_casts_no_doubt_on_the_truth():
    """Noise of 8 cm that lasts, bodies a twentieth too far away, and one who stands still."""
    rng = np.random.default_rng(1)
    estimate = noisy()
    drift = np.cumsum(rng.standard_normal(estimate['joints'].shape), axis=0)
    estimate['joints'] = 1.05 * estimate['joints'] + 0.08 * drift / drift.std()
    assert doubts({'joints': TRUTH, 'stamps': STAMPS}, estimate=estimate) == []
    still = {'joints': np.repeat(TRUTH[:1], len(STAMPS), axis=0), 'stamps': STAMPS}
    shaken = still['joints'][:100] + 0.05 * rng.standard_normal((100, 2, 17, 3))
    assert doubts(still, estimate={'joints': shaken, 'stamps': np.arange(100) / 30}) == []


def test_another_clock_is_named():
    later = noisy() | {'stamps': noisy()['stamps'] + 1e9}
    with pytest.raises(InputError, match='--align-time lays one over the other'):
        compare_motions('walk', [('a', later, Path('t'))], {Path('t'): moved(TRUTH, 0)[0]})
