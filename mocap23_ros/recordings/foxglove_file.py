# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion as an MCAP file for Foxglove, in the message types of its own library."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.viewers.scene_shapes import colour_of, ellipsoids

WORLD, CAMERA = 'world', 'camera'
_BONES = np.array(OUTPUT19.bones)
_SECOND = 1_000_000_000  # ns
_JPEG_QUALITY = 85
_FISHEYE = 'kannala_brandt'  # Foxglove's name of ROS's equidistant
_IDENTITY = (0.0, 0.0, 0.0, 1.0)


def save_foxglove(path: Path, motions: Mapping[str, RecordedMotion],
                  observed: KeypointRecording | None = None,
                  images: Iterable[tuple[float, NDArray[np.uint8]]] = ()) -> None:
    """Write skeletons and 95 % ellipsoids (SceneUpdate), camera, keypoints (ImageAnnotations).

    motions: by the name under which they are shown, z up, floor at z = 0. observed: what the camera
    saw, in the same world; images: their stamps [s] and pixels uint8 [H,W,3] BGR. Topics are those
    of config/foxglove_layout.json. Raises InputError where foxglove-sdk is absent or the file
    cannot be written.
    """
    foxglove = foxglove_module()
    with saving(path) as temporary, ExitStack() as stack:
        context = foxglove.Context()
        writer = foxglove.open_mcap(temporary, allow_overwrite=True, context=context)
        stack.callback(writer.close)
        file = _File(foxglove, context)
        sources = [
            file.person(name, motion, column, colour_of(column if len(motions) == 1 else number))
            for number, (name, motion) in enumerate(motions.items())
            for column in range(len(motion.person_ids))]
        if observed is not None:
            sources.append(file.camera(observed))
        sources.append(file.images(images))
        for time, channel, message in heapq.merge(*sources, key=lambda item: item[0]):
            channel.log(message, log_time=time)


def foxglove_module() -> Any:
    """The package foxglove; InputError without it."""
    for name in ('foxglove.channels', 'foxglove.messages', 'foxglove'):
        module = optional_module(name, 'foxglove-sdk', '--foxglove needs the package')
    return module


_Logged: TypeAlias = Iterator[tuple[int, Any, Any]]  # ns, channel, message


class _File:
    """Open channels of a file, and what goes into them in the order of time."""

    def __init__(self, foxglove: Any, context: Any) -> None:
        self._m = foxglove.messages
        channels = foxglove.channels
        self._skeletons = channels.SceneUpdateChannel('/skeletons', context=context)
        self._ellipsoids = channels.SceneUpdateChannel('/skeletons/within_95', context=context)
        self._tf = channels.FrameTransformChannel('/tf', context=context)
        self._calibration = channels.CameraCalibrationChannel(
            '/camera/calibration', context=context)
        self._annotations = channels.ImageAnnotationsChannel('/camera/keypoints', context=context)
        self._images = channels.CompressedImageChannel('/camera/image', context=context)

    def person(self, name: str, motion: RecordedMotion, column: int,
                   colour: tuple[int, int, int]) -> _Logged:
        """One person of one motion; deleted where nothing is known any more."""
        joints = motion.joints[:, column].astype(np.float64)
        known: NDArray[np.bool_] = np.asarray(np.isfinite(joints).all(axis=2))
        half_sizes, turns = ellipsoids(motion.covariance[:, column])
        entity = f'{name}/{motion.person_ids[column]}'
        before = False
        for frame, time in enumerate(_nanoseconds(motion.stamps)):
            here = bool(known[frame].any())
            if here:
                rows = np.flatnonzero(known[frame])
                drawn = rows[np.isfinite(half_sizes[frame, rows]).all(axis=1)]
                bones = _BONES[known[frame][_BONES].all(axis=1)]
                shape = {'lines': [self._m.LinePrimitive(
                    type=self._m.LinePrimitiveLineType.LineList, thickness=0.02,
                    points=[self._point3(p) for p in joints[frame, bones].reshape(-1, 3)],
                    color=self._colour(colour))],
                    'spheres': [self._sphere(p, _IDENTITY, (0.04, 0.04, 0.04), colour, 1.0)
                                for p in joints[frame, rows]],
                    'texts': [self._m.TextPrimitive(
                        pose=self._pose(joints[frame, rows[0]] + (0, 0, 0.25), _IDENTITY),
                        billboard=True, font_size=0.12, color=self._colour(colour), text=entity)]}
                clouds = {'spheres': [
                    self._sphere(joints[frame, j], turns[frame, j], 2 * half_sizes[frame, j],
                                 colour, 0.25) for j in drawn]}
                for channel, content in ((self._skeletons, shape), (self._ellipsoids, clouds)):
                    yield time, channel, self._m.SceneUpdate(entities=[self._m.SceneEntity(
                        timestamp=self._stamp(time), frame_id=WORLD, id=entity, **content)])
            elif before:
                for channel in (self._skeletons, self._ellipsoids):
                    yield time, channel, self._m.SceneUpdate(deletions=[
                        self._m.SceneEntityDeletion(timestamp=self._stamp(time), id=entity)])
            before = here

    def camera(self, observed: KeypointRecording) -> _Logged:
        """Pose, calibration and keypoints at every image."""
        for frame, time in enumerate(_nanoseconds(observed.stamps)):
            pose = observed.world_T_camera[frame]
            # Viewers project without R: the frame is that of the lens.
            turn = Rotation.from_matrix(pose[:3, :3] @ observed.camera(frame).rectification)
            yield time, self._tf, self._m.FrameTransform(
                timestamp=self._stamp(time), parent_frame_id=WORLD, child_frame_id=CAMERA,
                translation=self._vector(pose[:3, 3]), rotation=self._turn(turn.as_quat()))
            yield time, self._calibration, self._calibrated(observed.camera(frame), time)
            points, pairs = [], []
            for column in range(observed.people):
                seen = observed.keypoints[frame, column]
                bones = np.array(observed.skeleton.bones)
                bones = bones[(seen[bones, 2] > 0).all(axis=1)]
                colour = self._colour(colour_of(column))
                points += [self._m.CircleAnnotation(
                    timestamp=self._stamp(time), position=self._point2(p), diameter=8.0,
                    thickness=1.0, outline_color=colour,
                    fill_color=self._colour(colour_of(column), max(0.0, min(1.0, float(p[2])))))
                    for p in seen[seen[:, 2] > 0]]
                pairs.append(self._m.PointsAnnotation(
                    timestamp=self._stamp(time), type=self._m.PointsAnnotationType.LineList,
                    points=[self._point2(p) for p in seen[bones].reshape(-1, 3)],
                    outline_color=colour, thickness=2.0))
            yield time, self._annotations, self._m.ImageAnnotations(
                circles=points, points=pairs)

    def images(self, images: Iterable[tuple[float, NDArray[np.uint8]]]) -> _Logged:
        """JPEG images."""
        for stamp, image in images:
            time = round(stamp * _SECOND)
            good, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
            if good:
                yield time, self._images, self._m.CompressedImage(
                    timestamp=self._stamp(time), frame_id=CAMERA, data=data.tobytes(),
                    format='jpeg')

    def _calibrated(self, camera: CameraModel, time: int) -> Any:
        width, height = camera.image_size
        model = camera.distortion_model
        P = np.hstack([camera.K, np.zeros((3, 1))])
        return self._m.CameraCalibration(
            timestamp=self._stamp(time), frame_id=CAMERA, width=int(width), height=int(height),
            distortion_model=_FISHEYE if model == 'equidistant' else model,
            D=camera.distortion.tolist(), K=camera.K.ravel().tolist(), R=np.eye(3).ravel().tolist(),
            P=P.ravel().tolist())

    def _stamp(self, time: int) -> Any:
        return self._m.Timestamp(*divmod(time, _SECOND))

    def _colour(self, colour: tuple[int, int, int], alpha: float = 1.0) -> Any:
        red, green, blue = (value / 255 for value in colour)
        return self._m.Color(r=red, g=green, b=blue, a=alpha)

    def _point2(self, p: NDArray) -> Any:
        return self._m.Point2(x=float(p[0]), y=float(p[1]))

    def _point3(self, p: NDArray) -> Any:
        return self._m.Point3(x=float(p[0]), y=float(p[1]), z=float(p[2]))

    def _vector(self, p: Iterable[float]) -> Any:
        x, y, z = map(float, p)
        return self._m.Vector3(x=x, y=y, z=z)

    def _turn(self, q: Iterable[float]) -> Any:
        x, y, z, w = map(float, q)
        return self._m.Quaternion(x=x, y=y, z=z, w=w)

    def _pose(self, p: Iterable[float], q: Iterable[float]) -> Any:
        return self._m.Pose(position=self._vector(p), orientation=self._turn(q))

    def _sphere(self, p: NDArray, q: Iterable[float], size: Iterable[float],
                colour: tuple[int, int, int], alpha: float) -> Any:
        return self._m.SpherePrimitive(pose=self._pose(p, q), size=self._vector(size),
                                       color=self._colour(colour, alpha))


def _nanoseconds(stamps: NDArray[np.float64]) -> list[int]:
    return [round(stamp * _SECOND) for stamp in stamps.tolist()]
