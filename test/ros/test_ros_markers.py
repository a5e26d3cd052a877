# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RViz draws who is there and nobody else."""

import dataclasses

import numpy as np
from ros_examples import random_estimate
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from mocap23_ros.ros.markers import NAMESPACES, MarkerBuilder, person_colour
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

HEADER = Header(frame_id='map')


def of(message, namespace, person_id=1):
    (marker,) = [m for m in message.markers if m.ns == namespace and m.id == person_id]
    return marker


def test_joints_and_bones_are_where_the_skeleton_is():
    estimate = random_estimate(1, missing=0.3)
    message = MarkerBuilder(OUTPUT19).markers([estimate.raised(0.5)], HEADER)
    seen = np.isfinite(estimate.joints).all(axis=1)
    points = np.array([[p.x, p.y, p.z] for p in of(message, 'joints').points])
    np.testing.assert_allclose(points, estimate.joints[seen] + [0, 0, 0.5], atol=1e-6)
    whole = [(a, b) for a, b in OUTPUT19.bones if seen[a] and seen[b]]
    assert len(of(message, 'bones').points) == 2 * len(whole)
    assert all(m.header.frame_id == 'map' and m.lifetime.sec > 0 for m in message.markers)


def test_ellipsoid_has_the_axes_of_the_covariance():
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = np.diag([0.01, 0.04, 0.09])
    estimate = dataclasses.replace(random_estimate(1), root_covariance=covariance)
    scale = of(MarkerBuilder(OUTPUT19).markers([estimate], HEADER), 'uncertainty').scale
    np.testing.assert_allclose(sorted([scale.x, scale.y, scale.z]), [0.4, 0.8, 1.2])


def test_people_who_left_are_deleted_once():
    builder = MarkerBuilder(OUTPUT19)
    builder.markers([random_estimate(1, 1), random_estimate(2, 2)], HEADER)
    gone = builder.markers([random_estimate(1, 1)], HEADER)
    deleted = [(m.ns, m.id) for m in gone.markers if m.action == Marker.DELETE]
    assert sorted(deleted) == sorted((namespace, 2) for namespace in NAMESPACES)
    again = builder.markers([random_estimate(1, 1)], HEADER)
    assert all(m.action == Marker.ADD for m in again.markers)


def test_lost_people_are_deleted_and_predicted_ones_pale():
    builder = MarkerBuilder(OUTPUT19)
    predicted = builder.markers([random_estimate(1, 1, TrackState.PREDICTED)], HEADER)
    assert of(predicted, 'joints').color.a < 1.0
    lost = builder.markers([random_estimate(1, 1, TrackState.LOST)], HEADER)
    assert {m.action for m in lost.markers} == {Marker.DELETE}


def test_person_without_any_estimate_draws_nothing_that_is_not_finite():
    estimate = dataclasses.replace(
        random_estimate(1, missing=2.0), world_T_root=np.full((4, 4), np.nan),
        root_covariance=np.full((6, 6), np.nan))
    message = MarkerBuilder(OUTPUT19).markers([estimate], HEADER)
    assert not any(m.points or m.ns in ('label', 'uncertainty') for m in message.markers)


def test_delete_all_forgets_who_was_drawn():
    builder = MarkerBuilder(OUTPUT19)
    builder.markers([random_estimate(1, 1)], HEADER)
    (marker,) = builder.delete_all(HEADER).markers
    assert marker.action == Marker.DELETEALL
    assert builder.markers([], HEADER).markers == []


def test_neighbouring_ids_have_different_colours():
    colours = [person_colour(i, 1.0) for i in range(1, 8)]
    for a, b in zip(colours, colours[1:], strict=False):
        assert abs(a.r - b.r) + abs(a.g - b.g) + abs(a.b - b.b) > 0.4
