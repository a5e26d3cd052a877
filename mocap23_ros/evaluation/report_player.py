# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Packs a scene into chunks that the page unpacks when it reaches them: an hour stays light.

A chunk is base64 of gzip of 16-bit differences over time, all low bytes before all high ones.
"""

import base64
import gzip
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.report_scene import Scene, ScenePeople
from mocap23_ros.skeletons.coco17 import BONES, COCO_JOINTS

RATE = 15.0  # frames per second of the player at most
MOST_POSES = 120_000  # people in all frames together; above it frames are left out
CHUNK = 600  # frames
UNIT = 0.001  # m, of joints; larger where a chunk covers more than 60 m
AXES_UNIT = 0.002  # m, of ellipsoids
UNKNOWN = -32768
_LARGEST = 32767
_UPPER = np.triu_indices(3)


def pack_scene(scene: Scene) -> tuple[dict[str, Any], list[str]]:
    """Return what the player needs at once, and the chunks as text.

    An ellipsoid is the symmetric square root of its covariance, its upper triangle.
    """
    groups = [*([scene.truth] if scene.truth else []), *scene.people]
    chosen = _chosen(scene, groups)
    chunks, texts = [], []
    for first in range(0, len(chosen), CHUNK):
        rows = chosen[first:first + CHUNK]
        chunk, values = _chunk(scene, groups, rows)
        chunks.append({'first': first, 'frames': len(rows), **chunk})
        texts.append(_packed(values))
    points = [*(group.joints for group in groups),
              *([] if scene.frustum is None else [scene.frustum])]
    known = np.concatenate([part[np.isfinite(part).all(-1)] for part in points])
    stamps = base64.b64encode(scene.stamps[chosen].astype('<f4').tobytes()).decode()
    return {
        'stamps': stamps, 'bones': [list(bone) for bone in BONES], 'chunks': chunks,
        'unknown': UNKNOWN, 'axes_unit': AXES_UNIT,
        'camera': scene.frustum is not None, 'has_truth': scene.truth is not None,
        'groups': [{'name': group.name, 'axes': group.covariance is not None}
                   for group in groups],
        **_extent(known)}, texts


def _chosen(scene: Scene, groups: list[ScenePeople]) -> NDArray[np.intp]:
    """Choose the frames to show: evenly spaced, at most RATE and MOST_POSES."""
    frames = len(scene.stamps)
    poses = sum(int(np.isfinite(group.joints[..., 0]).any(-1).sum()) for group in groups)
    period = float(np.median(np.diff(scene.stamps))) if frames > 1 else 1.0
    step = max(1, round(1 / (RATE * period)), -(-poses // MOST_POSES))
    return np.arange(0, frames, step)


def _chunk(scene: Scene, groups: list[ScenePeople], rows: NDArray[np.intp]
           ) -> tuple[dict[str, Any], NDArray[np.int16]]:
    """The people in these frames, and their numbers by channel [channels, frames]."""
    frustum = None if scene.frustum is None else scene.frustum[rows]
    people = [np.flatnonzero(np.isfinite(group.joints[rows]).any(axis=(0, 2, 3)))
              for group in groups]
    joints = [group.joints[rows][:, present] for group, present in
              zip(groups, people, strict=True)]
    points = [part.reshape(-1, 3) for part in [*joints, *([] if frustum is None else [frustum])]]
    everywhere = np.concatenate(points)
    everywhere = everywhere[np.isfinite(everywhere).all(-1)]
    low, high = ((everywhere.min(0), everywhere.max(0)) if len(everywhere)
                 else (np.zeros(3), np.zeros(3)))
    origin = np.round((low + high) / 2, 3)
    unit = max(UNIT, float((high - low).max()) / (2 * _LARGEST - 2))
    parts = []
    for group, present, part in zip(groups, people, joints, strict=True):
        parts.append(_whole((part - origin) / unit))
        if group.covariance is not None:
            parts.append(_whole(_axes(group.covariance[rows][:, present]) / AXES_UNIT))
    if frustum is not None:
        parts.append(_whole((frustum - origin) / unit))
    ids = [np.asarray(group.ids)[present].tolist()
           for group, present in zip(groups, people, strict=True)]
    return ({'origin': origin.tolist(), 'unit': unit, 'people': ids},
            np.concatenate([part.reshape(len(rows), -1).T for part in parts]))


def _axes(covariance: NDArray[np.floating]) -> NDArray[np.float64]:
    """Upper triangles [...,17,6] of the symmetric roots of covariances [...,17,3,3]; NaN as given.
    """
    covariance = covariance[..., COCO_JOINTS, :, :].astype(np.float64)
    known = np.isfinite(covariance).all(axis=(-2, -1))
    axes = np.full((*known.shape, 6), np.nan)
    if known.any():
        values, vectors = np.linalg.eigh(covariance[known])
        root = np.sqrt(np.maximum(values, 0))
        full = (vectors * root[:, None]) @ np.swapaxes(vectors, 1, 2)
        axes[known] = full[:, _UPPER[0], _UPPER[1]]
    return axes


def _whole(values: NDArray[np.floating]) -> NDArray[np.int16]:
    known = np.isfinite(values)
    whole = np.clip(np.round(np.where(known, values, 0)), -_LARGEST, _LARGEST)
    return np.asarray(np.where(known, whole, UNKNOWN).astype(np.int16))


def _packed(channels: NDArray[np.int16]) -> str:
    """Differences over time, wrapping around."""
    whole = channels.astype(np.int64)
    steps = np.diff(whole, axis=1, prepend=0).astype(np.uint16).ravel()
    data = np.concatenate([steps & 0xff, steps >> 8]).astype(np.uint8).tobytes()
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()


def _extent(points: NDArray[np.floating]) -> dict[str, Any]:
    """Where the view starts: the middle of everything, the farthest distance, heights."""
    if not len(points):
        return {'centre': [0.0, 0.0], 'radius': 2.0, 'heights': [0.0, 2.0]}
    low, high = points.min(0), points.max(0)
    return {'centre': np.round((low + high)[:2] / 2, 2).tolist(),
            'radius': round(float(max((high - low)[:2].max() / 2, 1.0)) + 0.35, 2),
            'heights': [round(float(low[2]), 2), round(float(high[2]), 2)]}
