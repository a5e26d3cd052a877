# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Judging the recordings of robots: the images of a bag, lifted and measured."""

from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.remembered_detector import Found
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.comparison import Comparison, compare_motions
from mocap23_ros.evaluation.metrics import REPORT_KEYS
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.self_consistency import FIGURES, judge_motion
from mocap23_ros.evaluation.truth_alignment import NOTHING, AlignmentWanted
from mocap23_ros.evaluation.truth_sources import load_truth, load_truth_topic
from mocap23_ros.pipeline.refinement import ALL_STEPS, RefinementSteps
from mocap23_ros.recordings.bag_lifter import BagSource, LiftedBag, check_bag, fitting, lift_bag
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.reporting import Progress, Say, silent
from mocap23_ros.ros.core import Core, create_core, what_is_detected
from mocap23_ros.ros.settings import Settings
from mocap23_ros.skeletons.coco17 import COCO_JOINTS


@dataclass(frozen=True)
class Configuration:
    """How recordings are lifted and judged.

    settings: the parameters of the node. find_input: lift bags that have keypoints and no
    images from the keypoints, also where the settings name a detector. topic, tf_bags: see
    BagSource. truth: file with the true motion. truth_topic: topic of the same bag with the truth.
    truth_mapping, align: see load_truth, align_truth.
    """

    name: str = 'default'
    settings: Settings = field(default_factory=Settings)
    find_input: bool = True
    topic: str | None = None
    tf_bags: tuple[Path, ...] = ()
    truth: Path | None = None
    truth_topic: str | None = None
    truth_mapping: str | None = None
    align: AlignmentWanted = NOTHING

    @property
    def files(self) -> tuple[Path, ...]:
        """What else a row depends on."""
        named = (self.truth, self.truth_mapping)
        return (*self.settings.files, *self.tf_bags, *(Path(name) for name in named if name))


@dataclass
class JudgedBag:
    """bag: where it lies. figures: those that need no truth. comparison: None without a truth.

    settings: the parameters of the node that it was lifted with.
    """

    bag: Path
    lifted: LiftedBag
    figures: dict[str, Any]
    comparison: Comparison | None
    settings: Settings

    @property
    def set_up(self) -> str:
        """What was lifted, and how, in words."""
        usual = Settings()
        told = [f'{f.name}={getattr(self.settings, f.name)}' for f in fields(Settings)
                if getattr(self.settings, f.name) != getattr(usual, f.name)]
        refused = sum(self.lifted.refused.values())
        return (f'{self.lifted.images} images of {self.lifted.topics.input}'
                f'{f", {refused} of them not lifted" if refused else ""}; '
                f'{", ".join(told) or "the defaults of the node"}')


def evaluate_recording(path: Path, configuration: Configuration) -> dict[str, Any]:
    """Return one row of figures of a recording: plain values by name, None where unknown.

    Depends on the recording and the configuration alone. Raises InputError where there is nothing
    to judge.
    """
    judged = judge_bag(path, configuration)
    lifted, comparison = judged.lifted, judged.comparison
    row: dict[str, Any] = {
        'recording': str(path), 'configuration': configuration.name, 'images': lifted.images,
        'refused': sum(lifted.refused.values()), 'topic': lifted.topics[0]}
    row |= judged.figures
    errors = comparison.summary(configuration.name) if comparison is not None else {}
    # The frames of the row are those with an estimate, whether the truth knows them or not.
    row |= {key: errors.get(key, row.get(key)) for key in REPORT_KEYS if key != 'frames'}
    notes = [*lifted.notes, *([*comparison.doubts, *comparison.notes] if comparison else [])]
    row['notes'] = '; '.join(notes) or None
    return row


class FoundPeople:
    """What detectors found in the images of bags, for configurations that share one."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Found] = {}

    def of(self, source: BagSource, settings: Settings) -> Found:
        """People found in this bag with the same detector; empty, to be filled, the first time."""
        return self._found.setdefault((source, what_is_detected(settings)), [])


def judge_bag(path: Path, configuration: Configuration, progress: Progress = silent,
              known: FoundPeople | None = None) -> JudgedBag:
    """Lift a bag and measure the motion; raises InputError.

    known: people found for earlier configurations, so that no detector sees an image twice.
    """
    settings = settings_of(path, configuration)
    source = BagSource(path, configuration.topic, configuration.tf_bags)
    check_bag(source, settings)
    said: list[str] = []
    truth = _truth(path, configuration, said.append)
    lifted = lift_bag(source, settings, core_of(settings), progress,
                      None if known is None else known.of(source, settings))
    # Keypoint recordings, and what is below the floor, are of a world with the floor at z = 0.
    figures = judge_motion(lifted.motion.raised(-settings.floor_height), lifted.observed)
    comparison = None
    if truth is not None:
        # One truth, so any path will do as its name.
        comparison = compare_motions(
            path.stem, [(configuration.name, motion_arrays(lifted.motion), path)], {path: truth},
            configuration.align)
        comparison.notes[:0] = said
    return JudgedBag(path, lifted, figures, comparison, settings)


def settings_of(path: Path, configuration: Configuration) -> Settings:
    """The parameters of the node for a bag; InputError where it cannot be read."""
    settings = configuration.settings
    return fitting(settings, path) if configuration.find_input else settings


def motion_arrays(motion: RecordedMotion) -> MotionArrays:
    """Lifted motion as comparisons take it; without people one column that is never known."""
    if not motion.person_ids.size:
        motion = RecordedMotion.empty(motion.stamps, np.zeros(1, np.int64), motion.joint_names)
    return {'joints': motion.joints.astype(np.float64),
            'covariance': motion.covariance.astype(np.float64), 'contact': motion.contact,
            'stature': motion.stature, 'stamps': motion.stamps,
            'joint_names': np.array(motion.joint_names), 'person_ids': motion.person_ids}


def main_person(motion: RecordedMotion) -> NDArray[np.float64]:
    """Joints [F,17,3] of the person with most frames, all NaN without people."""
    if not motion.person_ids.size:
        return np.full((len(motion.stamps), 17, 3), np.nan)
    frames = np.isfinite(motion.joints[:, :, COCO_JOINTS]).all(-1).any(-1).sum(axis=0)
    return motion.joints[:, int(np.argmax(frames)), COCO_JOINTS].astype(np.float64)


def text_of_figures(figures: dict[str, Any]) -> str:
    """One line for people; what is unknown is left out."""
    shown = [f'{name} {figures[name]:.3g}' if isinstance(figures[name], float)
             else f'{name} {figures[name]}' for name in FIGURES if figures.get(name) is not None]
    return ', '.join(shown)


def _truth(path: Path, configuration: Configuration, say: Say) -> MotionArrays | None:
    if configuration.truth is not None and configuration.truth_topic is not None:
        raise InputError('give the truth as a file or as a topic of the bag, not both')
    if configuration.truth_topic is not None:
        return load_truth_topic(path, configuration.truth_topic,
                                configuration.settings.world_frame, configuration.tf_bags,
                                configuration.truth_mapping, say)
    return None if configuration.truth is None else load_truth(
        configuration.truth, configuration.truth_mapping, say)


# At most one: models are large and slow to load.
_loaded: list[tuple[Settings, RefinementSteps, Core]] = []


def core_of(settings: Settings, refinement: RefinementSteps = ALL_STEPS) -> Core:
    """The core of these settings, that of the last call where it is the same."""
    if _loaded and _loaded[0][:2] == (settings, refinement):
        return _loaded[0][2]
    while _loaded:
        _loaded.pop()[2].close()
    core = create_core(settings, refinement, live=False)
    _loaded.append((settings, refinement, core))
    return core
