# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every parameter of the node, once: the fields of ``Settings`` are the table. Knows no ROS."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mocap23_ros.detection.detectors import DETECTORS
from mocap23_ros.engines.backends import BACKEND_NAMES
from mocap23_ros.engines.graph_precision import PRECISIONS
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import pose_from_text
from mocap23_ros.lifting.lifters import LIFTERS
from mocap23_ros.network.tiers import TIERS
from mocap23_ros.pipeline.camera_pose_uncertainty import (
    MOST_POSITION,
    MOST_ROTATION,
    MOST_STAMP,
    CameraPoseUncertainty,
)

_POSE_UNCERTAINTY = CameraPoseUncertainty()


def _frame_fault(value: str) -> str:
    """Why a text is not the name of a TF frame."""
    if not value.strip():
        return 'must name a TF frame, and is empty'
    return _prefix_fault(value)


def _prefix_fault(value: str) -> str:
    """Why no frame can be called like this; tf2 refuses a slash in front."""
    if not value.startswith('/'):
        return ''
    return f'must not begin with a slash; write "{value.lstrip("/")}"'


def _pose_fault(value: str) -> str:
    """Why a text is not a pose of a camera; an empty one is: TF says it then."""
    try:
        if value:
            pose_from_text(value)
    except InputError as error:
        return str(error)
    return ''


def _parameter(default: Any, description: str, **entry: Any) -> Any:
    """entry: further fields of ParameterEntry."""
    return dataclasses.field(default=default, metadata={'description': description, **entry})


@dataclass(frozen=True)
class Settings:
    """Values of the node's parameters; read-only ones hold for the life of the node."""

    autostart: bool = _parameter(
        True, 'Configure and activate at start; false where a lifecycle manager does it',
        read_only=True)
    world_frame: str = _parameter(
        'map', 'z-up TF frame in which the skeletons are given; its floor is horizontal',
        read_only=True, fault=_frame_fault)
    floor_height: float = _parameter(
        0.0, 'Height of the floor on which people stand, in world_frame [m]',
        minimum=-1000.0, maximum=1000.0)
    image_transport: str = _parameter(
        'raw', 'Subscribe to image (sensor_msgs/Image) or to image/compressed '
        '(sensor_msgs/CompressedImage)', choices=('raw', 'compressed'), read_only=True)
    qos_image: str = _parameter(
        'auto', 'Reliability with which the input is asked for; auto: as its publishers offer it',
        choices=('auto', 'reliable', 'best_effort'), read_only=True)
    image_is_rectified: bool = _parameter(
        False, 'The images are rectified already: use P of the CameraInfo and no distortion')
    tf_timeout: float = _parameter(
        0.2, 'How long an image waits for the transform at its stamp [s]',
        minimum=0.0, maximum=5.0)
    image_queue: int = _parameter(
        1, 'Images that may wait to be processed; 1: only the newest, as a robot needs it; more: '
        'every image in its order, as recordings want it, with the same result each time',
        minimum=1, maximum=100000, read_only=True)
    camera_pose: str = _parameter(
        '', 'Pose of the optical frame of a camera that stands still, in world_frame, as "x y z qx '
        'qy qz qw" [m, unit quaternion], in place of TF; empty: TF or camera_file says it',
        read_only=True, fault=_pose_fault)
    camera_file: str = _parameter(
        '', 'CAMERA.yaml, as mocap23 calibrate writes it, in place of CameraInfo; where it holds '
        'world_T_camera, that and its standard deviations in place of TF, too; empty: none',
        read_only=True)
    input_timeout: float = _parameter(
        2.0, 'Silence of an input after which it is reported as missing [s]',
        minimum=0.1, maximum=600.0)
    min_rate: float = _parameter(
        0.0, 'Images a second whose skeletons somebody needs; diagnostics warn of less [Hz]; 0: of '
        'nothing', minimum=0.0, maximum=1000.0)
    hang_timeout: float = _parameter(
        30.0, 'Time that one step of an image may take before the node ends with exit status 3, '
        'to be started again [s]; 0: never', minimum=0.0, maximum=3600.0)
    detector: str = _parameter(
        'blazepose', '2D keypoint detector; external takes them from keypoints_2d_in',
        choices=(*DETECTORS, 'external'), read_only=True)
    detector_model: str = _parameter(
        '', 'Pose network of the onnx detector: a file, or a name that mocap23 fetch-weights '
        'has fetched', read_only=True)
    person_model: str = _parameter(
        '', 'Network of the onnx detector that finds people, where the pose network does not; '
        'empty: none', read_only=True)
    detector_noise: str = _parameter(
        '', 'How the detector errs, by which its confidence is calibrated for the lifter: a file '
        'of mocap23 detector-noise; empty: the one that ships for the detector, if any; none: '
        'confidence is taken as it is', read_only=True)
    max_people: int = _parameter(
        4, 'Most people that the detector looks for', minimum=1, maximum=32, read_only=True)
    min_score: float = _parameter(
        0.3, 'People of a lower detection score are ignored', minimum=0.0, maximum=1.0,
        read_only=True)
    person_timeout: float = _parameter(
        1.2, 'Time that somebody who is not seen is predicted, and keeps the id when seen again '
        '[s]', minimum=0.0, maximum=60.0, read_only=True)
    remember_timeout: float = _parameter(
        4.0, 'Time since somebody was seen last in which the id comes back with the person, where '
        'place on the floor and stature fit [s]; at least person_timeout', minimum=0.0,
        maximum=600.0, read_only=True)
    lifter: str = _parameter(
        'diffusion', 'Method that computes the 3D skeletons', choices=tuple(LIFTERS),
        read_only=True)
    tier: str = _parameter(
        's', 'Size of the network of the diffusion lifter', choices=tuple(TIERS),
        read_only=True)
    backend: str = _parameter(
        'auto', 'What runs the networks of the detectors and of the diffusion lifter; torch: the '
        'weights of the lifter, for development, and auto for the detector',
        choices=BACKEND_NAMES, read_only=True)
    precision: str = _parameter(
        'auto', 'Numbers of the diffusion lifter; auto: fp16 in TensorRT, fp32 elsewhere',
        choices=('auto', *PRECISIONS), read_only=True)
    engine_mismatch: str = _parameter(
        'rebuild', 'What a TensorRT backend does where no engine fits this GPU, library and '
        'network: build one, which takes minutes, or refuse with the command that does; auto '
        'never builds', choices=('rebuild', 'refuse'), read_only=True)
    steps: int = _parameter(
        0, 'Denoising steps of the diffusion lifter; 0: those that its network was exported with',
        minimum=0, maximum=100, read_only=True)
    lift_budget: float = _parameter(
        0.15, 'Time for the skeletons of one image; where it does not suffice, the nearest people '
        'are computed first and the others in turn [s]; 0: everybody is computed, however long it '
        'takes, as with image_queue', minimum=0.0, maximum=10.0)
    lag: int = _parameter(
        0, 'Publish the estimate for the image this many images ago: later, but smoother',
        minimum=0, maximum=30, read_only=True)
    feet: bool = _parameter(
        False, 'Add left and right heel, left and right toe to the joints of the skeletons, 23 in '
        'all, where the detector knows them', read_only=True)
    camera_rotation_sd: float = _parameter(
        _POSE_UNCERTAINTY.rotation, 'How far the camera may be turned against its transform: '
        'standard deviation about each axis; widens the covariance of the joints; at its default, '
        'that of camera_file counts where it has one [rad]',
        minimum=0.0, maximum=MOST_ROTATION, read_only=True)
    camera_position_sd: float = _parameter(
        _POSE_UNCERTAINTY.position, 'The same of its place, along each axis [m]',
        minimum=0.0, maximum=MOST_POSITION, read_only=True)
    camera_stamp_sd: float = _parameter(
        _POSE_UNCERTAINTY.stamp, 'The same of the time between an image and its transform, which '
        'counts while the camera moves [s]', minimum=0.0, maximum=MOST_STAMP, read_only=True)
    image_time_offset: float = _parameter(
        0.0, 'By how much images are stamped later than the transforms that hold for them: the '
        'camera pose is that of so long before the stamp; diagnostics say what it seems to be [s]',
        minimum=-1.0, maximum=1.0)
    refine_camera_pose: bool = _parameter(
        False, 'Mend pitch, roll and height of the camera pose, slowly, where the people seen show '
        'over minutes that they are off; false: say so only')
    frame_prefix: str = _parameter(
        'auto', 'Put before person_<id> in the names of TF frames; auto: the namespace of the '
        'node and a slash, nothing without a namespace', read_only=True, fault=_prefix_fault)
    publish_tf: bool = _parameter(True, 'Publish a TF frame per person and joint')
    tf_joints: bool = _parameter(
        True, 'Publish the frames of joints too; false: one frame a person, which costs every '
        'listener less')
    tf_joint_axes: str = _parameter(
        'body', 'How the frames of joints are turned: all as the body, or each along the limb that '
        'begins there (x forward, y left, z against the limb)', choices=('body', 'limbs'))
    publish_markers: bool = _parameter(True, 'Publish markers while somebody subscribes to them')
    publish_poses: bool = _parameter(
        False, 'Publish poses (geometry_msgs/PoseArray), the roots alone', read_only=True)
    publish_detections: bool = _parameter(
        False, 'Publish detections (vision_msgs/Detection3DArray)', read_only=True)
    publish_mocap_markers: bool = _parameter(
        False, 'Publish mocap_markers (mocap4r2_msgs/Markers), the joints', read_only=True)
    publish_humans: bool = _parameter(
        False, 'Publish people as REP 155 has them: the topics of /humans/bodies (hri_msgs) and '
        'TF frames body_<id>', read_only=True)
    rerun_port: int = _parameter(
        0, 'Serve the scene to the viewer Rerun on this TCP port, to everybody who reaches it; 0: '
        'do not', minimum=0, maximum=65535, read_only=True)

    @property
    def keeps_all(self) -> bool:
        """Whether every image counts, and with it that the result does not depend on time."""
        return self.image_queue > 1

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that parameters name, where they name files."""
        named = (self.camera_file, self.detector_model, self.person_model, self.detector_noise)
        return tuple(Path(name) for name in named if name)

    @property
    def input_depth(self) -> int:
        """Messages that the middleware keeps until the node takes them."""
        return max(5, min(self.image_queue, 1000))
