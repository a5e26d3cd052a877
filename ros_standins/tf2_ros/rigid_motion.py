# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Interpolation and composition of chains of transforms, on SciPy rotations."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tf2_ros.time_cache import Edge

Translation = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


def compose(source_chain: Sequence[Edge], target_chain: Sequence[Edge]) -> tuple[
        Translation, Quaternion]:
    """Return target_T_source as translation (m) and quaternion xyzw.

    Both chains run from a frame (first) up to the children of the same ancestor (last).
    """
    if len(source_chain) == 1 and not target_chain and source_chain[0].newer is None:
        return source_chain[0].older.translation, source_chain[0].older.rotation
    edges = [*source_chain, *target_chain]
    if not edges:
        return (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)
    translations, rotations = _interpolate(edges)
    count = len(source_chain)
    ancestor_t_source, ancestor_r_source = _climb(translations[:count], rotations[:count])
    if not target_chain:
        translation, rotation = ancestor_t_source, ancestor_r_source
    else:
        ancestor_t_target, ancestor_r_target = _climb(translations[count:], rotations[count:])
        rotation = ancestor_r_target.T @ ancestor_r_source
        translation = ancestor_r_target.T @ (ancestor_t_source - ancestor_t_target)
    quaternion = Rotation.from_matrix(rotation).as_quat()
    return tuple(translation.tolist()), tuple(quaternion.tolist())


def _interpolate(edges: Sequence[Edge]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return translations [N,3] and rotation matrices [N,3,3] of all edges at once."""
    translations = np.array([edge.older.translation for edge in edges])
    rotations = Rotation.from_quat([edge.older.rotation for edge in edges])
    matrices = rotations.as_matrix()
    between = [index for index, edge in enumerate(edges) if edge.newer is not None]
    if between:
        newer = [edge.newer for edge in edges if edge.newer is not None]
        ratios = np.array([edges[index].ratio for index in between])[:, None]
        newer_translations = np.array([sample.translation for sample in newer])
        translations[between] += ratios * (newer_translations - translations[between])
        # Slerp: the part of the shortest turn from older to newer.
        older_rotations = rotations[between]
        turns = older_rotations.inv() * Rotation.from_quat([s.rotation for s in newer])
        turned = older_rotations * Rotation.from_rotvec(ratios * turns.as_rotvec())
        matrices[between] = turned.as_matrix()
    return translations, matrices


def _climb(translations: NDArray[np.float64], rotations: NDArray[np.float64]) -> tuple[
        NDArray[np.float64], NDArray[np.float64]]:
    """Return ancestor_T_frame of a chain that begins at the frame."""
    translation, rotation = np.zeros(3), np.eye(3)
    for parent_t_child, parent_r_child in zip(translations, rotations, strict=True):
        translation = parent_r_child @ translation + parent_t_child
        rotation = parent_r_child @ rotation
    return translation, rotation
