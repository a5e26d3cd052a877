# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Damped Gauss-Newton (Levenberg-Marquardt) for SMPL bodies: frames alone, shape, whole motion."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, solveh_banded

from mocap23_ros.body_models.smpl_equations import Equations, Poses, Problem, Shape
from mocap23_ros.body_models.smpl_linearisation import UNKNOWNS
from mocap23_ros.body_models.smpl_priors import ACCELERATION_SD, rotation_steps

_STEPS = 15
_DAMPING, _LESS, _MORE, _MOST = 1e-3, 0.3, 10.0, 1e6
_SETTLED, _SHAPED, _MOVED = 1e-3, 1e-7, 1e-5  # changes of the cost, relative, that end a stage
# Poses of one person resemble each other: their unusualness, counted in every frame, must not bend
# the shape.
_PRIOR_WEIGHT = 0.1
_DIAGONAL = np.arange(UNKNOWNS)
_ROOT_ACCELERATION_SD = 20.0  # m/s^2
_SHORTEST_INTERVAL = 1e-3  # seconds; keeps the equations well conditioned
_FIXED = 1e12  # information that holds a frame where it is


def settle(problem: Problem, guesses: list[NDArray], shape: Shape) -> Poses:
    """The best pose of every frame on its own, from each of the guesses [N,16,3,3]."""
    best, least = problem.with_root(guesses[0], shape), np.full(len(problem), np.inf)
    for guess in guesses:
        poses, cost = _settled(problem, problem.with_root(guess, shape), shape)
        best, least = poses.where(cost < least, best), np.minimum(cost, least)
    return best


def _settled(problem: Problem, poses: Poses, shape: Shape) -> tuple[Poses, NDArray]:
    """Poses of least cost near the given ones, frame by frame, and their costs [N]."""
    here = problem.equations(poses, shape)
    root, rotations, costs = poses.root.copy(), poses.rotations.copy(), here.cost.copy()
    rows, damping = np.arange(len(problem)), np.full(len(problem), _DAMPING)
    for _ in range(_STEPS):
        normal = here.normal.copy()
        normal[:, _DIAGONAL, _DIAGONAL] *= 1 + damping[:, None]
        step = np.linalg.solve(normal, here.gradient[..., None])[..., 0]
        tried = poses.moved(step)
        there = problem[rows].equations(tried, shape)
        better = there.cost <= here.cost
        gained = here.cost - there.cost
        poses, here = tried.where(better, poses), there.where(better, here)
        damping = np.where(better, damping * _LESS, damping * _MORE)
        root[rows], rotations[rows], costs[rows] = poses.root, poses.rotations, here.cost
        # Only frames that still change are worked on.
        moving = np.where(better, gained > _SETTLED * here.cost, damping < _MOST)
        if not moving.any():
            break
        rows, damping, poses, here = rows[moving], damping[moving], poses[moving], here[moving]
    return Poses(root, rotations), costs


def solve_shape(problem: Problem, poses: Poses, shape: Shape) -> tuple[Shape, Poses]:
    """One shape for all frames of the problem, together with their poses."""
    information = np.concatenate([np.ones(len(shape.betas)), 1 / problem.keypoints.sd**2])
    expected = np.concatenate([np.zeros(len(shape.betas)), problem.keypoints.expected])

    def evaluate(poses: Poses, shape: Shape) -> tuple[Equations, NDArray, float]:
        here = problem.equations(poses, shape, True, _PRIOR_WEIGHT)
        off = np.concatenate([shape.betas, shape.offsets]) - expected
        return here, off, float(here.cost.sum() + (information * off**2).sum())

    here, off, cost = evaluate(poses, shape)
    damping = _DAMPING
    for _ in range(2 * _STEPS):
        if damping > _MOST:
            break
        assert here.by_shape is not None
        corner = np.einsum('nra,nrb->ab', here.by_shape, here.by_shape) + np.diag(information)
        corner[np.diag_indices(len(corner))] *= 1 + damping
        right = np.einsum('nra,nr->a', here.by_shape, here.residual) - information * off
        normal = here.normal.copy()
        normal[:, _DIAGONAL, _DIAGONAL] *= 1 + damping
        # Every frame's pose is eliminated (Schur complement): frames only meet in the shape.
        edge = np.swapaxes(here.jacobian, 1, 2) @ here.by_shape
        solved = np.linalg.solve(normal, np.concatenate([edge, here.gradient[..., None]], -1))
        change = np.linalg.solve(corner - np.einsum('npa,npb->ab', edge, solved[..., :-1]),
                                 right - np.einsum('npa,np->a', edge, solved[..., -1]))
        betas = len(shape.betas)
        tried = (poses.moved(solved[..., -1] - solved[..., :-1] @ change),
                 Shape(shape.betas + change[:betas], shape.offsets + change[betas:]))
        there = evaluate(*tried)
        if there[2] > cost:
            damping *= _MORE
            continue
        gained = cost - there[2]
        (poses, shape), (here, off, cost), damping = tried, there, damping * _LESS
        if gained <= _SHAPED * cost:
            break
    return shape, poses


def solve_motion(problem: Problem, poses: Poses, shape: Shape, stamps: NDArray, fixed: int
                 ) -> Poses:
    """Poses of successive frames, tied by their accelerations; the first fixed ones stay.

    stamps: [N] seconds, increasing. Frames far apart in time are not tied noticeably.
    """
    def evaluate(poses: Poses) -> tuple[Equations, NDArray, float]:
        here = problem.equations(poses, shape)
        residual = _accelerations(poses, stamps)
        return here, residual, float(here.cost[fixed:].sum() + (residual**2).sum())

    here, residual, cost = evaluate(poses)
    damping = _DAMPING
    for _ in range(2 * _STEPS):
        if damping > _MOST:
            break
        bands, gradient = _banded(here.normal), here.gradient.copy()
        _add_smoothness(bands, gradient, residual, stamps)
        bands[0] *= 1 + damping
        bands[0, :fixed * UNKNOWNS] += _FIXED
        gradient[:fixed] = 0.0
        try:
            step = solveh_banded(bands, gradient.reshape(-1), overwrite_ab=True, lower=True,
                                 check_finite=False).reshape(gradient.shape)
        except LinAlgError:  # lost definiteness to rounding
            damping *= _MORE
            continue
        step[:fixed] = 0.0
        tried = poses.moved(step)
        there = evaluate(tried)
        if there[2] > cost:
            damping *= _MORE
            continue
        gained = cost - there[2]
        poses, (here, residual, cost), damping = tried, there, damping * _LESS
        if gained <= _MOVED * cost:
            break
    return poses


def _slopes(stamps: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Derivatives [N-2,51] of the accelerations by the frame before, the frame, the one after."""
    interval = np.maximum(np.diff(stamps), _SHORTEST_INTERVAL)[:, None]
    sd = np.concatenate([np.full(3, _ROOT_ACCELERATION_SD), ACCELERATION_SD.reshape(-1)])
    scale = 2 / ((interval[:-1] + interval[1:]) * sd)
    before, after = scale / interval[:-1], scale / interval[1:]
    return before, -(before + after), after


def _accelerations(poses: Poses, stamps: NDArray) -> NDArray[np.float64]:
    """Accelerations [N-2,51] at the inner frames, in standard deviations; none below 3 frames."""
    count = len(stamps)
    if count < 3:
        return np.zeros((0, UNKNOWNS))
    steps = np.concatenate([np.diff(poses.root, axis=0),
                            rotation_steps(poses.rotations).reshape(count - 1, -1)], axis=1)
    before, _, after = _slopes(stamps)
    return after * steps[1:] - before * steps[:-1]


def _add_smoothness(bands: NDArray, gradient: NDArray, residual: NDArray, stamps: NDArray) -> None:
    count = len(stamps)
    if count < 3:
        return
    view = bands.reshape(len(bands), count, UNKNOWNS)
    slopes = _slopes(stamps)
    for first, slope in enumerate(slopes):
        gradient[first:first + count - 2] -= slope * residual
        for second in range(first, 3):
            view[UNKNOWNS * (second - first), first:first + count - 2] += slope * slopes[second]


def _banded(normal: NDArray) -> NDArray[np.float64]:
    """Blocks [N,51,51] as the lower bands [103,51N] of one matrix, with room for two frames."""
    count = len(normal)
    bands = np.zeros((2 * UNKNOWNS + 1, count, UNKNOWNS))
    rows, columns = np.tril_indices(UNKNOWNS)
    bands[rows - columns, :, columns] = normal[:, rows, columns].T
    return bands.reshape(2 * UNKNOWNS + 1, -1)
