# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Training windows of 2D recordings: what they show, what is no target, and the partial code."""

import dataclasses

import keypoint_files
import numpy as np
import pytest
from training_helpers import torch

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.network.motion_code import MotionCode
from mocap23_ros.network.triangulation import split_planes
from mocap23_ros.network.views import make_views, project
from mocap23_ros.skeletons.formats import COCO17, H36M17, SMPL22
from mocap23_ros.training.keypoint_source import KeypointSource
from mocap23_ros.training.partial_code import encode_known, interpolate_unknown
from mocap23_ros.training.targets import training_windows

SPEC = WindowSpec(24, 15.0)
PLAIN = dataclasses.replace(preset('clean'), mirror=0.0, speed=(1.0, 1.0))
WRIST, KNEE, LEFT_HIP = (COCO17.index(name) for name in ('left_wrist', 'right_knee', 'left_hip'))


def source(path, skeleton=COCO17, augmentation=PLAIN, spec=SPEC, seed=0):
    return KeypointSource.from_files(path, spec, skeleton, augmentation, seed)


def planes(windows):
    """Targets in the real view, [B,T,J] each."""
    u, v, _ = project(make_views(windows.camera, windows.anchor, None, 1),
                      split_planes(windows.joints))
    return u[:, 0], v[:, 0]


@pytest.mark.parametrize('skeleton', [COCO17, SMPL22, H36M17], ids=lambda s: s.name)
def test_targets_are_the_recorded_keypoints_in_the_levelled_view(clips, tmp_path, skeleton):
    path = keypoint_files.write(tmp_path / 'a.npz', clips, skeleton)
    windows = source(path, skeleton, preset('clean')).batch(16, 0)
    assert windows.joints.shape == (16, 24, len(skeleton), 3)
    assert windows.flat.all() and windows.known.float().mean() > 0.8
    observation = windows.observation
    # Without augmentation the network is shown exactly what it has to answer.
    assert torch.equal(windows.known, observation[..., 2] > 0)
    for plane, observed in zip(planes(windows), observation.unbind(-1)[:2], strict=True):
        assert torch.allclose(plane[windows.known], observed[windows.known], atol=1e-5)
    assert observation[..., 2][windows.known].allclose(torch.tensor(0.9))
    # 4 m away, which the anchor of people who bend and lie knows to half a metre or so.
    assert (windows.anchor[:, 0] - 4.0).abs().median() < 0.7


def test_mirrored_windows_are_reflected_together_with_their_camera(clips, tmp_path):
    path = keypoint_files.write(tmp_path / 'a.npz', clips)
    right, left = (source(path, augmentation=dataclasses.replace(PLAIN, mirror=share)).batch(8, 0)
                   for share in (0.0, 1.0))
    swapped = right.observation[:, :, list(COCO17.mirror)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(left.observation, swapped, atol=1e-5)
    assert torch.allclose(left.anchor, right.anchor, atol=1e-5)
    sign = torch.tensor([1.0, -1, 1, 1, -1, 1, -1, 1])  # y, heading and roll turn round
    assert torch.allclose(left.camera, right.camera * sign, atol=1e-5)


def test_speed_changes_how_much_time_a_window_covers(clips, tmp_path):
    path = keypoint_files.write(tmp_path / 'a.npz', clips)
    slow, fast = (source(path, augmentation=dataclasses.replace(PLAIN, speed=(s, s))).batch(32, 0)
                  for s in (0.8, 1.25))
    both = slow.known[:, -8:] & fast.known[:, -8:]
    pace = [torch.diff(planes(w)[1][:, -8:], dim=1)[both[:, 1:] & both[:, :-1]].abs().mean()
            for w in (slow, fast)]
    assert pace[1] > 1.2 * pace[0]


def test_doubtful_and_unseen_keypoints_are_no_target_but_short_gaps_are_bridged(clips, tmp_path):
    changed = keypoint_files.arrays(clips, people=1)['keypoints']
    changed[:, 0, WRIST, 2] = 0.3
    changed[30:60, 0, KNEE] = (np.nan, np.nan, 0)
    for frame in (10, 11, 12, 75, 76):
        changed[frame, 0, KNEE] = (np.nan, np.nan, 0)
    path = keypoint_files.write(tmp_path / 'a.npz', clips, people=1, keypoints=changed)
    spec = WindowSpec(80, 30.0)  # about the whole recording
    windows = source(path, spec=spec).batch(32, 0)
    assert not windows.known[..., WRIST].any()
    assert (windows.observation[..., WRIST, 2] > 0).float().mean() > 0.5
    inside = windows.known[..., COCO17.index('nose')]
    missing = (inside & ~windows.known[..., KNEE]).sum(dim=1)
    whole = inside.all(dim=1)
    assert whole.any() and ((missing[whole] == 30) | (missing[whole] == 31)).all()
    # Where the knee is not seen, it must not be made up.
    assert not windows.observation[..., KNEE, 2][inside & ~windows.known[..., KNEE]].any()


def test_augmented_windows_hide_and_disturb_what_is_observed_not_the_target(clips, tmp_path):
    path = keypoint_files.write(tmp_path / 'a.npz', clips)
    windows = source(path, augmentation=preset('training')).batch(64, 0)
    seen = windows.observation[..., 2] > 0
    assert (windows.known & ~seen).float().mean() > 0.1
    error = (planes(windows)[0] - windows.observation[..., 0])[windows.known & seen].abs()
    assert 1e-4 < error.mean() < 0.02 and (error < 1e-6).float().mean() > 0.03


def test_batches_depend_on_seed_and_index_alone(clips, tmp_path):
    path = keypoint_files.write(tmp_path / 'a.npz', clips)
    one, two = source(path, augmentation=preset('training')), source(
        path, augmentation=preset('training'))
    two.batch(8, 0)
    torch.manual_seed(1)
    batch = one.batch(8, 5)
    torch.manual_seed(2)
    again = two.batch(8, 5)
    for field in dataclasses.fields(batch):
        assert torch.equal(getattr(batch, field.name), getattr(again, field.name)), field.name
    assert not torch.equal(batch.joints, one.batch(8, 6).joints)
    other = source(path, augmentation=preset('training'), seed=1)
    assert not torch.equal(batch.joints, other.batch(8, 5).joints)


def test_summary_counts_people_and_the_time_that_they_were_seen(clips, tmp_path):
    # Ten minutes of absence make no second person, and no time.
    stamps = np.arange(180) / 30 + np.where(np.arange(180) < 90, 0, 600)
    twice = np.concatenate([keypoint_files.arrays(clips)['keypoints']] * 2)
    keypoint_files.write(tmp_path / 'a.npz', clips, keypoints=twice, stamps=stamps)
    keypoint_files.write(tmp_path / 'b.npz', clips, people=1)
    unseen = keypoint_files.arrays(clips)['keypoints']
    unseen[:, 1, LEFT_HIP] = (np.nan, np.nan, 0)
    keypoint_files.write(tmp_path / 'c.npz', clips, keypoints=unseen)
    assert source(tmp_path).summary() == {'recordings': 3, 'people': 4, 'minutes': 0.3}
    unseen[:, 0, LEFT_HIP] = (np.nan, np.nan, 0)
    path = keypoint_files.write(tmp_path / 'd.npz', clips, keypoints=unseen)
    with pytest.raises(InputError, match=r'both hips .* \(2 people looked at\)'):
        source(path)


@pytest.fixture(scope='module')
def scene(clips):
    """A code with the statistics of 64 windows, their planes [64,1,T,J], the view, and kind."""
    windows = training_windows(WindowSource(clips, SPEC, PLAIN, seed=0).batch(64, 0), COCO17)
    kind = torch.zeros(64, dtype=torch.long)
    view = make_views(windows.camera, windows.anchor, None, 4).select(kind)
    u, v, _ = project(view, split_planes(windows.joints))
    code = MotionCode(COCO17, 4)
    code.fit_statistics(code.raw(u, v, view).expand(-1, 4, -1, -1))
    return code, u, v, view, kind


def test_a_fully_known_code_is_the_usual_one(scene):
    code, u, v, view, kind = scene
    clean, holds = encode_known(code, u, v, torch.ones_like(u, dtype=torch.bool), view, kind)
    assert holds.all() and torch.equal(clean, code.encode(u, v, view, kind))


@pytest.mark.parametrize('missing', [('left_wrist', 'left_elbow'), ('left_ankle', 'right_ankle'),
                                     ('left_knee', 'right_knee', 'left_ankle', 'right_ankle')])
def test_scale_and_the_other_joints_hardly_change_when_some_are_unknown(scene, missing):
    code, u, v, view, kind = scene
    known = torch.ones_like(u, dtype=torch.bool)
    absent = [COCO17.index(name) for name in missing]
    known[..., absent] = False
    clean, holds = encode_known(code, torch.where(known, u, torch.nan),
                                torch.where(known, v, torch.nan), known, view, kind)
    truth = code.encode(u, v, view, kind)
    assert not holds[..., absent].any() and holds.sum() == holds[..., 0].numel() * (
        37 - 2 * len(absent))
    assert torch.isfinite(clean).all()
    # A scale that ignored who is absent would be off by the square root of their share.
    at_root = [torch.where(known, plane, plane[..., 11:13].mean(-1, keepdim=True))
               for plane in (u, v)]
    naive = code.encode(*at_root, view, kind)
    error, naive_error = ((value - truth)[..., -1].abs().mean() for value in (clean, naive))
    assert error < 0.8 * naive_error and error * code.deviation[0, -1] < 0.07
    assert torch.equal(clean[..., 34:36], truth[..., 34:36])


def test_samples_without_a_hip_or_with_too_little_have_no_code(scene):
    code, u, v, view, kind = scene
    known = torch.ones_like(u, dtype=torch.bool)
    known[:, :, 3:6, LEFT_HIP] = False
    known[:, :, 8, :11] = False  # legs alone
    clean, holds = encode_known(code, u, v, known, view, kind)
    lost = [3, 4, 5, 8]
    assert not holds[:, :, lost].any()
    rest = [t for t in range(u.shape[2]) if t not in lost]
    assert torch.equal(clean[:, :, rest], code.encode(u, v, view, kind)[:, :, rest])
    # Between known samples the code goes straight.
    assert torch.allclose(clean[:, :, 8], 0.5 * (clean[:, :, 7] + clean[:, :, 9]), atol=1e-5)


def test_interpolation_over_time():
    nan = torch.nan
    values = torch.tensor([nan, 1.0, nan, nan, 4.0, nan])[:, None]
    known = torch.isfinite(values)
    filled = interpolate_unknown(torch.nan_to_num(values), known)
    assert torch.allclose(filled[:, 0], torch.tensor([1.0, 1, 2, 3, 4, 4]))
    nothing = interpolate_unknown(torch.full((4, 2), 7.0), torch.zeros(4, 2, dtype=torch.bool))
    assert not nothing.any()
