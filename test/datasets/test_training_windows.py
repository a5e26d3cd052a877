# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the network is fed: shapes, determinism, geometry, and the levels of noise."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mocap23_ros.datasets.augmentation import (
    NO_NOISE,
    NO_OCCLUSION,
    Augmentation,
    preset,
)
from mocap23_ros.datasets.keypoint_noise import KeypointNoise
from mocap23_ros.datasets.observation import to_camera
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS

SPREAD = COCO_SIGMAS.astype(np.float32)

SPEC = WindowSpec(24, 15.0)


def reprojected(batch):
    p = to_camera(batch.joints, batch.world_T_camera)
    return p[..., :2] / p[..., 2:]


def test_shapes_types_and_no_nan(clips):
    batch = WindowSource(clips, SPEC, seed=2).batch(16, 0)
    shapes = {'stamps': (16, 24), 'keypoints': (16, 24, 17, 3), 'world_T_camera': (16, 24, 4, 4),
              'focal_length': (16,), 'joints': (16, 24, 17, 3), 'contact': (16, 24, 2),
              'contact_mask': (16,), 'stature': (16,), 'stature_known': (16,)}
    for name, shape in shapes.items():
        value = getattr(batch, name)
        assert value.shape == shape, name
        assert value.dtype == (np.float64 if name == 'stamps' else np.float32), name
        assert name == 'stature_known' or np.isfinite(value).all(), name
    assert np.allclose(np.diff(batch.stamps, axis=1), 1 / 15) and (batch.stamps[:, -1] == 0).all()
    unseen = batch.keypoints[..., 2] == 0
    assert unseen.any() and not batch.keypoints[unseen].any()
    assert (batch.keypoints[..., 2] <= 1).all()
    rotation = batch.world_T_camera[..., :3, :3]
    assert np.allclose(rotation @ np.swapaxes(rotation, -1, -2), np.eye(3), atol=1e-5)
    assert np.allclose(np.linalg.det(rotation), 1, atol=1e-5)


def test_a_batch_depends_only_on_seed_and_index(clips):
    first, second = (WindowSource(clips, SPEC, seed=5) for _ in range(2))
    first.batch(4, 0)
    one, other = first.batch(8, 7), second.batch(8, 7)
    for field in fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name),
                              equal_nan=True), field.name
    assert not np.array_equal(first.batch(8, 7).joints, first.batch(8, 8).joints)
    assert not np.array_equal(first.batch(8, 7).joints,
                              WindowSource(clips, SPEC, seed=6).batch(8, 7).joints)


def test_clean_keypoints_are_the_projection_of_the_truth(clips):
    batch = WindowSource(clips, SPEC, preset('clean'), seed=1).batch(64, 0)
    seen = batch.keypoints[..., 2] > 0
    assert seen.mean() > 0.7 and (batch.keypoints[..., 2][seen] == 1).all()
    error = (batch.keypoints[..., :2] - reprojected(batch))[seen]
    assert np.abs(error * np.repeat(batch.focal_length, 24 * 17)[seen.ravel(), None]).max() < 0.05


def test_truth_lies_on_the_true_rays_whatever_pose_is_believed(clips):
    """With pose errors only: the joints are not the true ones, their 2D is exact all the same."""
    augmentation = replace(preset('clean'), pose_error=replace(
        Augmentation().pose_error, scale=(3.0, 3.0)))
    batch = WindowSource(clips, SPEC, augmentation, seed=1).batch(64, 0)
    true = WindowSource(clips, SPEC, preset('clean'), seed=1).batch(64, 0)
    assert np.abs(batch.joints - true.joints).max() > 0.02
    assert np.array_equal(batch.keypoints, true.keypoints)
    seen = batch.keypoints[..., 2] > 0
    assert np.abs((batch.keypoints[..., :2] - reprojected(batch))[seen]).max() < 1e-4


def test_noise_has_the_configured_size(clips):
    noise = KeypointNoise(exact_share=0, spread=(0.3, 0.3), bias=0, correlated=0, white=1,
                          floor_px=0, offset=0, peak=0, swap=0, grab=0, missing=0, dropped=0,
                          stamp_jitter=0, overconfident=0, focal=0, principal_point=0)
    augmentation = replace(preset('clean'), noise=noise)
    batch = WindowSource(clips, SPEC, augmentation, seed=1).batch(512, 0)
    seen = batch.kind == 0
    focal = batch.focal_length[:, None, None, None]
    pixels = (batch.keypoints[..., :2] - reprojected(batch)) * focal
    p = reprojected(batch) * focal
    size = p.max(axis=2) - p.min(axis=2)
    width = np.maximum(size[..., 0], 0.35 * size[..., 1])
    scale = 0.73 * np.sqrt(width * np.maximum(size[..., 1], 0.35 * size[..., 0]))
    inside = seen & (np.abs(p) < 300).all(axis=-1)
    unit = (pixels / (0.3 * SPREAD[:, None] * scale[..., None, None]))[inside]
    assert np.std(unit) == pytest.approx(1, abs=0.03)
    assert np.mean(unit) == pytest.approx(0, abs=0.03)
    # Confidence falls with the error, so that a network can learn what to trust.
    error = np.linalg.norm(pixels, axis=-1) / scale[..., None]
    confidence = batch.keypoints[..., 2]
    joint = inside & (np.arange(17) == 9)
    low, high = np.percentile(error[joint], [20, 80])
    small, large = confidence[joint & (error < low)], confidence[joint & (error > high)]
    assert small.mean() > large.mean() + 0.05


def test_noisy_and_occluded_hide_more(clips):
    seen = {name: (WindowSource(clips, SPEC, preset(name), seed=1).batch(128, 0).kind < 1).mean()
            for name in ('clean', 'noisy', 'occluded')}
    assert seen['clean'] > seen['noisy'] + 0.05 > seen['occluded'] + 0.1
    kinds = np.unique(WindowSource(clips, SPEC, preset('occluded'), seed=1).batch(128, 0).kind)
    assert kinds.tolist() == [0, 1, 2, 3, 4]


def test_cameras_and_bodies_cover_their_ranges(clips):
    batch = WindowSource(clips, SPEC, seed=1).batch(512, 0)
    root = batch.joints[:, :, 11:13].mean(axis=2)
    distance = np.linalg.norm((root - batch.world_T_camera[..., :3, 3])[..., :2], axis=-1)
    assert distance.min() < 1.6 and distance.max() > 13
    height = batch.world_T_camera[:, -1, 2, 3]
    assert height.min() < 0.5 and height.max() > 3.2
    assert batch.stature.min() < 1.2 and batch.stature.max() > 1.9
    assert 0.2 < np.isfinite(batch.stature_known).mean() < 0.4
    known = np.isfinite(batch.stature_known)
    assert np.abs(batch.stature_known[known] / batch.stature[known] - 1).mean() < 0.015
    path = batch.world_T_camera[..., :3, 3]
    moved = np.linalg.norm(path[:, -1, :2] - path[:, 0, :2], axis=-1) > 0.01
    assert 0.3 < moved.mean() < 0.6
    usual = Augmentation()
    motion = replace(usual.camera.motion, moving_share=0.0)
    fixed = replace(usual, camera=replace(usual.camera, motion=motion))
    still = WindowSource(clips, SPEC, fixed, seed=1).batch(64, 0)
    assert (np.ptp(still.world_T_camera[:, :, 0, 3], axis=1) == 0).all()


def test_bad_requests_are_named(clips):
    with pytest.raises(InputError, match='half a window'):
        WindowSource(clips, WindowSpec(5000, 15.0))
    with pytest.raises(InputError, match='clean, noisy or occluded'):
        preset('foggy')


def test_legs_that_are_never_seen_and_limbs_in_wrong_places(clips):
    legless = replace(preset('clean'), occlusion=replace(NO_OCCLUSION, lower_body=1.0, guessed=0.0))
    batch = WindowSource(clips, SPEC, legless, seed=1).batch(64, 0)
    assert (batch.keypoints[:, :, 13:, 2] == 0).all() and (batch.keypoints[:, :, :11, 2] > 0).any()
    hips = (batch.kind[:, :, 11:13] == 2).all(axis=(1, 2))
    assert 0.2 < hips.mean() < 0.8

    wrong = replace(preset('clean'), noise=replace(
        NO_NOISE, exact_share=0.0, spread=(1e-9, 2e-9), floor_px=0.0, wrong_limb=1.0,
        wrong_limb_time=(9.0, 9.0), overconfident=0.0, blind=1.0))
    batch = WindowSource(clips, SPEC, wrong, seed=1).batch(64, 0)
    pixels = np.abs(batch.keypoints[..., :2] - reprojected(batch)).max(axis=-1) \
        * batch.focal_length[:, None, None]
    away = (pixels > 5) & (batch.kind == 0)
    assert away[:, :, [7, 8, 9, 10, 13, 14, 15, 16]].any(axis=(1, 2)).mean() > 0.7
    assert not away[:, :, [0, 5, 6, 11, 12]].any()          # limbs only, up to their roots
    assert batch.keypoints[..., 2][away].mean() > 0.7       # and nothing in the confidence says so


def test_confidence_tells_no_more_of_exchanged_sides_than_it_is_to(clips):
    def shares(told, unsure):
        sides = replace(preset('clean'), noise=replace(
            NO_NOISE, exact_share=0.0, spread=(1e-9, 2e-9), floor_px=0.0, overconfident=0.0,
            swap=0.5, swap_time=(0.5, 3.0), told=told, unsure=unsure))
        batch = WindowSource(clips, SPEC, sides, seed=1).batch(512, 0)
        wrists, truth = batch.keypoints[:, :, 9:11], reprojected(batch)[:, :, 9:11]
        apart = np.abs(truth[:, :, 0] - truth[:, :, 1]).max(axis=-1) \
            * batch.focal_length[:, None] > 30
        exchanged = np.abs(wrists[..., :2] - truth[:, :, ::-1]).max(axis=(2, 3)) < 0.01
        right = np.abs(wrists[..., :2] - truth).max(axis=(2, 3)) < 0.01
        unsure = wrists[..., 2].max(axis=-1) < 0.5
        return unsure[apart & exchanged].mean(), unsure[apart & right].mean()

    assert shares(told=1.0, unsure=0.0) == pytest.approx((1.0, 0.0), abs=0.05)
    assert shares(told=0.0, unsure=0.0) == pytest.approx((0.0, 0.0), abs=0.05)
    wrong, right = shares(told=0.5, unsure=0.5)
    assert 0.25 < wrong < 0.75 and 0.08 < right < 0.3


def test_high_cameras_look_down_no_steeper_than_allowed(clips):
    batch = WindowSource(clips, SPEC, preset('training'), seed=1).batch(512, 0)
    height = batch.world_T_camera[:, 12, 2, 3]
    chest = batch.joints[:, 12][:, [5, 6, 11, 12]].mean(axis=1)
    along = np.linalg.norm(chest[:, :2] - batch.world_T_camera[:, 12, :2, 3], axis=-1)
    steep = np.degrees(np.arctan2(height - chest[:, 2], along))
    assert height.max() > 6 and steep.max() < 66 and np.percentile(steep, 95) > 40


def test_data_sets_get_their_share(clips):
    half = np.arange(len(clips)) % 2 == 0
    names = np.where(half, 'one', 'two')
    both = replace(clips, data_set=names, subject=names)
    wanted = replace(preset('clean'), data_set_share=(('two', 0.1), ('absent', 0.5)))
    drawn = WindowSource(both, SPEC, wanted, seed=1).batch(2048, 0).clip
    assert (names[drawn] == 'two').mean() == pytest.approx(0.1, abs=0.03)
    alone = WindowSource(both.select(~half), SPEC, wanted, seed=1).batch(64, 0)
    assert len(alone.clip) == 64
