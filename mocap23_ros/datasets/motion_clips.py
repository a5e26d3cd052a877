# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion clips packed end to end, and windows of any rate read out of them."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from mocap23_ros.datasets.mocap34 import COUNT, FOOT_JOINTS, JOINT_NAMES
from mocap23_ros.errors import InputError
from mocap23_ros.npz_files import open_npz

CONTACT_SPEED = 0.15   # m/s; a planted foot is slower
CONTACT_HEIGHT = 0.06  # m above the floor


def foot_contact(joints: NDArray[np.float32], fps: float) -> NDArray[np.bool_]:
    """Left and right foot contact of one clip.

    joints: [F,34,3] metres, floor at z = 0. A foot is in contact while its heel, ball or toe tip
    is slower than 0.15 m/s and lower than 6 cm; runs shorter than three frames are filtered out.
    Returns bool [F,2].
    """
    points = joints[:, FOOT_JOINTS]                     # F,2,3,3
    if len(points) < 3:
        return np.asarray((points[..., 2] < CONTACT_HEIGHT).any(axis=2))
    speed = np.linalg.norm(np.gradient(points, 1.0 / fps, axis=0), axis=-1)
    planted = (speed < CONTACT_SPEED) & (points[..., 2] < CONTACT_HEIGHT)
    return median_filter(planted.any(axis=2).astype(np.uint8), size=(5, 1),
                         mode='nearest').astype(bool)


@dataclass(frozen=True)
class MotionClips:
    """C clips of 34-joint motion, z up, floor at z = 0, N frames in all at one rate.

    frames: int16 [N,34,3]; times ``scale`` = metres.
    start, length: int64 [C] first frame and frame count of each clip.
    stature: float32 [C] body height in metres. flat: bool [C], feet rest on z = 0.
    subject, name, description, data_set: [C] strings.
    contact: bool [N,2] left, right foot on the floor.
    acknowledgements: sentences that the owners of the motion want to see wherever it was used.
    """

    frames: NDArray[np.int16]
    scale: float
    fps: float
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    stature: NDArray[np.float32]
    flat: NDArray[np.bool_]
    subject: NDArray[np.str_]
    name: NDArray[np.str_]
    description: NDArray[np.str_]
    data_set: NDArray[np.str_]
    contact: NDArray[np.bool_]
    acknowledgements: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.start)

    @property
    def minutes(self) -> float:
        """Total duration in minutes."""
        return float(self.length.sum() / self.fps / 60)

    def select(self, chosen: NDArray[np.bool_]) -> 'MotionClips':
        """Keep the clips where ``chosen`` [C] is true; frames are shared, not copied."""
        return replace(self, **{key: getattr(self, key)[chosen] for key in
                                ('start', 'length', 'stature', 'flat', 'subject', 'name',
                                 'description', 'data_set')})

    def table_sha256(self) -> str:
        """Identifies motion by its clips: their subjects, lengths and statures.

        Not from the frames, whose last bits differ from machine to machine.
        """
        rows = zip(self.data_set.tolist(), self.subject.tolist(), self.name.tolist(),
                   self.length.tolist(), [f'{height:.3f}' for height in self.stature.tolist()],
                   strict=True)
        return hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()

    def positions(self, clip: int) -> NDArray[np.float32]:
        """Joint positions of one clip, float32 [F,34,3] metres."""
        first = int(self.start[clip])
        return self.frames[first:first + int(self.length[clip])] * np.float32(self.scale)


def pack(motions: list[NDArray[np.float32]], fps: float, stature: NDArray[np.float32],
         flat: NDArray[np.bool_], subject: list[str], name: list[str], description: list[str],
         data_set: str, scale: float = 0.0005) -> MotionClips:
    """Pack float motions [F,34,3] (metres) the way the packed files are and label contact."""
    length = np.array([len(motion) for motion in motions], dtype=np.int64)
    rounded = [np.round(motion / scale).astype(np.int16) for motion in motions]
    frames = np.concatenate(rounded)
    contact = np.concatenate([foot_contact(part * np.float32(scale), fps) for part in rounded])
    return MotionClips(frames, scale, fps, np.cumsum(length) - length, length,
                       np.asarray(stature, np.float32), np.asarray(flat, bool),
                       np.array(subject), np.array(name), np.array(description),
                       np.full(len(motions), data_set), contact)


def merge(first: MotionClips, second: MotionClips) -> MotionClips:
    """Join both sets; they must have the same rate and scale."""
    if first.fps != second.fps or first.scale != second.scale:
        raise InputError('motion sets of different rate or scale cannot be merged; resample one')

    def joined(key: str) -> NDArray:
        return np.concatenate([getattr(first, key), getattr(second, key)])

    return MotionClips(joined('frames'), first.scale, first.fps,
                       np.concatenate([first.start, second.start + len(first.frames)]),
                       joined('length'), joined('stature'), joined('flat'), joined('subject'),
                       joined('name'), joined('description'), joined('data_set'), joined('contact'),
                       tuple(dict.fromkeys(first.acknowledgements + second.acknowledgements)))


def load_packed(path: Path) -> MotionClips:
    """Read a packed motion file (docs/DATA.md has the layout); raises InputError.

    The clips' data_set is the name of the file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f'{path}: no such motion file; set MOCAP23_DATA to the folder that '
                         f'holds cmu/cmu_train.npz')
    try:
        with open_npz(path) as archive:
            values = {key: archive.read(key) for key in
                      ('pos', 'scale', 'fps', 'start', 'length', 'stature', 'flat', 'subject',
                       'name', 'description', 'joint_names')}
    except InputError as error:
        raise InputError(f'{path}: not a packed motion file ({error})') from None
    if values['pos'].ndim != 3 or values['pos'].shape[1:] != (COUNT, 3) \
            or tuple(values['joint_names'].tolist()) != JOINT_NAMES:
        raise InputError(f'{path}: its joints are not the 34 of this project')
    scale, fps = float(values['scale']), float(values['fps'])
    start, length = (values[key].astype(np.int64) for key in ('start', 'length'))
    if len(start) != len(length) or (start < 0).any() \
            or (start + length > len(values['pos'])).any():
        raise InputError(f'{path}: its clip table points outside the frames')
    contact = np.zeros((len(values['pos']), 2), bool)
    for first, count in zip(start, length, strict=True):
        part = values['pos'][first:first + count] * np.float32(scale)
        contact[first:first + count] = foot_contact(part, fps)
    return MotionClips(values['pos'], scale, fps, start, length,
                       values['stature'].astype(np.float32), values['flat'].astype(bool),
                       values['subject'], values['name'], values['description'],
                       np.full(len(start), path.stem), contact)
