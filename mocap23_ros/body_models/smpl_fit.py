# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""SMPL parameters of a person from lifted joints: one shape, a pose per frame.

Two stages, both Gauss-Newton. The shape (betas and the offsets of smpl_keypoints.py) comes from
frames spread over the recording, solved together with their poses; then the poses of all frames
follow, tied by their accelerations. Every joint is weighed by its covariance; smpl_priors.py holds
what is not seen near usual poses. Twists of forearms and shanks, ankles, feet, wrists and hands
stay at rest: no joint shows them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.body_models.smpl_equations import TRUNK, Poses, Problem, Shape
from mocap23_ros.body_models.smpl_keypoints import SmplKeypoints
from mocap23_ros.body_models.smpl_model import SmplModel
from mocap23_ros.body_models.smpl_priors import FREE
from mocap23_ros.body_models.smpl_solver import settle, solve_motion, solve_shape
from mocap23_ros.body_models.smpl_start import starting_rotations
from mocap23_ros.lifting.segment_rotations import segment_rotations
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19

MODEL_SD = 0.02  # metres by which joints of a real body leave the model's
_SHAPE_FRAMES = 120
WINDOW, LOOK_AHEAD = 600, 60  # frames of poses solved at once, and of them not yet kept


@dataclass(frozen=True)
class SmplFit:
    """SMPL parameters of one person over F frames, for a model with J joints.

    betas: [S]. poses: [F,J,3] axis-angle against the parent joint, radians; trans: [F,3] metres;
    both NaN where the trunk was incomplete. The root's rotation maps the model's axes (y up, z
    forward) straight into the world (z up), as in AMASS. offsets: [17,3] metres, what COCO-17 lies
    off the model's own points, in the rest pose's axes. Without any usable frame all is NaN.
    """

    betas: NDArray[np.float64]
    poses: NDArray[np.float64]
    trans: NDArray[np.float64]
    offsets: NDArray[np.float64]


def fit_smpl(model: SmplModel, joints: NDArray, covariance: NDArray, stamps: NDArray,
             world_R_segment: NDArray | None = None, keypoints: SmplKeypoints | None = None,
             model_sd: float = MODEL_SD) -> SmplFit:
    """Fit one person.

    joints: [F,19,3] OUTPUT19 or [F,17,3] COCO-17 in the world (z up, metres); covariance:
    [F,19,3,3] or [F,17,3,3] m^2; NaN = not known. stamps: [F] seconds, increasing.
    world_R_segment: [F,11,3,3] of kinematic_tree.SEGMENTS to start from; read off the joints when
    None. keypoints: what the joints are on the body; those of this project's lifters when None.
    """
    joints = np.asarray(joints, np.float64)
    if world_R_segment is None:
        world_R_segment = segment_rotations(joints if joints.shape[1] == len(OUTPUT19)
                                            else convert_joints(joints, COCO17, OUTPUT19))
    keypoints = keypoints or SmplKeypoints.of_lifters(model)
    observed, whitening = _observations(joints, np.asarray(covariance, np.float64), model_sd)
    frames = np.flatnonzero(np.isfinite(world_R_segment).all(axis=(-3, -2, -1))
                            & (whitening != 0).any(axis=(-2, -1))[:, TRUNK].all(axis=1))
    betas = np.full(model.joint_directions.shape[-1], np.nan)
    poses = np.full((len(joints), len(model.parents), 3), np.nan)
    trans, offsets = np.full((len(joints), 3), np.nan), np.full((len(COCO17), 3), np.nan)
    if len(frames):
        problem = Problem(model, keypoints, observed[frames], whitening[frames])
        guesses = starting_rotations(world_R_segment[frames])
        shape = _shape(problem, guesses)
        found = _poses(problem, guesses, shape, np.asarray(stamps, np.float64)[frames])
        betas, offsets = shape.betas, keypoints.basis @ shape.offsets
        poses[frames] = 0.0
        poses[frames[:, None], list(FREE)] = Rotation.from_matrix(
            found.rotations.reshape(-1, 3, 3)).as_rotvec().reshape(len(frames), -1, 3)
        trans[frames] = found.root - model.rest_joints(betas)[0]
    return SmplFit(betas, poses, trans, offsets)


def _observations(joints: NDArray, covariance: NDArray, model_sd: float
                  ) -> tuple[NDArray, NDArray]:
    """COCO-17 [F,17,3] and matrices [F,17,3,3] that make its errors unit ones; 0 = unobserved."""
    joints, covariance = joints[:, :len(COCO17)], covariance[:, :len(COCO17)]
    usable = np.isfinite(joints).all(axis=-1) & np.isfinite(covariance).all(axis=(-2, -1))
    safe = np.where(usable[..., None, None], covariance, np.eye(3))
    variances, axes = np.linalg.eigh(0.5 * (safe + np.swapaxes(safe, -1, -2)))
    sd = np.sqrt(np.maximum(variances, 0.0) + model_sd**2)
    whitening = np.swapaxes(axes, -1, -2) / sd[..., None]
    return (np.where(usable[..., None], joints, 0.0),
            np.where(usable[..., None, None], whitening, 0.0))


def _shape(problem: Problem, guesses: list[NDArray]) -> Shape:
    count = len(problem)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _SHAPE_FRAMES)).round().astype(int))
    average = Shape(np.zeros(problem.model.joint_directions.shape[-1]),
                    problem.keypoints.expected.copy())
    part = problem[chosen]
    poses = settle(part, [guess[chosen] for guess in guesses], average)
    return solve_shape(part, poses, average)[0]


def _poses(problem: Problem, guesses: list[NDArray], shape: Shape, stamps: NDArray) -> Poses:
    """Poses of all frames; long recordings are solved in windows."""
    count = len(problem)
    result = Poses(np.empty((count, 3)), np.empty_like(guesses[0]))
    for start in range(0, count, WINDOW):
        # The two frames before tie a window to its predecessor; those behind it are redone.
        first, last = max(start - 2, 0), min(start + WINDOW + LOOK_AHEAD, count)
        alone = settle(problem[start:last], [guess[start:last] for guess in guesses], shape)
        result.root[start:last], result.rotations[start:last] = alone.root, alone.rotations
        window = slice(first, last)
        solved = solve_motion(problem[window], result[window], shape, stamps[window],
                              start - first)
        result.root[window], result.rotations[window] = solved.root, solved.rotations
    return result
