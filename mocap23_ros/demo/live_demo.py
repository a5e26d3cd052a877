# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The whole demo: real video, ROS node, bag, comparison with the truth, report."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.demo.demo_overlay import write_overlay
from mocap23_ros.demo.demo_report import (
    detection_error_px,
    judge,
    limit_of,
    live_motion,
    skeleton_arrays,
    truth_figures,
    truth_notes,
)
from mocap23_ros.demo.demo_scene import demo_scene
from mocap23_ros.demo.other_methods import offline_motions
from mocap23_ros.demo.played_take import LivePlan, play_take
from mocap23_ros.demo.take import SampleTake, load_take
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.machine_description import commit_line, hardware_line
from mocap23_ros.evaluation.report import plain, write_report
from mocap23_ros.evaluation.report_contents import LiveFigures, Report
from mocap23_ros.evaluation.report_scene import root_errors_mm
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun, read_run
from mocap23_ros.live.run_statistics import live_figures
from mocap23_ros.reporting import StepProgress

OUTPUTS = ('report.json', 'report.html', 'overlay.mp4', 'skeletons.npz', 'camera.yaml', 'bag')


@dataclass(frozen=True)
class DemoOptions:
    """What the user chose; see ``mocap23 demo --help``."""

    out: Path
    camera: str = 'cam01'
    seconds: float = 20.0
    rate: float = 15.0
    scale: float = 0.5
    transport: str = 'raw'
    lifter: str = 'diffusion'
    tier: str | None = None
    steps: int | None = None
    multi_person: bool = False
    max_people: int = 1
    sample_wheel: Path | None = None
    command: str = 'mocap23 demo'


def run_demo(options: DemoOptions, report: StepProgress) -> dict[str, Any]:
    """Run the demo and leave OUTPUTS in options.out; returns the content of report.json.

    Outputs of an earlier run are replaced only when everything is done. Raises InputError for
    what the user can correct.
    """
    take = load_take(options.sample_wheel, report)
    plan = _plan(take, options)
    try:
        logs = options.out / 'logs'
        logs.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=options.out, prefix='.unfinished-'))
    except OSError as error:
        raise InputError(f'{options.out} cannot be written ({error.strerror}); give another '
                         '--out') from None
    try:
        live = play_take(plan, work, logs, report)
        document = _evaluate(take, plan, live, options, work, report)
        _move_into_place(work, options.out)
        return document
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _plan(take: SampleTake, options: DemoOptions) -> LivePlan:
    camera = take.camera(options.camera)
    if options.scale != 1:
        camera = camera.resized([max(2, 2 * round(options.scale * side / 2))
                                 for side in camera.model.image_size])
    videos = take.files.multi_person_videos if options.multi_person else take.files.videos
    parameters: dict[str, object] = {'lifter': options.lifter,
                                     'max_people': options.max_people}
    if options.tier is not None:
        parameters['tier'] = options.tier
    if options.steps is not None:
        parameters['steps'] = options.steps
    return LivePlan(camera, videos[options.camera], len(take.truth.joints), take.fps,
                    options.rate, options.seconds, options.transport, take.floor_height,
                    parameters)


def _evaluate(take: SampleTake, plan: LivePlan, live: LiveRun, options: DemoOptions,
              folder: Path, report: StepProgress) -> dict[str, Any]:
    report('read the bag', 0, 1)
    run = read_run(live.bag)
    report('read the bag', 1, 1)
    truth = take.truth.joints[live.frames]
    person_id, view_error = _match_person(take, plan, live, run)
    motions = [live_motion(live, run, person_id)]
    others, left_out = offline_motions(plan, live, run, person_id, report)
    motions += others
    limit = limit_of(truth, plan.camera, plan.floor_height, view_error)
    methods = [judge(motion, truth, plan.rate, plan.camera, limit)
               for motion in motions]
    picture, codec = write_overlay(
        folder / 'overlay.mp4', plan, live, run, truth, root_errors_mm(methods[0].joints, truth),
        lambda done, total: report('draw overlay.mp4', done, total))
    write_npz(folder / 'skeletons.npz', skeleton_arrays(run, plan.floor_height))
    figures = live_figures(live, run)
    figures |= {'truth': plain(truth_figures(take)), 'people': len(run.people.person_ids),
                'view_error_px': plain(view_error), 'hardware': hardware_line(),
                'commit': commit_line(), 'command': options.command}
    latency = 1000 * run.latency[np.isfinite(run.latency)]
    runs = LiveFigures({methods[0].name: latency}, {methods[0].name: live.memory_mb})
    stamps = (live.stamps_ns - live.stamps_ns[0]) * 1e-9
    report('write the report', 0, 1)
    document = write_report(Report(
        title='mocap23 demo: real video through the ROS 2 node',
        dataset=_dataset(options), fps=plan.rate, stamps=stamps, truth=truth, methods=methods,
        floor_height=plan.floor_height, live=figures, runs=runs,
        facts=_facts(plan, options, figures, codec, left_out),
        notes=truth_notes(take, plan.camera, view_error), picture=picture or None,
        scenes={'': demo_scene(plan, live, run, truth, methods)}), folder)
    report('write the report', 1, 1)
    return document


def _match_person(take: SampleTake, plan: LivePlan, live: LiveRun,
                  run: RecordedRun) -> tuple[int | None, float]:
    """Id of the person whose keypoints fit the projected truth best, and by how many px.

    By the 2D detections alone, as is usual; the error in 3D does not count.
    """
    frame_of = dict(zip(live.stamps_ns.tolist(), live.frames.tolist(), strict=True))
    known = [row for row, stamp in enumerate(run.keypoint_stamps_ns.tolist())
             if stamp in frame_of]
    frames = np.array([frame_of[int(run.keypoint_stamps_ns[row])] for row in known], int)
    best, best_error, best_count = None, float('nan'), 0.0
    for person_id, keypoints in run.keypoints.items():
        error = detection_error_px(take, plan.camera, keypoints[known], frames)
        height = plan.camera.model.image_size[1]
        count = float(np.isfinite(error).any(1).sum()) if len(error) else 0.0
        median = float(np.nanmedian(error)) if np.isfinite(error).any() else np.inf
        if median < 0.1 * height and count > best_count:
            best, best_error, best_count = person_id, median, count
    return best, best_error


def _dataset(options: DemoOptions) -> str:
    kind = ('the man and a composited woman' if options.multi_person
            else 'a man walks along a beam')
    return (f'Pose2Sim demo recording ({kind}), camera {options.camera}, real video with '
            'reference motion from four views')


def _facts(plan: LivePlan, options: DemoOptions, figures: dict[str, Any],
           codec: str, left_out: dict[str, str]) -> dict[str, str]:
    width, height = plan.camera.model.image_size
    memory, truth = figures['memory_mb'], figures['truth']
    return {
        'Command': options.command, 'Commit': figures['commit'],
        'Machine': figures['hardware'],
        'Input': f'{width} x {height} px, {plan.rate:g} Hz, {plan.transport} images, '
                 f'{figures["frames_in"]} images in {options.seconds:g} s',
        'Node': ', '.join(f'{key} {value}' for key, value in plan.node_parameters.items())
                + f', floor_height {plan.floor_height:g} m',
        'Frames': f'{figures["frames_in"]} in, {figures["frames_out"]} out, '
                  f'{figures["frames_dropped"]} dropped; {figures["people"]} people followed',
        'Node load': f'{figures["node_cpu_cores"]:.2f} cores'
                     + (f', {memory["end"]:.0f} MB' if memory['end'] is not None else ''),
        'Truth': f'{truth["source"]}; bone lengths scatter by '
                 f'{truth["bone_length_sd_mm_median"]:.0f} mm',
        'Files': f'skeletons.npz, bag/ (MCAP), overlay.mp4 ({codec}), camera.yaml beside this '
                 'page',
        'Left out': '; '.join(f'{name}: {reason}' for name, reason in left_out.items())
                    or 'nothing',
        'Source of the video': 'pose2sim 0.10.49, BSD-3-Clause, (c) 2022 perfanalytics',
    }


def _move_into_place(work: Path, out: Path) -> None:
    for name in OUTPUTS:
        source, target = work / name, out / name
        if not source.exists():
            continue
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(source, target)
