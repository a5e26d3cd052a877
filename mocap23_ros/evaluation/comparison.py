# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Several methods against one truth, sequence by sequence or recording by recording."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.metrics import motion_errors, summarise
from mocap23_ros.evaluation.motion_files import (
    MotionArrays,
    files_with_truth,
    load_bag,
    load_motion,
)
from mocap23_ros.evaluation.motion_matching import at_frames_of, match, unmatched
from mocap23_ros.evaluation.recording_scene import merged, motion_scene
from mocap23_ros.evaluation.report_scene import Scene, error_curves
from mocap23_ros.evaluation.truth_alignment import (
    NOTHING,
    Alignment,
    AlignmentWanted,
    align_truth,
    truth_doubts,
)
from mocap23_ros.evaluation.truth_sources import load_truth
from mocap23_ros.evaluation.unpaired_people import UnpairedPeople
from mocap23_ros.plausibility.motion_axes import axes_doubt
from mocap23_ros.reporting import Say, silent
from mocap23_ros.skeletons.coco17 import COCO_JOINTS, HIPS

MOST_SCENES = 8  # recordings that are shown side by side


@dataclass
class Comparison:
    """Errors of every method, sequence by sequence, and motion to look at.

    errors: method -> motion_errors() of each sequence; joints: method -> [F,17,3] of all
    sequences, each moved to its own centre; truth: likewise; stamps: [F] s, running on.
    alignments: truth -> how it was laid over the first method's motion. aligned: the truths so
    laid, at their own frames. doubts: what the first method's motion says against clock and world
    of the truth. scenes: all people of each recording together, none where these are many.
    """

    dataset: str
    fps: float
    errors: dict[str, list[Mapping[str, NDArray[np.float64]]]] = field(default_factory=dict)
    joints: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    truth: list[NDArray[np.float64]] = field(default_factory=list)
    descriptions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    alignments: dict[Path, Alignment] = field(default_factory=dict)
    aligned: dict[Path, MotionArrays] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    scenes: dict[str, Scene] = field(default_factory=dict)

    def add(self, name: str, pred: MotionArrays, true: MotionArrays) -> None:
        """Add one person's estimate and truth (no people axis)."""
        stature = true.get('stature')
        self.errors.setdefault(name, []).append(motion_errors(
            pred['joints'], true['joints'], self.fps, pred.get('covariance'), pred.get('contact'),
            true.get('contact'), pred.get('stature'),
            None if stature is None else float(np.ravel(stature)[0]),
            true.get('camera_position'), true.get('limit')))
        self.joints.setdefault(name, []).append(pred['joints'][:, COCO_JOINTS] - _centre(true))

    def include(self, other: 'Comparison') -> None:
        """Take in the methods of another comparison, with the same truth or of another bag."""
        self.errors |= other.errors
        self.joints |= other.joints
        self.descriptions |= other.descriptions
        self.alignments |= other.alignments
        self.notes += [note for note in other.notes if note not in self.notes]

    def summary(self, name: str) -> dict[str, Any]:
        """All figures of one method."""
        return summarise(self.errors[name])


def _centre(true: MotionArrays) -> NDArray[np.float64]:
    middle = np.nanmean(true['joints'][:, HIPS], axis=(0, 1)) \
        if np.isfinite(true['joints'][:, HIPS]).any() else np.zeros(3)
    return middle * (1, 1, 0)


def compare_on_set(set_name: str, method_names: Sequence[str], lag: int = 0,
                   offline: bool = False, data: Path | str | None = None,
                   sequences: int | None = None, without: Sequence[str] = (),
                   progress: Say = silent, body_models: Path | None = None) -> Comparison:
    """Run methods on an evaluation set; raises InputError for unknown names.

    set_name, data, sequences, body_models: as make_set takes them.
    """
    from mocap23_ros.evaluation.methods import method

    methods: dict[str, Callable[[MotionArrays], MotionArrays]] = {}
    for name in method_names:
        label, run = method(name, lag, offline, data, without)
        if label in methods:
            raise InputError(f'two methods are called {label}; tell them apart: LABEL=METHOD')
        methods[label] = run
    descriptions = {name: 'all frames' if offline or name == 'optimisation'
                    else f'streaming, lag {lag} frames' for name in methods}
    return compare_methods(set_name, methods, descriptions, data, sequences, progress,
                           body_models)


def compare_methods(set_name: str, methods: Mapping[str, Callable[[MotionArrays], MotionArrays]],
                    descriptions: Mapping[str, str], data: Path | str | None = None,
                    sequences: int | None = None, progress: Say = silent,
                    body_models: Path | None = None) -> Comparison:
    """Run like ``compare_on_set``, for methods that are loaded already, by label."""
    from mocap23_ros.evaluation.sets import check_set, make_set

    reported = check_set(set_name, body_models)
    recordings = make_set(set_name, data, sequences, body_models)
    result = Comparison(reported, recordings[0].fps, descriptions=dict(descriptions))
    for number, recording in enumerate(recordings):
        progress(f'{reported} {number + 1}/{len(recordings)} {recording.name}')
        truth = {key: value[:, 0] if key in ('joints', 'contact', 'limit') else value
                 for key, value in recording.truth().items()}
        result.truth.append(truth['joints'] - _centre(truth))
        for name, run in methods.items():
            estimate = run(recording.lift_input)
            result.add(name, {key: estimate[key][:, 0] for key in
                              ('joints', 'covariance', 'contact', 'stature') if key in estimate},
                       truth)
    return result


def compare_files(preds: Sequence[str] | None, bag: Path | None, topic: str | None, truth: Path,
                  mapping: str | None = None, align: AlignmentWanted = NOTHING
                  ) -> Comparison:
    """Compare motion files ([NAME=]path, files or folders) or a bag with a truth; InputError.

    mapping: see load_truth. Notes of the result name the methods that have no estimate in time for
    some frames of the truth.
    """
    pairs: list[tuple[str, MotionArrays, Path]] = []
    if bag is not None:
        pairs.append((bag.stem or bag.name, load_bag(bag, topic), truth))
    for name, path in _named(preds or ()).items():
        pairs += [(name, load_motion(file), own) for file, own in files_with_truth(path, truth)]
    said: list[str] = []
    truths = {path: load_truth(path, mapping, said.append)
              for path in dict.fromkeys(path for _, _, path in pairs)}
    result = compare_motions(truth.stem, pairs, truths, align)
    result.notes[:0] = said
    return result


def compare_motions(dataset: str, pairs: Sequence[tuple[str, MotionArrays, Path]],
                    truths: Mapping[Path, MotionArrays], align: AlignmentWanted = NOTHING
                    ) -> Comparison:
    """Compare motions with truths; pairs: method, its motion, which truth. InputError.

    align: how a truth is first laid over the motion of the first method that has it.
    """
    result = Comparison(dataset, 30.0)
    aligned = []
    for name, estimate, path in pairs:
        true = truths[path]
        if align != NOTHING:
            wanted = replace(align, known=result.alignments.get(path, align.known))
            true, alignment = align_truth(estimate, true, wanted)
            if path not in result.alignments:
                result.alignments[path] = alignment
                result.notes.append(alignment.words())
        if path not in result.aligned:
            result.aligned[path] = true
            doubts = truth_doubts(estimate, true, align)
            result.doubts += [f'{path.stem}: {doubt}' if len(truths) > 1 else doubt
                              for doubt in doubts]
        true, note = at_frames_of(estimate, true)
        result.notes += [note] if note and note not in result.notes else []
        aligned.append((name, estimate, path, true))
    stamps = aligned[0][3]['stamps']
    if len(stamps) > 1:
        result.fps = 1.0 / float(np.median(np.diff(stamps)))
    result.notes += unmatched(aligned)
    shown: set[tuple[Path, int]] = set()
    doubted: set[str] = set()
    scenes: dict[str, list[Scene]] = {}
    unpaired: dict[str, UnpairedPeople] = {}
    for name, estimate, path, whole in aligned:
        matched = match(estimate, whole)
        unpaired.setdefault(name, UnpairedPeople()).add(estimate, whole, matched)
        if len(truths) <= MOST_SCENES:
            errors = error_curves(name, whole['stamps'] - estimate['stamps'][0], *(
                np.stack([side['joints'] for side in sides], axis=1)
                for sides in list(zip(*matched, strict=True))[1:]))
            scenes.setdefault(path.stem, []).append(
                motion_scene(name, estimate, whole, errors))
        for person, pred, true in matched:
            result.add(name, pred, true)
            doubt = axes_doubt(pred['joints'], true['joints'])
            if doubt and name not in doubted:
                doubted.add(name)
                result.notes.append(f'{name}: {doubt}')
            if (path, person) not in shown:
                shown.add((path, person))
                result.truth.append(true['joints'][:, COCO_JOINTS] - _centre(true))
    result.notes += filter(None, (people.words(name) for name, people in unpaired.items()))
    result.scenes = {place: merged(parts) for place, parts in scenes.items()}
    return result


def _named(preds: Sequence[str]) -> dict[str, Path]:
    """Paths by the name of the method, given or that of the file."""
    named: dict[str, Path] = {}
    for text in preds:
        name, _, path_text = ('', '', text) if Path(text).exists() else text.rpartition('=')
        path = Path(path_text)
        name = name or (path.name if path.is_dir() else path.stem)
        if name in named:
            raise InputError(f'two predictions are called {name}; tell them apart: --pred '
                             'NAME=PATH')
        named[name] = path
    return named
