# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the options of ``mocap23 lift``, and finds the files that it works on."""

import argparse
from pathlib import Path

from mocap23_ros.cli.bag_arguments import check_bag_options
from mocap23_ros.cli.batch_arguments import check_batch_options
from mocap23_ros.cli.lift_sources import check_camera
from mocap23_ros.cli.option_checks import check_numbers, option, refuse
from mocap23_ros.cli.viewer_arguments import check_viewers, wants_viewer
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.network.tiers import find_tier
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.refinement import RefinementSteps
from mocap23_ros.pipeline.streaming_lifter import MAXIMUM_LAG
from mocap23_ros.recordings.imports.keypoint_formats import is_foreign
from mocap23_ros.recordings.motion_exports import EXPORT_FORMATS
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.recordings.recording_checks import check_liftable
from mocap23_ros.writable_places import check_writable


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together and places that cannot be written; InputError."""
    foreign = check_camera(arguments)
    check_bag_options(arguments)
    check_batch_options(arguments)
    if arguments.bags:
        _check_bags(arguments)
    if (arguments.bag or arguments.bags) and arguments.mode == 'offline':
        raise InputError('--mode offline goes with --keypoints and --video; of a bag, save the '
                         'keypoints with --save-keypoints FILE.npz and lift these')
    if arguments.camera and arguments.keypoints and not foreign:
        raise InputError('--camera goes with --video, --bag or keypoints of other programs; npz '
                         'files hold their own camera')
    if arguments.fps is not None and not (arguments.video or foreign):
        raise InputError('--fps goes with --video or keypoints of other programs; npz files and '
                         'bags hold their stamps')
    if arguments.rectified and arguments.keypoints and not foreign:
        raise InputError('--rectified goes with --video, --bag or keypoints of other programs; '
                         'npz files hold their own camera')
    if arguments.save_keypoints and not arguments.bags:
        _check_save_keypoints(arguments)
    if arguments.mode == 'offline' and arguments.lag:
        raise InputError('--lag goes with --mode streaming; offline uses all frames anyway')
    check_numbers(arguments, fps=(0.1, 1000), lag=(0, MAXIMUM_LAG), steps=(1, 1000))
    if arguments.lifter not in (None, 'diffusion'):
        refuse(arguments, ('tier', 'backend', 'precision', 'steps'),
               f'goes with the learned lifter; leave it out, or --lifter {arguments.lifter}')
    if arguments.tier is not None:
        find_tier(arguments.tier)
    if wants_viewer(arguments) and (
            arguments.bags or arguments.keypoints and arguments.keypoints.is_dir()
            and not foreign):
        raise InputError(f'{wants_viewer(arguments)} is of one recording')
    check_viewers(arguments)
    RefinementSteps.without(arguments.without)
    CameraPoseUncertainty(*arguments.camera_sd or ())
    if arguments.smpl_mesh is not None and not arguments.smpl_model:
        raise InputError('--smpl-mesh needs --smpl-model FILE.npz')
    if arguments.smpl_mesh is not None and arguments.smpl_mesh < 0:
        raise InputError('--smpl-mesh counts frames from 0')
    if arguments.bvh:
        _check_bvh(arguments)


def _check_bags(arguments: argparse.Namespace) -> None:
    """Results of many bags go into folders."""
    refuse(arguments, ('bvh', 'smpl_model'),
           'does not go with --bags; lift the bags that you want it of alone')
    for name in ('out', 'save_keypoints'):
        folder: Path | None = getattr(arguments, name)
        if folder is not None and folder.exists() and not folder.is_dir():
            raise InputError(f'{option(name)} {folder} is a file; with --bags it must be a folder')
    if arguments.save_keypoints and arguments.save_keypoints.absolute() == \
            arguments.out.absolute():
        raise InputError('--save-keypoints is --out too; give another folder')


def _check_save_keypoints(arguments: argparse.Namespace) -> None:
    target: Path = arguments.save_keypoints
    if arguments.keypoints and not is_foreign(arguments.keypoints):
        raise InputError('--save-keypoints goes with --video, --bag or keypoints of other '
                         'programs; these are in an npz already')
    if target.suffix != '.npz' or target.is_dir():
        raise InputError(f'--save-keypoints {target} must be a file whose name ends in .npz')
    if target.absolute() == _result(
            arguments.out, arguments.video or arguments.bag or arguments.keypoints).absolute():
        raise InputError('--save-keypoints is --out too; give another name')
    check_writable(target)


def _result(target: Path, source: Path) -> Path:
    """--out, or the file in it where it is a folder."""
    return target / f'{source.stem}.npz' if target.is_dir() else target


def _check_bvh(arguments: argparse.Namespace) -> None:
    target: Path = arguments.bvh
    is_file = target.suffix.lower() == '.bvh'
    if is_file and arguments.keypoints and arguments.keypoints.is_dir() \
            and not is_foreign(arguments.keypoints):
        raise InputError('--bvh must be a folder when --keypoints is one')
    if target.exists() and target.is_dir() == is_file:
        raise InputError(f'--bvh {target} is a {"folder" if is_file else "file"}; give a folder, '
                         'or a file whose name ends in .bvh')
    check_writable(target if is_file else target / 'person.bvh')


def find_jobs(arguments: argparse.Namespace) -> list[tuple[Path, Path]]:
    """(source, target) pairs, checked before any model is loaded; InputError."""
    source: Path = arguments.video or arguments.bag or arguments.keypoints
    target: Path = arguments.out
    if arguments.keypoints and source.is_dir() and not is_foreign(source):
        files = sorted(p for p in source.glob('*.npz') if p.is_file())
        if not files:
            inside = sorted(p.name for p in source.iterdir() if p.is_dir() and is_foreign(p))
            hint = f'; give one of its folders {", ".join(inside)[:200]}' if inside else ''
            raise InputError(f'{source} has no *.npz, *.json or *.trc files{hint}')
        if target.exists() and not target.is_dir():
            raise InputError(f'--out {target} is a file; it must be a folder when --keypoints is')
        if target.exists() and target.samefile(source):
            raise InputError('--out is the folder of the input; give another one, results have '
                             'the names of the inputs')
        jobs = [(file, target / file.name) for file in files]
        for _, result in jobs:
            check_writable(result)
        return jobs
    if not source.exists():
        raise InputError(f'{source}: no such file or folder')
    target = _result(target, source)
    if target.exists() and target.samefile(source):
        raise InputError('--out is the input file; give another name')
    if target.suffix.lower() in EXPORT_FORMATS:
        raise InputError(f'--out {target} must end in .npz; mocap23 export-motion then writes '
                         f'{target.suffix}')
    check_writable(target)
    return [(source, target)]


def check_files(arguments: argparse.Namespace, jobs: list[tuple[Path, Path]]) -> None:
    """Read every keypoint file, so that a bad one stops the work before any is lifted; InputError.

    The one line tells what is wrong with the first and names the others.
    """
    problems: dict[str, str] = {}
    for source, target in jobs:
        try:
            check_recording(arguments, load_recording(source), source, target)
        except InputError as error:
            problems[source.name] = str(error)
    if problems:
        first, *others = problems
        also = f'; also not usable: {", ".join(others)[:400]}' if others else ''
        raise InputError(f'{problems[first]}{also} (of {len(jobs)} files, none was lifted)')


def check_recording(arguments: argparse.Namespace, recording: KeypointRecording, source: Path,
                    target: Path) -> list[int]:
    """Refuse what cannot be lifted as the arguments want it, or not be written beside target.

    Returns the persons who are never seen.
    """
    with errors_of(source):
        if arguments.bvh:
            from mocap23_ros.recordings.uniform_poses import uniform_times
            uniform_times(recording.stamps)  # refuses what is too long
        unseen = check_liftable(recording)
    if arguments.smpl_mesh is not None and arguments.smpl_mesh >= recording.frames:
        raise InputError(f'--smpl-mesh {arguments.smpl_mesh}: {source} has the frames 0 to '
                         f'{recording.frames - 1}')
    if arguments.smpl_model is not None:
        from mocap23_ros.recordings.smpl_motion_file import check_smpl_places
        people = recording.keypoints.shape[1]
        seen = [person for person in range(1, people + 1) if person not in unseen]
        check_smpl_places(target, seen, people, arguments.smpl_mesh)
    return unseen
