# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion as an MCAP file with the messages that the node publishes; needs no ROS."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.pipeline.skeleton_assembly import body_rotation
from mocap23_ros.recordings.bag_reader import message_types
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.skeletons.formats import OUTPUT19, OUTPUT23
from mocap23_ros.skeletons.message_arrays import unique_entries

_WORLD = 'map'
_SKELETONS, _INFO = 'mocap23_msgs/msg/SkeletonArray', 'mocap23_msgs/msg/SkeletonInfo'
_TRACKED = 1  # Skeleton.TRACKED


def save_skeleton_bag(path: Path, motion: RecordedMotion) -> None:
    """Write ``/skeletons`` and ``/skeleton_info`` of the motion [F,P,...], in the frame ``map``.

    A message for every stamp, empty where nobody is known. What the file of the motion does not
    hold is NaN: confidence, velocity, latency. Raises InputError where it cannot be written.
    """
    rosbag2 = optional_module('rosbags.rosbag2', 'rosbags', 'MCAP files are written with')
    store = message_types()
    stamps = np.round(1e9 * motion.stamps).astype(np.int64).tolist()
    with saving(path) as temporary, tempfile.TemporaryDirectory(dir=temporary.parent) as folder:
        bag = Path(folder, 'bag')
        with rosbag2.Writer(bag, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
            info, skeletons = (writer.add_connection(topic, kind, typestore=store)
                               for topic, kind in (('/skeleton_info', _INFO),
                                                   ('/skeletons', _SKELETONS)))
            writer.write(info, stamps[0], store.serialize_cdr(
                _info(store, stamps[0], motion.joint_names), _INFO))
            roots = _roots(motion)
            for frame, stamp in enumerate(stamps):
                message = store.types[_SKELETONS](
                    header=_header(store, stamp), camera_frame='',
                    skeletons=_people(store, motion, roots, frame))
                writer.write(skeletons, stamp, store.serialize_cdr(message, _SKELETONS))
        next(bag.glob('*.mcap')).replace(temporary)


def _info(store: Any, stamp: int, joint_names: tuple[str, ...]) -> Any:
    skeleton = OUTPUT23 if joint_names == OUTPUT23.joint_names else OUTPUT19
    return store.types[_INFO](
        header=_header(store, stamp), format=skeleton.name,
        joint_names=list(joint_names), parents=np.array(skeleton.parents, np.int32),
        contact_names=['left_foot', 'right_foot'], frame_prefix='', lifter='')


def _roots(motion: RecordedMotion) -> NDArray[np.float64]:
    """Position and quaternion of everybody's root [F,P,7]; NaN where the trunk is not known."""
    frames, people = motion.joints.shape[:2]
    joints = motion.joints.reshape(frames * people, *motion.joints.shape[2:])
    turns = body_rotation(joints, np.full((len(joints), 3, 3), np.nan))
    places = joints[:, OUTPUT19.index('pelvis')]
    known = np.isfinite(turns).all(axis=(1, 2)) & np.isfinite(places).all(axis=1)
    roots = np.full((len(joints), 7), np.nan)
    if known.any():
        roots[known, :3] = places[known]
        roots[known, 3:] = Rotation.from_matrix(turns[known]).as_quat()
    return roots.reshape(frames, people, 7)


def _people(store: Any, motion: RecordedMotion, roots: NDArray[np.float64], frame: int
            ) -> list[Any]:
    types, skeletons = store.types, []
    known = np.isfinite(motion.joints[frame]).all(axis=-1)
    for person in np.flatnonzero(known.any(axis=1)).tolist():
        root = roots[frame, person].tolist()
        uncertainty = np.full(36, np.nan)
        if np.isfinite(root[0]):
            uncertainty = np.array([-1.0] + 35 * [0.0])  # not known
        skeletons.append(types['mocap23_msgs/msg/Skeleton'](
            id=int(motion.person_ids[person]), state=_TRACKED,
            joints=motion.joints[frame, person].astype(np.float32).ravel(),
            confidence=np.where(known[person], np.nan, 0).astype(np.float32),
            covariance=unique_entries(motion.covariance[frame, person]).astype(np.float32).ravel(),
            root=types['geometry_msgs/msg/PoseWithCovariance'](
                pose=types['geometry_msgs/msg/Pose'](
                    position=types['geometry_msgs/msg/Point'](
                        **dict(zip('xyz', root[:3], strict=True))),
                    orientation=types['geometry_msgs/msg/Quaternion'](
                        **dict(zip('xyzw', root[3:], strict=True)))),
                covariance=uncertainty),
            root_velocity=types['geometry_msgs/msg/Vector3'](x=np.nan, y=np.nan, z=np.nan),
            contact=motion.contact[frame, person].astype(np.float32),
            stature=float(motion.stature[frame, person]), stature_sd=np.nan, latency=np.nan))
    return skeletons


def _header(store: Any, stamp: int) -> Any:
    return store.types['std_msgs/msg/Header'](
        stamp=store.types['builtin_interfaces/msg/Time'](
            sec=stamp // 10**9, nanosec=stamp % 10**9), frame_id=_WORLD)
