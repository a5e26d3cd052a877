# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted bodies as a glTF file: skeletons of nodes with rigid bones, animated, for any viewer."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving
from mocap23_ros.lifting.kinematic_tree import SEGMENT_PARENTS, SEGMENTS
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.recordings.bvh_file import body_poses, rest_offsets
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.uniform_poses import uniform_times
from mocap23_ros.skeletons.coco17 import PELVIS

_FLOAT, _USHORT = 5126, 5123
_ARRAY, _ELEMENTS = 34962, 34963
_THICK = 0.12  # of a bone's length, where its octahedron is widest


def save_gltf(path: Path, motion: RecordedMotion) -> None:
    """Write everybody who has an estimate into one .glb: metres, y up, seconds.

    motion: with its body fitted. Nodes are named person<id>_<segment>; rest is the T-pose.
    Raises InputError where pygltflib is absent or the file cannot be written.
    """
    gltf = optional_module('pygltflib', 'pygltflib', 'glTF files are written with')
    assert motion.body is not None
    body = motion.body
    times, _ = uniform_times(motion.stamps)
    file = _File()
    clock = file.accessor((times - times[0]).astype(np.float32), 'SCALAR', bounds=True)
    document, animation = gltf.GLTF2(), gltf.Animation(name='motion')
    roots = []
    for person in range(len(motion.person_ids)):
        if not np.isfinite(body.joints[person, :, PELVIS, 0]).any():
            continue
        places = rest_offsets(body, person)
        root, rotations = body_poses(body, person, motion.stamps, times)
        turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat().reshape(
            len(times), len(SEGMENTS), 4).astype(np.float32)
        first = len(document.nodes)
        roots.append(first)
        for number, segment in enumerate(SEGMENTS):
            mesh = _bone(file, gltf, _end(places, number))
            document.meshes.append(mesh)
            document.nodes.append(gltf.Node(
                name=f'person{motion.person_ids[person]}_{segment}', mesh=len(document.meshes) - 1,
                translation=(root[0] if number == 0 else places[segment]).tolist(),
                rotation=turns[0, number].tolist(),
                children=[first + child for child, parent in enumerate(SEGMENT_PARENTS)
                          if parent == number]))
            moving = [('rotation', turns[:, number], 'VEC4')]
            if number == 0:
                moving.append(('translation', root.astype(np.float32), 'VEC3'))
            for channel, values, kind in moving:
                animation.samplers.append(gltf.AnimationSampler(
                    input=clock, output=file.accessor(values, kind), interpolation='LINEAR'))
                animation.channels.append(gltf.AnimationChannel(
                    sampler=len(animation.samplers) - 1,
                    target=gltf.AnimationChannelTarget(node=first + number, path=channel)))
    document.scenes, document.scene = [gltf.Scene(nodes=roots)], 0
    document.animations = [animation] if animation.channels else []
    document.accessors, document.bufferViews = file.descriptions(gltf)
    document.asset = gltf.Asset(version='2.0', generator='mocap23')
    document.buffers = [gltf.Buffer(byteLength=len(file.data))]
    document.set_binary_blob(bytes(file.data))
    with saving(path, keep_suffix=True) as temporary:
        document.save_binary(str(temporary))


class _File:
    """The binary part, and the index of its contents."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._entries: list[tuple[int, int, NDArray, str, int | None, bool]] = []

    def accessor(self, values: NDArray, kind: str, target: int | None = None,
                 bounds: bool = False) -> int:
        """Add float32 or uint16 values [N] or [N,K]; returns their number."""
        raw = np.ascontiguousarray(values).tobytes()
        self._entries.append((len(self.data), len(raw), values, kind, target, bounds))
        self.data += raw + bytes(-len(raw) % 4)
        return len(self._entries) - 1

    def descriptions(self, gltf: Any) -> tuple[list[Any], list[Any]]:
        accessors, views = [], []
        for number, (start, size, values, kind, target, bounds) in enumerate(self._entries):
            views.append(gltf.BufferView(buffer=0, byteOffset=start, byteLength=size,
                                         target=target))
            table = values.reshape(len(values), -1)
            accessors.append(gltf.Accessor(
                bufferView=number, count=len(values), type=kind,
                componentType=_FLOAT if values.dtype == np.float32 else _USHORT,
                **({'min': table.min(axis=0).tolist(), 'max': table.max(axis=0).tolist()}
                   if bounds else {})))
        return accessors, views


def _end(places: dict[str, NDArray], number: int) -> NDArray[np.float64]:
    """Where a segment's bone ends, in its own axes: its end site, or the middle of its children."""
    end = places.get(f'end of {SEGMENTS[number]}')
    if end is not None:
        return end
    children = [SEGMENTS[k] for k, parent in enumerate(SEGMENT_PARENTS) if parent == number]
    return np.mean([places[child] for child in children], axis=0)


def _bone(file: _File, gltf: Any, end: NDArray) -> Any:
    """An octahedron from the origin to ``end``."""
    length = max(float(np.linalg.norm(end)), 0.03)
    along = end / np.linalg.norm(end) if np.linalg.norm(end) > 1e-6 else np.array([0, 1.0, 0])
    side = np.cross(along, [0, 0, 1.0] if abs(along[2]) < 0.9 else [0, 1.0, 0])
    side /= np.linalg.norm(side)
    other, waist = np.cross(along, side), 0.15 * length * along
    ring = [waist + _THICK * length * v for v in (side, other, -side, -other)]
    points = np.array([np.zeros(3), *ring, length * along], np.float32)
    faces = [(0, 1 + (k + 1) % 4, 1 + k) for k in range(4)] + [
        (5, 1 + k, 1 + (k + 1) % 4) for k in range(4)]
    return gltf.Mesh(primitives=[gltf.Primitive(
        attributes=gltf.Attributes(POSITION=file.accessor(points, 'VEC3', _ARRAY, bounds=True)),
        indices=file.accessor(np.array(faces, np.uint16).ravel(), 'SCALAR', _ELEMENTS))])
