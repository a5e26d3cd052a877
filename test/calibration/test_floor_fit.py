# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_ros.calibration.floor_fit import fit_floor
from mocap23_ros.calibration.standing_people import StandingPeople
from mocap23_ros.errors import InputError

CAMERAS = [(1.2, 8.0, 0.5, 4.6), (2.0, 16.0, -1.5, 5.0), (2.8, 26.0, 2.0, 5.4)]


def evidence(subject, height, pitch, roll, distance, seed=0, seconds=30, noise=2.0, given=True,
             **lens):
    joints, stature = walks(subject, seconds, distance, seed)
    camera, pose = camera_above_floor(height, pitch, roll, **lens)
    keypoints = seen(joints, camera, pose, noise, seed + 1)[:, None]
    return StandingPeople.from_keypoints(keypoints, np.arange(len(joints)) / FPS, camera,
                                         [stature] if given else None)


@pytest.mark.parametrize(('height', 'pitch', 'roll', 'distance'), CAMERAS)
def test_one_walker_of_known_stature_fixes_the_camera(height, pitch, roll, distance):
    fit = fit_floor(evidence('16', height, pitch, roll, distance))
    assert np.degrees(fit.pitch) == pytest.approx(pitch, abs=0.4)
    assert np.degrees(fit.roll) == pytest.approx(roll, abs=0.4)
    assert fit.height == pytest.approx(height, rel=0.03)
    assert fit.scale_known
    fit.check()


def test_the_covariance_covers_the_error():
    z = []
    for seed in range(3):
        for height, pitch, roll, distance in CAMERAS[1:]:
            fit = fit_floor(evidence('16', height, pitch, roll, distance, seed, seconds=15))
            error = np.array([fit.pitch - np.radians(pitch), fit.roll - np.radians(roll),
                              fit.height - height])
            z.append(error / np.sqrt(np.diag(fit.covariance))[:3])
    nees = np.mean(np.square(z), axis=0)
    assert (nees < 2.5).all() and (nees > 0.1).all()


def test_without_a_stature_the_height_is_as_uncertain_as_statures():
    known = fit_floor(evidence('16', 2.0, 16.0, 0.0, 5.0))
    unknown = fit_floor(evidence('16', 2.0, 16.0, 0.0, 5.0, given=False))
    sd = np.sqrt(unknown.covariance[2, 2]) / unknown.height
    assert not unknown.scale_known and 0.03 < sd < 0.09
    assert abs(unknown.height / 2.0 - 1) < 2.5 * sd
    assert unknown.pitch == pytest.approx(known.pitch, abs=np.radians(0.2))


def test_a_camera_on_its_side_and_one_with_a_distorted_lens():
    sideways = fit_floor(evidence('16', 1.6, 12.0, 88.0, 6.0, size=(1280, 1280)))
    assert np.degrees(sideways.roll) == pytest.approx(88.0, abs=0.5)
    distorted = fit_floor(evidence('16', 2.0, 16.0, 0.0, 5.0, focal=700.0,
                                   distortion=(-0.2, 0.05, 0.001, -0.001, 0.0)))
    assert np.degrees(distorted.pitch) == pytest.approx(16.0, abs=0.5)


def test_an_unknown_focal_length_is_found_roughly():
    people = evidence('16', 2.4, 20.0, 0.0, 5.0)
    wrong = StandingPeople(people.middles * 1.2, people.ankles * 1.2, people.person, people.stamp,
                           people.focal_length / 1.2, people.given_stature)
    fit = fit_floor(wrong, focal_known=False)
    sd = np.sqrt(fit.covariance[3, 3])
    assert abs(fit.focal_factor - 1.2) < max(3 * sd, 0.05) and sd > 0.005


def test_people_who_sit_for_a_quarter_of_the_time_do_not_spoil_the_fit():
    people = evidence('16', 2.0, 16.0, 0.0, 5.0)
    low = people.middles.copy()
    sitting = np.arange(len(people)) < len(people) // 4
    low[sitting, 1:] = (low[sitting, 1:] + low[sitting, :1]) / 2
    fit = fit_floor(StandingPeople(low, people.ankles, people.person, people.stamp,
                                   people.focal_length, people.given_stature))
    assert np.degrees(fit.pitch) == pytest.approx(16.0, abs=0.8)
    assert fit.height == pytest.approx(2.0, rel=0.06)


def test_too_little_is_refused():
    with pytest.raises(InputError, match='walking about'):
        fit_floor(evidence('16', 2.0, 16.0, 0.0, 5.0, seconds=0.5))
    with pytest.raises(InputError, match='less than 6 s'):  # one posture may look like a tilt
        fit_floor(evidence('16', 2.0, 16.0, 0.0, 5.0, seconds=4))
    walking = evidence('16', 2.0, 16.0, 0.0, 5.0, seconds=7)
    on_one_spot = walking.middles[:1] + 0.002 * np.random.default_rng(0).standard_normal(
        walking.middles.shape)
    with pytest.raises(InputError, match='do not fix the camera'):
        fit_floor(replace(walking, middles=on_one_spot)).check()
    camera, pose = camera_above_floor(2.0, 16.0, 0.0)
    nobody = np.full((30, 1, 17, 3), np.nan)
    with pytest.raises(InputError, match='nobody is seen'):
        StandingPeople.from_keypoints(nobody, np.arange(30) / FPS, camera)
