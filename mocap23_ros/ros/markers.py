# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skeletons as visualization_msgs/MarkerArray: RViz shows them without a plugin."""

import colorsys
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.output import OutputContext
from mocap23_ros.ros.settings import Settings
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import TrackState

NAMESPACES = ('bones', 'joints', 'uncertainty', 'label')
_LIFETIME = Duration(sec=1)  # what a node that died has drawn goes away by itself
_IDENTITY = Pose(orientation=Quaternion(w=1.0))


class MarkerOutput:
    """The topic ``markers``, computed only while somebody looks."""

    def __init__(self, context: OutputContext) -> None:
        self._builder = MarkerBuilder(context.output_format)
        self._publisher = context.create(MarkerArray, 'markers')

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish what is drawn of a frame."""
        if settings.publish_markers and self._publisher.get_subscription_count():
            self._publisher.publish(self._builder.markers(result.estimates, header))

    def clear(self, header: Header) -> None:
        """Wipe everything drawn."""
        self._publisher.publish(self._builder.delete_all(header))


class MarkerBuilder:
    """Draws people and remembers whom, so that those who left are deleted."""

    def __init__(self, output_format: SkeletonFormat) -> None:
        bones = np.array(output_format.bones, np.intp).reshape(-1, 2)
        self._bones = bones
        self._drawn: set[int] = set()

    def markers(
        self, estimates: Sequence[SkeletonEstimate], header: Header
    ) -> MarkerArray:
        """Return what is drawn of these people, and deletions of those who are gone."""
        message = MarkerArray()
        alive = [e for e in estimates if e.state is not TrackState.LOST]
        for estimate in alive:
            message.markers += self._person(estimate, header)
        ids = {estimate.person_id for estimate in alive}
        for person_id in sorted(self._drawn - ids):
            message.markers += [
                Marker(header=header, ns=namespace, id=person_id, action=Marker.DELETE)
                for namespace in NAMESPACES]
        self._drawn = ids
        return message

    def delete_all(self, header: Header) -> MarkerArray:
        """Return the message that wipes everything drawn so far."""
        self._drawn = set()
        return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])

    def _person(self, estimate: SkeletonEstimate, header: Header) -> list[Marker]:
        joints = estimate.joints.astype(np.float64)
        seen: NDArray[np.bool_] = np.asarray(np.isfinite(joints).all(axis=1))
        # Paler where nobody was seen in this image and the skeleton is a prediction.
        alpha = 0.4 if estimate.state is TrackState.PREDICTED else 1.0
        colour = person_colour(estimate.person_id, alpha)

        def marker(namespace: str, kind: int, scale: Vector3) -> Marker:
            return Marker(
                header=header, ns=namespace, id=int(estimate.person_id), type=kind, scale=scale,
                color=colour, pose=_IDENTITY, lifetime=_LIFETIME)

        points = _points(joints)
        bones = marker('bones', Marker.LINE_LIST, Vector3(x=0.03))
        whole = self._bones[seen[self._bones].all(axis=1)]
        bones.points = [points[joint] for joint in whole.ravel().tolist()]
        spheres = marker('joints', Marker.SPHERE_LIST, Vector3(x=0.05, y=0.05, z=0.05))
        spheres.points = [points[joint] for joint in np.flatnonzero(seen).tolist()]
        markers = [bones, spheres]
        if seen.any():
            top = joints[seen][np.argmax(joints[seen, 2])]
            label = marker('label', Marker.TEXT_VIEW_FACING, Vector3(z=0.12))
            label.text = f'{estimate.person_id}  {estimate.stature:.2f} m'
            label.pose = Pose(position=_points(top[None] + (0.0, 0.0, 0.3))[0])
            markers.append(label)
        uncertainty = _root_ellipsoid(estimate)
        if uncertainty is not None:
            pose, scale = uncertainty
            ellipsoid = marker('uncertainty', Marker.SPHERE, scale)
            ellipsoid.pose = pose
            ellipsoid.color = person_colour(estimate.person_id, 0.25)
            markers.append(ellipsoid)
        return markers


def person_colour(person_id: int, alpha: float) -> ColorRGBA:
    """Return a colour that differs much between neighbouring ids (golden ratio on the hue)."""
    red, green, blue = colorsys.hsv_to_rgb((0.618034 * person_id) % 1.0, 0.75, 0.95)
    return ColorRGBA(r=red, g=green, b=blue, a=alpha)


def _points(positions: NDArray[np.float64]) -> list[Point]:
    return [Point(x=x, y=y, z=z) for x, y, z in positions.tolist()]


def _root_ellipsoid(estimate: SkeletonEstimate) -> tuple[Pose, Vector3] | None:
    """Pose and axes of the ellipsoid of two standard deviations of the root's position."""
    covariance = np.asarray(estimate.root_covariance)[:3, :3]
    centre = estimate.world_T_root[:3, 3]
    if not (np.isfinite(covariance).all() and np.isfinite(centre).all()):
        return None
    variances, axes = np.linalg.eigh(covariance)
    axes = axes * np.sign(np.linalg.det(axes))
    x, y, z, w = Rotation.from_matrix(axes).as_quat().tolist()
    diameters = 4.0 * np.sqrt(np.clip(variances, 1e-8, None))
    pose = Pose(position=_points(centre[None])[0], orientation=Quaternion(x=x, y=y, z=z, w=w))
    return pose, Vector3(**dict(zip('xyz', diameters.tolist(), strict=True)))
