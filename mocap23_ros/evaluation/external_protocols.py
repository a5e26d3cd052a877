# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate --set PROTOCOL=FOLDER``: data sets as other papers evaluate on them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.datasets.licensed.aistpp import listed, load_aistpp
from mocap23_ros.datasets.licensed.data_sets import checked_folder, laid_out
from mocap23_ros.datasets.licensed.emdb import emdb_videos
from mocap23_ros.datasets.licensed.protocols import Protocol, Video, with_keypoints
from mocap23_ros.datasets.licensed.rich import whole_videos, windows_with_given_2d
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.matched_people import coco_people, in_order_of_truth
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import resized_pixels

DETECTOR = 'blazepose'
_ANYWHERE = 0.1  # OKS: badly detected people count, too
_VIEWS = 9

_SMPLX, _SMPL = ('smplx/SMPLX_*.npz',), ('smpl/SMPL_*.npz',)


def _aistpp(root: Path, body_models: Path | None) -> list[Callable[[], Video]]:
    bad = listed(root / 'ignore_list.txt') or set()
    only = listed(root / 'splits' / 'pose_test.txt')
    names = [path.stem for path in sorted((root / 'keypoints3d').glob('*.pkl'))
             if path.stem not in bad and (only is None or path.stem in only)]

    def load(name: str, view: int) -> Video:
        return Video(load_aistpp(root, name, view), np.zeros((0, 17, 2)))
    return [partial(load, name, view) for name in names for view in range(_VIEWS)]


PROTOCOLS = {
    'rich52': Protocol('RICH', windows_with_given_2d, 'bodies/test/*/*/*.pkl', _SMPLX),
    'rich191': Protocol('RICH', whole_videos, 'bodies/test/*/*/*.pkl', _SMPLX),
    'emdb1': Protocol('EMDB', partial(emdb_videos, 'emdb1'), 'P*/*/*_data.pkl', _SMPL),
    'emdb2': Protocol('EMDB', partial(emdb_videos, 'emdb2'), 'P*/*/*_data.pkl', _SMPL),
    'aistpp2d': Protocol('AIST++', _aistpp, 'keypoints3d/*.pkl'),
}
PROTOCOL_NAMES = ', '.join(PROTOCOLS)


def is_protocol(text: str) -> bool:
    """Whether the text names a PROTOCOL=FOLDER."""
    return text.partition('=')[0] in PROTOCOLS


def check_protocol(text: str, body_models: Path | None) -> str:
    """Return the protocol's name; InputError where a folder, file or body model is absent."""
    name, _, where = text.partition('=')
    checked_folder(name, PROTOCOLS[name], where, body_models)
    return name


def protocol_sequences(text: str, limit: int | None, body_models: Path | None
                       ) -> list[EvaluationSequence]:
    """Load the videos, limit of them spread over all, and find people in their images."""
    name, _, where = text.partition('=')
    protocol = PROTOCOLS[name]
    folder = checked_folder(name, protocol, where, body_models)
    with laid_out(folder, protocol.title):
        videos = protocol.find(folder, body_models)
        if not videos:
            raise InputError(f'{folder}: no video belongs to {name}')
        if limit is not None and limit < len(videos):
            videos = [videos[i] for i in np.linspace(0, len(videos) - 1, limit).astype(int)]
        return [_sequence(load()) for load in videos]


def _sequence(video: Video) -> EvaluationSequence:
    if not video.images:
        return video.sequence
    size = tuple(int(side) for side in video.sequence.lift_input['image_size'])
    with closing(create_detector(DETECTOR)) as detector:
        found = in_order_of_truth(video.projected[:, None],
                                  _full_size(coco_people(detector, _images(video)), video, size),
                                  _ANYWHERE)
    return with_keypoints(video, found[:, 0], DETECTOR)


def _images(video: Video) -> Iterator[NDArray[np.uint8]]:
    for path in video.images:
        image = cv2.imread(str(path))
        if image is None:
            raise InputError(f'{path}: cannot be read')
        yield np.asarray(image, np.uint8)


def _full_size(people: Iterator[NDArray], video: Video, size: tuple[int, ...]
               ) -> Iterator[NDArray]:
    """Scale keypoints to pixels of the calibration: RICH offers smaller images, too."""
    first = cv2.imread(str(video.images[0]))
    if first is None:
        raise InputError(f'{video.images[0]}: cannot be read')
    scale = np.array(size) / first.shape[1::-1]
    if abs(scale[0] / scale[1] - 1) > 0.02:
        raise InputError(f'{video.images[0]}: {first.shape[1]} x {first.shape[0]} px are not the '
                         f'{size[0]} x {size[1]} of the calibration, nor a smaller copy')
    for found in people:
        found = found.copy()
        found[..., :2] = resized_pixels(found[..., :2], scale)
        yield found
