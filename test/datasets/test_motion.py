# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion clips: reading, resampling, mirroring, other bodies, contact, generated motion."""

import dataclasses

import numpy as np
import pytest

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.datasets.body_shape import BodyVariation, reshape_bodies
from mocap23_ros.datasets.clip_resampling import gather_windows, mirror, rotate_about_vertical
from mocap23_ros.datasets.cmu import data_root, load_cmu
from mocap23_ros.datasets.mocap34 import FOOT_JOINTS, JOINT_NAMES, MIRROR, PARENTS
from mocap23_ros.datasets.motion_clips import foot_contact, load_packed, merge, pack
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.datasets.splits import CMU_SPLIT
from mocap23_ros.errors import InputError


def bone_lengths(joints):
    child = np.arange(1, 34)
    return np.linalg.norm(joints[..., child, :] - joints[..., np.array(PARENTS)[child], :], axis=-1)


def test_whole_frames_come_back_as_packed(clips):
    joints, contact = gather_windows(clips, np.array([1]), np.array([4.0]), np.array([1.0]), 20)
    assert np.allclose(joints[0], clips.positions(1)[4:24], atol=1e-6)
    start = clips.start[1] + 4
    assert np.array_equal(contact[0], clips.contact[start:start + 20])


def test_between_frames_motion_is_smooth_and_ends_are_held():
    time = np.arange(60) / 30
    motion = np.zeros((60, 34, 3), np.float32)
    motion[..., 0] = np.sin(2 * np.pi * 0.5 * time)[:, None]
    clips = pack([motion], 30, np.array([1.7]), np.array([True]), ['s'], ['n'], ['d'], 'x')
    joints, _ = gather_windows(clips, np.array([0]), np.array([10.3]), np.array([1.7]), 20)
    expected = np.sin(2 * np.pi * 0.5 * (10.3 + 1.7 * np.arange(20)) / 30)
    assert np.abs(joints[0, :, 0, 0] - expected).max() < 1e-3
    joints, _ = gather_windows(clips, np.array([0]), np.array([-5.0]), np.array([10.0]), 20)
    assert np.allclose(joints[0, 0], motion[0], atol=1e-3)
    assert np.allclose(joints[0, -1], motion[-1], atol=1e-3)


def test_mirroring_swaps_sides_and_undoes_itself(clips):
    joints, contact = gather_windows(clips, np.array([0, 1]), np.zeros(2), np.ones(2), 10)
    one, feet = joints.copy(), contact.copy()
    mirror(one, feet, np.array([False, True]))
    assert np.array_equal(one[0], joints[0])
    l_wrist, r_wrist = JOINT_NAMES.index('l_wrist'), JOINT_NAMES.index('r_wrist')
    assert np.allclose(one[1, :, l_wrist], joints[1, :, r_wrist] * (1, -1, 1))
    assert np.array_equal(feet[1], contact[1, :, ::-1])
    mirror(one, feet, np.array([False, True]))
    assert np.array_equal(one, joints) and np.array_equal(feet, contact)
    assert np.array_equal(MIRROR[MIRROR], np.arange(34))


def test_turning_keeps_height_and_distances(clips):
    joints, _ = gather_windows(clips, np.array([0]), np.zeros(1), np.ones(1), 10)
    turned = rotate_about_vertical(joints, np.array([np.pi / 2], np.float32))
    assert np.allclose(turned[..., 0], -joints[..., 1], atol=1e-5)
    assert np.allclose(turned[..., 2], joints[..., 2])


def test_other_bodies_keep_the_pose_and_the_floor(clips):
    rng = np.random.default_rng(0)
    which = np.arange(64) % len(clips)
    joints, _ = gather_windows(clips, which, np.zeros(64), np.ones(64), 30)
    bodies, stature = reshape_bodies(joints, clips.stature[which], BodyVariation(keep=0), rng)
    bones, source = bone_lengths(bodies), bone_lengths(joints)
    assert np.abs(bones - bones[:, :1]).max() < 0.006      # rigid, as far as packing is (0.5 mm)
    child = np.arange(1, 34)
    parent = np.array(PARENTS)[child]
    before, after = (x[:, :, child] - x[:, :, parent] for x in (joints, bodies))
    long = source > 0.2
    cosine = (before * after).sum(axis=-1)[long] / (source * bones)[long]
    assert cosine.min() > 0.9999
    # Legs make up 0.485 of the height, give or take the drawn limb ratios.
    leg = bones[:, 0, 3] + bones[:, 0, 6]
    assert np.std(leg / stature / 0.485) < 0.06
    low, low_before = (x[:, :, FOOT_JOINTS.ravel(), 2].min(axis=2) for x in (bodies, joints))
    standing = np.abs(low_before) < 0.02
    assert np.percentile(np.abs(low[standing]), 95) < 0.04
    same, kept = reshape_bodies(joints, clips.stature[which], BodyVariation(keep=1), rng)
    assert np.allclose(same, joints, atol=1e-5) and np.array_equal(kept, clips.stature[which])


def test_contact_by_hand():
    joints = np.full((60, 34, 3), 1.0, np.float32)
    joints[:, FOOT_JOINTS] = 0.02
    joints[20:40, FOOT_JOINTS[0], 2] = 0.3                     # left foot up
    joints[:, FOOT_JOINTS[1], 0] = np.arange(60)[:, None] / 30  # right foot slides at 1 m/s
    contact = foot_contact(joints, 30)
    assert contact[:18, 0].all() and not contact[21:39, 0].any() and contact[43:, 0].all()
    assert not contact[:, 1].any()


def test_generated_motion_is_plausible():
    clips = procedural_motion(minutes=1.5, seed=11)
    again = procedural_motion(minutes=1.5, seed=11)
    assert np.array_equal(clips.frames, again.frames)
    joints = np.concatenate([clips.positions(k) for k in range(len(clips))])
    assert joints[..., 2].min() > -0.06
    lowest = joints[..., 2].min(axis=1)
    assert np.percentile(lowest, 99) < 0.12                    # always on the floor
    lengths = bone_lengths(joints)
    assert np.abs(lengths - np.median(lengths, axis=0)).max() < 0.003
    for k in range(len(clips)):
        part = clips.positions(k)
        speed = np.linalg.norm(np.diff(part[:, 0], axis=0), axis=-1) * 30
        assert speed.max() < 8
        feet = part[:, FOOT_JOINTS.ravel()]
        planted = clips.contact[clips.start[k]:clips.start[k] + len(part)].any(axis=1)
        slide = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1).min(axis=1) * 30
        assert np.median(slide[planted[1:]]) < 0.15


def test_merged_sets_keep_their_clips(clips):
    other = procedural_motion(minutes=0.3, seed=9)
    both = merge(clips, other)
    assert len(both) == len(clips) + len(other)
    assert np.array_equal(both.positions(len(clips)), other.positions(0))
    assert both.minutes == pytest.approx(clips.minutes + other.minutes)


def test_owners_who_want_to_be_named_are_kept_with_their_motion(clips):
    assert clips.acknowledgements == ()
    owned = dataclasses.replace(clips, acknowledgements=('Thanks.',))
    assert merge(owned, clips).acknowledgements == merge(clips, owned).acknowledgements \
        == merge(owned, owned).acknowledgements == ('Thanks.',)
    assert owned.select(clips.length > 0).acknowledgements == ('Thanks.',)


def test_packed_files(tmp_path, clips):
    good = {'pos': clips.frames, 'scale': clips.scale, 'fps': clips.fps, 'start': clips.start,
            'length': clips.length, 'stature': clips.stature, 'flat': clips.flat,
            'subject': clips.subject, 'name': clips.name, 'description': clips.description,
            'joint_names': np.array(JOINT_NAMES)}
    path = tmp_path / 'cmu' / 'cmu_train.npz'
    write_npz(path, good)
    loaded = load_packed(path)
    assert np.array_equal(loaded.frames, clips.frames)
    assert np.array_equal(loaded.contact, clips.contact)
    assert loaded.acknowledgements == ()
    cmu = load_cmu(path=tmp_path)
    assert len(cmu) == len(clips) and 'mocap.cs.cmu.edu' in cmu.acknowledgements[0]
    write_npz(path, good | {'length': clips.length + 10 ** 6})
    with pytest.raises(InputError, match='outside the frames'):
        load_packed(path)
    write_npz(path, good | {'joint_names': np.array(JOINT_NAMES[::-1])})
    with pytest.raises(InputError, match='joints are not'):
        load_packed(path)
    path.write_bytes(b'PK but no archive')
    with pytest.raises(InputError, match='not a packed motion file'):
        load_packed(path)
    with pytest.raises(InputError, match='no such motion file'):
        load_packed(tmp_path / 'absent.npz')
    with pytest.raises(InputError, match='MOCAP23_DATA'):
        data_root(tmp_path / 'nowhere')


def test_validation_subjects_never_train():
    try:
        everything = load_cmu()
    except InputError as reason:
        pytest.skip(str(reason))
    parts = {name: set(load_cmu(name).subject.tolist())
             for name in ('train', 'validation', 'calibration')}
    assert len(parts['validation']) >= 3 and parts['validation'] == set(CMU_SPLIT['validation'])
    assert not parts['train'] & (parts['validation'] | parts['calibration'])
    assert not parts['validation'] & parts['calibration']
    assert set.union(*parts.values()) == set(everything.subject.tolist())
    with pytest.raises(InputError, match='train, validation'):
        load_cmu('tests')
