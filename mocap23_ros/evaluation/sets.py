# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation sets by name: synthetic ones, and the four real cameras of the sample."""

from pathlib import Path

import numpy as np

from mocap23_ros.datasets import evaluation_sets
from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.demo.archive import CAMERA_NAMES
from mocap23_ros.evaluation.external_protocols import (
    PROTOCOL_NAMES,
    check_protocol,
    is_protocol,
    protocol_sequences,
)
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

REAL_SETS = {'sample': CAMERA_NAMES, **{f'sample_{name}': (name,) for name in CAMERA_NAMES}}
"""Cameras of each real set, by its name."""
SET_NAMES = (f'synthetic {evaluation_sets.SET_NAMES}; real video {", ".join(REAL_SETS)}; '
             f'of other papers, as PROTOCOL=FOLDER, {PROTOCOL_NAMES}')
"""As users read them."""

_REPEATS = 3  # forwards and backwards, so that a stream settles


def check_set(name: str, body_models: Path | None = None) -> str:
    """The name that a set is reported under; InputError as evaluation_sets.check_evaluation_set."""
    if is_protocol(name):
        return check_protocol(name, body_models)
    return name if name in REAL_SETS else evaluation_sets.check_evaluation_set(name, body_models)


def make_set(name: str, data: Path | str | None = None, limit: int | None = None,
             body_models: Path | None = None) -> list[EvaluationSequence]:
    """Make a set; data, limit, body_models and InputError as make_evaluation_set."""
    if name in REAL_SETS:
        return _make_real_set(name)[:limit]
    if is_protocol(name):
        return protocol_sequences(name, limit, body_models)
    return evaluation_sets.make_evaluation_set(name, data, limit, body_models)


def _make_real_set(name: str) -> list[EvaluationSequence]:
    """A man as the default detector sees him: 100 frames at 60 Hz, played to and fro, per camera.

    The truth is of all four views, good to 1 to 2 cm; contacts and stature are not known. The
    video is fetched at first use; InputError where that is not possible.
    """
    from mocap23_ros.demo.take import load_take, recorded

    take = load_take()
    there_and_back = np.concatenate([np.arange(100), np.arange(98, 0, -1)])
    order = np.tile(there_and_back, _REPEATS)
    joints = take.truth.joints[order, COCO_JOINTS].astype(np.float32)
    joints[..., 2] -= take.floor_height
    sequences = []
    for camera_name in REAL_SETS[name]:
        camera = take.camera(camera_name)
        keypoints = take.keypoints[CAMERA_NAMES.index(camera_name)]
        lift_input = recorded(camera, keypoints[order][:, None],
                              np.arange(len(order)) / take.fps, take.floor_height).arrays()
        missed = keypoints[..., :2] - camera.project(take.truth.joints[:, COCO_JOINTS])
        position = np.tile(lift_input['world_T_camera'][:3, 3], (len(order), 1))
        sequences.append(EvaluationSequence(
            camera_name, 'a man lifts a leg on a beam, real video', lift_input, joints,
            np.zeros((len(order), 2), np.float32), float('nan'), False, position,
            1.4826 * float(np.nanmedian(np.abs(missed)))))
    return sequences
