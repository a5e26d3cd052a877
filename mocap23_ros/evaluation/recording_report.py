# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The report of bags: configurations and recordings side by side, with or without a truth."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.comparison import Comparison, compare_motions
from mocap23_ros.evaluation.comparison_report import table, write_comparison
from mocap23_ros.evaluation.machine_description import hardware_line
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import in_rows, match_frames
from mocap23_ros.evaluation.recording_evaluation import JudgedBag, main_person, motion_arrays
from mocap23_ros.evaluation.recording_scene import merged, motion_scene, with_camera
from mocap23_ros.evaluation.report import write_report
from mocap23_ros.evaluation.report_contents import LiveFigures, MethodResult, Report
from mocap23_ros.evaluation.report_scene import Scene
from mocap23_ros.recordings.recorded_motion import RecordedMotion

NO_TRUTH = 'There is no truth: the figures tell what cannot be right, not how far it is off.'


class Played(Protocol):
    """The result of a live run of a configuration; see ``live/bag_run.py``."""

    @property
    def figures(self) -> dict[str, Any]:
        """Entries of report.json."""

    @property
    def latencies_ms(self) -> NDArray[np.float64]:
        """Latency of every published frame."""

    @property
    def memory_mb(self) -> NDArray[np.float64]:
        """Memory of the node [M,2]: s, MB."""

    @property
    def motion(self) -> RecordedMotion:
        """What was published, at the stamps of the bag."""

    @property
    def notes(self) -> list[str]:
        """Sentences for the user."""


def names_of(bags: Iterable[Path]) -> dict[Path, str]:
    """Names of the bags, with that of the folder where two would be the same."""
    paths = list(dict.fromkeys(bags))
    names = [path.name for path in paths]
    return {path: path.name if names.count(path.name) == 1 else f'{path.parent.name}/{path.name}'
            for path in paths}


def write_recording_report(judged: Mapping[str, JudgedBag], folder: Path,
                           played: Mapping[str, Played], floor_height: float = 0.0
                           ) -> dict[str, Any]:
    """Write report.json and report.html; returns the JSON document.

    judged, played: by the names of the configurations, those of all bags; played is empty without
    a live run. Several bags play side by side, each from its own beginning. floor_height: m, in
    the world. Raises InputError where the folder cannot be written.
    """
    facts = {name: result.set_up for name, result in judged.items()}
    further: dict[str, Any] = {'recording': {name: {
        'bag': result.bag.name, 'topics': list(result.lifted.topics),
        'images': result.lifted.images, 'refused': result.lifted.refused, 'figures': result.figures}
        for name, result in judged.items()}}
    notes = [f'{name}: {note}' for name, result in judged.items()
             for note in [*result.lifted.notes, *(played[name].notes if played else ())]]
    live = None
    if played:
        live = LiveFigures({name: run.latencies_ms for name, run in played.items()},
                           {name: run.memory_mb for name, run in played.items()})
        # Those at the top are of the first, as in the report of a single live run.
        further |= next(iter(played.values())).figures
        further['live'] = {name: run.figures for name, run in played.items()}
        facts['Machine'] = hardware_line()
    places = names_of(result.bag for result in judged.values())
    lives = {name: _judged_live(judged[name], _live_name(name), run)
             for name, run in played.items()}
    scenes = {place: _scene({name: result for name, result in judged.items()
                             if result.bag == bag}, played, lives, floor_height)
              for bag, place in places.items()}
    title = ', '.join(places.values())
    comparisons = [result.comparison for result in judged.values() if result.comparison]
    if comparisons:
        together = comparisons[0]
        for other in [*comparisons[1:], *filter(None, lives.values())]:
            together.include(other)
        firsts = {result.bag: result.comparison for result in [*judged.values()][::-1]}
        together.doubts = [
            doubt if len(places) == 1 else f'{place}: {doubt}' for bag, place in places.items()
            for first in filter(None, [firsts[bag]]) for doubt in first.doubts]
        together.notes += notes
        together.scenes, together.dataset = scenes, title
        print(table(together))
        return write_comparison(together, folder, further, facts, live, floor_height)
    methods, stamps = [], next(iter(judged.values())).lifted.motion.stamps
    for name, result in judged.items():
        joints = main_person(result.lifted.motion)
        methods.append(MethodResult(
            name, 'the person who is seen most', {
                'jitter_10ms3': result.figures['jitter_10ms3'],
                'frames': result.figures['frames']}, _at(stamps, result, joints)))
    fps = 1 / float(np.median(np.diff(stamps))) if len(stamps) > 1 else 30.0
    return write_report(Report(
        f'mocap23 evaluate: {title}', title, fps, stamps - stamps[0],
        np.full((len(stamps), 17, 3), np.nan), methods, live=further, facts=facts, runs=live,
        notes=[NO_TRUTH, *notes], floor_height=floor_height, scenes=scenes), folder)


def _scene(judged: Mapping[str, JudgedBag], played: Mapping[str, Played],
           lives: Mapping[str, Comparison | None], floor_height: float) -> Scene:
    """All configurations and live runs, with the camera and its keypoints as the first has them."""
    scenes = []
    for name, result in judged.items():
        motion = motion_arrays(result.lifted.motion)
        known = _scene_of(result.comparison)
        scenes.append(with_camera(known or motion_scene(name, motion), name,
                                  float(motion['stamps'][0]), result.lifted.observed,
                                  floor_height))
    for name, run in played.items():
        scenes.append(_scene_of(lives[name])
                      or motion_scene(_live_name(name), _live_arrays(judged[name], run)))
    return merged(scenes)


def _scene_of(comparison: Comparison | None) -> Scene | None:
    """The scene of a comparison of one recording."""
    return None if comparison is None else next(iter(comparison.scenes.values()))


def _live_name(name: str) -> str:
    return f'{name}, live'


def _live_arrays(result: JudgedBag, run: Played) -> MotionArrays:
    """Results of the node at the stamps of all images; NaN where it published nothing."""
    images: MotionArrays = {'stamps': result.lifted.motion.stamps}
    if not len(run.motion.stamps):
        return motion_arrays(RecordedMotion.empty(
            images['stamps'], run.motion.person_ids, run.motion.joint_names))
    motion = motion_arrays(run.motion)
    match = match_frames(motion, images)
    return motion | images | {key: in_rows(match.near, motion[key][match.row]) for key in
                              ('joints', 'covariance', 'contact', 'stature')}


def _judged_live(result: JudgedBag, name: str, run: Played) -> Comparison | None:
    """The published motion beside the truth, aligned as for the configuration."""
    if result.comparison is None:
        return None
    (path, truth), = result.comparison.aligned.items()
    compared = compare_motions(result.comparison.dataset,
                               [(name, _live_arrays(result, run), path)], {path: truth})
    compared.descriptions[name] = 'as published in real time; latency is not in it'
    return compared


def _at(stamps: NDArray, result: JudgedBag, joints: NDArray) -> NDArray:
    """Joints at the stamps of the first configuration, which has one for every image."""
    own = result.lifted.motion.stamps
    rows = np.clip(np.searchsorted(own, stamps), 0, len(own) - 1)
    return np.where((own[rows] == stamps)[:, None, None], joints[rows], np.nan)
