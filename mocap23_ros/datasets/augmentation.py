# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every level of the training augmentation in one place, with named presets."""

from dataclasses import dataclass, field, replace

from mocap23_ros.datasets.body_shape import BodyVariation
from mocap23_ros.datasets.cameras import CameraSampling
from mocap23_ros.datasets.keypoint_noise import KeypointNoise
from mocap23_ros.datasets.moving_camera import CameraMotion, PoseError
from mocap23_ros.datasets.occlusion import Occlusion
from mocap23_ros.datasets.pose_variation import NO_POSE_VARIATION, PoseVariation
from mocap23_ros.detection.detector_noise import DetectorNoise
from mocap23_ros.errors import InputError

NO_NOISE = KeypointNoise(exact_share=1.0, offset=0.0, peak=0.0, swap=0.0, grab=0.0, missing=0.0,
                         dropped=0.0, stamp_jitter=0.0, focal=0.0, principal_point=0.0)
NO_OCCLUSION = Occlusion(limb=0.0, box=0.0, late=0.0)
NO_POSE_ERROR = PoseError(scale=(0.0, 0.0))


@dataclass(frozen=True)
class Augmentation:
    """The random choices for each training window.

    speed: factor on the speed of motion. mirror: share of mirrored windows. stature_known:
    share of windows in which the user gives the stature, with relative error stature_error.
    subject_power: subjects are drawn with probability ~ duration ** power. nonflat_weight:
    weight of clips whose feet leave the floor for steps or ladders. data_set_share: of windows,
    of those data sets where there are others, which share the rest. detector: a measured one, whose
    errors take the place of ``noise`` in detector_share of the windows that are not exact.
    """

    poses: PoseVariation = field(default_factory=PoseVariation)
    body: BodyVariation = field(default_factory=BodyVariation)
    camera: CameraSampling = field(default_factory=CameraSampling)
    pose_error: PoseError = field(default_factory=PoseError)
    noise: KeypointNoise = field(default_factory=KeypointNoise)
    occlusion: Occlusion = field(default_factory=lambda: Occlusion(late=0.3))
    speed: tuple[float, float] = (0.8, 1.25)
    mirror: float = 0.5
    stature_known: float = 0.3
    stature_error: float = 0.01
    subject_power: float = 0.75
    nonflat_weight: float = 0.35
    data_set_share: tuple[tuple[str, float], ...] = ()
    detector: DetectorNoise | None = None
    detector_share: float = 0.5


_TRAINING = Augmentation(
    camera=CameraSampling(
        hfov_deg=(35.0, 120.0), robot_height=(0.3, 1.6), mast_share=0.2, steepest_deg=60.0,
        distance=(0.8, 25.0), motion=CameraMotion(yaw_rate_limit_deg=90.0, pitch_jitter_deg=1.5)),
    # The side filter puts most exchanges right before the lifter; what is left may come at any
    # confidence, and low confidence may come with right sides.
    noise=KeypointNoise(
        exact_share=0.25, spread=(0.06, 0.7), bias=0.7, swap=0.1, swap_time=(0.1, 3.0), told=0.5,
        unsure=0.1, grab=0.04, grab_time=(0.07, 1.0), wrong_limb=0.12, blind=0.3),
    occlusion=Occlusion(late=0.25, lower_body=0.1),
    body=BodyVariation(children=(0.09, 0.75, 1.5), stature_range=(0.75, 2.05)),
    stature_error=0.02,  # heights that people state, shoes, and legs longer than usual
    subject_power=0.5,
    data_set_share=(('procedural', 0.25), ('UI-PRMD', 0.15), ('biomechZoo', 0.03)))


def preset(name: str) -> Augmentation:
    """Return the augmentation ``training``, ``clean``, ``noisy`` or ``occluded``.

    training: everything that may be met, wider than what validates, motion recombined too; the
    others keep motion as recorded. clean: true keypoints, true poses, nothing hidden but what
    leaves the image. noisy: detector errors and some occlusion. occluded: the same with most
    windows occluded.
    """
    if name == 'training':
        return _TRAINING
    noisy = Augmentation(poses=NO_POSE_VARIATION, occlusion=Occlusion())
    if name == 'clean':
        return replace(noisy, noise=NO_NOISE, occlusion=NO_OCCLUSION, pose_error=NO_POSE_ERROR)
    if name == 'noisy':
        return noisy
    if name == 'occluded':
        return replace(noisy, occlusion=Occlusion(limb=0.7, box=0.3, late=0.2))
    raise InputError(f'no augmentation preset {name}; choose training, clean, noisy or '
                     f'occluded')
