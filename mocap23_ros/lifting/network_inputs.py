# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From keypoint windows to the canonical inputs of the learned lifter, and back to the world.

Every person gets a window frame: z up, origin on the floor under the newest camera, +x towards
the person's estimated root (the anchor p_hat). In it the real view is a levelled camera at the
true optical centre that looks along +x. The observation no longer depends on intrinsics, pitch,
roll and heading, and a moving camera is only a moving centre.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import levelled, world_rays
from mocap23_ros.lifting.initial_root import root_and_evidence
from mocap23_ros.lifting.root_evidence import MINIMUM_FORWARD, FrameEvidence
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE
from mocap23_ros.skeletons.conversion import convert_confidence, convert_joints
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

MINIMUM_RANGE = 0.8  # metres, closest anchor that the virtual cameras are built for
MAXIMUM_RANGE = 25.0
CAMERA_FEATURES = 8


@dataclass(frozen=True)
class NetworkInputs:
    """What the network graph is fed, float32, one row per person.

    observation: [P,T,J,3] levelled image coordinates (right, up: metres at 1 m) and confidence;
        zeros where unobserved.
    camera: [P,T,8] centre (x, y, z) and optical axis (x, y, z) in the window frame, sine of roll,
        log(focal length / 1000 px).
    anchor: [P,3] forward distance (m), height (m) and standard deviation of the distance (m).
    stature: [P,2] log(stature / MEAN_STATURE) and how well it is known, 1 % / standard deviation;
        zeros where unknown. [P,16] for networks that are also told proportions.py.
    Not inputs of the graph: world_T_window: float64 [P,4,4], to bring the result back; ground,
    apparent_size: float64 [P,T], of the evidence about the distance (FrameEvidence).
    """

    observation: NDArray[np.float32]
    camera: NDArray[np.float32]
    anchor: NDArray[np.float32]
    stature: NDArray[np.float32]
    world_T_window: NDArray[np.float64]
    ground: NDArray[np.float64]
    apparent_size: NDArray[np.float64]

    def graph_inputs(self) -> dict[str, NDArray[np.float32]]:
        """The arrays by their names in the exported graph."""
        return {'observation': self.observation, 'camera': self.camera,
                'anchor': self.anchor, 'stature': self.stature}


def make_network_inputs(keypoints: NDArray, world_T_camera: NDArray, focal_length: NDArray,
                        stature: NDArray, skeleton: SkeletonFormat,
                        stature_sd: NDArray | float = 0.01,
                        proportions: NDArray | None = None) -> NetworkInputs:
    """Build the inputs of a batch of windows, each with its own camera.

    keypoints: [P,T,J,3] undistorted normalised coordinates and confidence, 0 = unobserved.
    world_T_camera: [P,T,4,4]; floor at z = 0. focal_length: [P] pixels.
    stature: [P] metres, NaN = unknown; stature_sd: its relative standard deviation.
    proportions: [P,14] features of proportions.py, for networks that take them.
    skeleton: format of the keypoints. The anchor is found from those that COCO-17 has too.
    People without a usable anchor (never seen, above the horizon) get a mid-range one; the caller
    discards their result (see DiffusionLifter).
    """
    people, length, joints, _ = keypoints.shape
    assert world_T_camera.shape == (people, length, 4, 4), world_T_camera.shape
    confidence = np.nan_to_num(keypoints[..., 2])
    p_normalised = np.nan_to_num(keypoints[..., :2])
    rotation = world_T_camera[..., :3, :3]
    centre_world = world_T_camera[..., :3, 3]
    direction_world = world_rays(p_normalised, world_T_camera)

    stature_sd = np.broadcast_to(stature_sd, (people,))
    well_known = np.where(stature_sd < 0.02, stature, np.nan)
    anchor_world, anchor_sd, evidence = _window_anchor(
        centre_world, *_coco_rays(direction_world, confidence, skeleton), focal_length, well_known)
    newest_centre = centre_world[:, -1]
    offset = anchor_world - newest_centre
    distance = np.hypot(offset[:, 0], offset[:, 1])
    distance = np.maximum(distance, 1e-6)  # straight below the camera: any heading will do
    cosine, sine = offset[:, 0] / distance, offset[:, 1] / distance
    distance = np.clip(distance, MINIMUM_RANGE, MAXIMUM_RANGE)

    world_T_window = np.zeros((people, 4, 4))
    world_T_window[:, 0, 0] = world_T_window[:, 1, 1] = cosine
    world_T_window[:, 1, 0], world_T_window[:, 0, 1] = sine, -sine
    world_T_window[:, 2, 2] = world_T_window[:, 3, 3] = 1.0
    world_T_window[:, :2, 3] = newest_centre[:, :2]

    # One heading for the whole window; the evidence above has one in every frame.
    heading = world_T_window[:, None, :2, 0]
    direction = np.stack(levelled(direction_world, heading[:, :, None]), axis=-1)
    forward = direction[..., 0]
    norm = np.sqrt(np.einsum('ptji,ptji->ptj', direction, direction))
    seen = (confidence > 0) & (forward > MINIMUM_FORWARD * norm)
    safe_forward = np.where(seen, forward, 1.0)
    observation = np.empty((people, length, joints, 3), np.float32)
    observation[..., 0] = np.where(seen, -direction[..., 1] / safe_forward, 0)
    observation[..., 1] = np.where(seen, direction[..., 2] / safe_forward, 0)
    observation[..., 2] = np.where(seen, confidence, 0)

    camera = np.empty((people, length, CAMERA_FEATURES), np.float32)
    centre_offset = centre_world - world_T_window[:, None, :3, 3]
    camera[..., :3] = np.stack(levelled(centre_offset, heading), axis=-1)
    camera[..., 3:6] = np.stack(levelled(rotation[..., :, 2], heading), axis=-1)
    camera[..., 6] = rotation[..., 2, 0]  # the image's right axis dips by the roll
    camera[..., 7] = np.log(np.asarray(focal_length) / 1000.0)[:, None]

    known = np.isfinite(stature)
    stature_input = np.zeros((people, 2), np.float32)
    stature_input[:, 0] = np.log(np.where(known, stature, MEAN_STATURE) / MEAN_STATURE)
    stature_input[:, 1] = np.where(known, np.minimum(0.01 / stature_sd, 1.0), 0)
    if proportions is not None:
        stature_input = np.concatenate([stature_input, proportions], axis=1)
    anchor = np.stack([distance, np.clip(anchor_world[:, 2], 0.1, 1.5), anchor_sd], axis=-1)
    return NetworkInputs(observation, camera, anchor.astype(np.float32), stature_input,
                         world_T_window, evidence.ground, evidence.apparent_size)


def _coco_rays(direction: NDArray, confidence: NDArray,
               skeleton: SkeletonFormat) -> tuple[NDArray, NDArray]:
    """Rays and confidences of COCO keypoints; not defined: NaN and 0.

    The rays are p_normalised with a third coordinate of 1, rotated, so recipes whose weights sum
    to 1 hold for them.
    """
    if skeleton == COCO17:
        return direction, confidence
    return (convert_joints(direction, skeleton, COCO17),
            convert_confidence(confidence, skeleton, COCO17))


def _window_anchor(centre: NDArray, direction: NDArray, confidence: NDArray,
                   focal_length: NDArray, stature: NDArray
                   ) -> tuple[NDArray, NDArray, FrameEvidence]:
    """Combine the per-frame root estimates of a window, newest frames first.

    Returns p_world [P,3], the standard deviation of its distance [P], and their evidence [P,T].
    """
    people, length = centre.shape[:2]
    root, sd, evidence = root_and_evidence(
        centre, direction, confidence, np.asarray(focal_length)[:, None],
        np.asarray(stature)[:, None])
    usable = np.isfinite(root).all(axis=-1) & np.isfinite(sd)
    age = np.arange(length - 1, -1, -1) / length
    weight = np.where(usable, np.exp(-3.0 * age) / np.where(usable, sd, 1.0) ** 2, 0.0)
    total = weight.sum(axis=1)
    has_anchor = total > 0
    weight /= np.where(has_anchor, total, 1.0)[:, None]
    anchor = np.einsum('pt,pti->pi', weight, np.where(usable[..., None], root, 0.0))
    anchor_sd = np.einsum('pt,pt->p', weight, np.where(usable, sd, 0.0))
    # Nobody to be seen: straight ahead at 4 m, so that the arithmetic stays finite.
    ahead = centre[:, -1] + np.array([4.0, 0.0, 0.0])
    ahead[:, 2] = 0.9
    anchor = np.where(has_anchor[:, None], anchor, ahead)
    return anchor, np.where(has_anchor, anchor_sd, 2.0), evidence
