# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift``: keypoints or a video to metric 3D motion."""

import argparse
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.cli.bag_arguments import lift_bag_of
from mocap23_ros.cli.lift_arguments import check_arguments, check_files, check_recording, find_jobs
from mocap23_ros.cli.lift_options import DEFAULT_TIER, add_arguments
from mocap23_ros.cli.lift_sources import images_of, read_keypoints, say_doubts, say_who_is_missing
from mocap23_ros.cli.progress import progress, say
from mocap23_ros.cli.viewer_arguments import save_viewers
from mocap23_ros.detection.confidence_calibration import chosen_calibration
from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.refinement import RefinementSteps
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.offline_lifter import lift_offline
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming
from mocap23_ros.reporting import Progress
from mocap23_ros.skeletons.formats import COCO17, COCO21

if TYPE_CHECKING:
    from mocap23_ros.body_models.smpl_model import SmplModel

__all__ = ['add_arguments', 'run']


def run(arguments: argparse.Namespace) -> int:
    """Lift what the arguments name; raises InputError for what cannot be used."""
    check_arguments(arguments)
    chosen_calibration(arguments.detector_noise or '')  # a bad file is refused before the work
    if arguments.bags:
        from mocap23_ros.cli.lift_bags import lift_bags
        return lift_bags(arguments, _lifter_name(arguments))
    jobs = find_jobs(arguments)
    model = _load_smpl_model(arguments, jobs)
    if arguments.bag:
        source, target = jobs[0]
        motion = lift_bag_of(arguments, _lifter_name(arguments), _say)
        _write(arguments, source, target, motion, model)
        return 0
    if len(jobs) > 1:
        check_files(arguments, jobs)
    with closing(_make_lifter(arguments)) as lifter:
        for number, (source, target) in enumerate(jobs, 1):
            label = source.name if len(jobs) == 1 else f'{source.name} ({number}/{len(jobs)})'
            detected = read_keypoints(arguments, source, label, _say, lifter.input_format)
            own = detected.skeleton == lifter.input_format and not arguments.feet
            recording = detected if own else detected.converted(
                COCO21 if arguments.feet else COCO17)
            in_coco = recording.converted(COCO17, partly=own)
            unseen = check_recording(arguments, in_coco, source, target)
            say_doubts(source, in_coco, not arguments.video, _say)
            if arguments.save_keypoints:
                detected.save(arguments.save_keypoints)
            with progress(f'lifting {label}') as report:
                motion = _lift(arguments, lifter, recording, report)
            say_who_is_missing(source, unseen, motion, _say)
            _write(arguments, source, target, motion, model)
            save_viewers(arguments, {'lift': motion}, in_coco, images_of(arguments, in_coco))
    return 0


def _write(arguments: argparse.Namespace, source: Path, target: Path, motion: RecordedMotion,
           model: 'SmplModel | None') -> None:
    """OUT.npz and what the options want beside it."""
    fitted = motion.with_body() if arguments.body_fit or arguments.bvh or model else motion
    (fitted if arguments.body_fit else motion).save(target)
    if arguments.bvh:
        from mocap23_ros.recordings.bvh_file import save_bvh
        assert fitted.body is not None
        save_bvh(arguments.bvh, target.stem, motion.stamps, motion.person_ids, fitted.body,
                 arguments.bvh_unit)
    if model is not None:
        from mocap23_ros.recordings.smpl_motion_file import save_smpl
        with progress(f'fitting SMPL to {source.name}') as report:
            save_smpl(target, replace(motion, body=fitted.body), model, arguments.smpl_mesh,
                      report)


def _load_smpl_model(arguments: argparse.Namespace, jobs: list[tuple[Path, Path]]
                     ) -> 'SmplModel | None':
    if arguments.smpl_model is None:
        return None
    from mocap23_ros.body_models.smpl_file import load_smpl_model
    from mocap23_ros.recordings.smpl_motion_file import check_smpl_names, check_smpl_places
    check_smpl_names([target for _, target in jobs],
                     [*(source for source, _ in jobs), arguments.smpl_model])
    if not arguments.keypoints:  # how many people it shows is known only after the detection
        for people in (1, 2):
            check_smpl_places(jobs[0][1], [1], people, arguments.smpl_mesh)
    return load_smpl_model(arguments.smpl_model)


def _lifter_name(arguments: argparse.Namespace) -> str:
    """The lifter that was asked for, or the one that is there."""
    name, tier = arguments.lifter, arguments.tier or DEFAULT_TIER
    if name is None:
        wanted = [arguments.tier, arguments.backend, arguments.steps, arguments.precision]
        # Another lifter may stand in only if no option asks for the learned one.
        name = ('diffusion' if any(value is not None for value in wanted)
                or tier in available_tiers() else 'geometric')
        if name == 'geometric':
            _say(f'no exported graph of tier {tier}; using the geometric lifter')
    return str(name)


def _make_lifter(arguments: argparse.Namespace) -> Lifter:
    name, tier = _lifter_name(arguments), arguments.tier or DEFAULT_TIER
    if name != 'diffusion':
        return create_lifter(name)
    # Offline windows overlap by half only: too little to start from the one before.
    return create_lifter(name, tier=tier, backend=arguments.backend or 'auto',
                         steps=arguments.steps, warm_start=arguments.mode == 'streaming',
                         precision=arguments.precision)


def _say(text: str) -> None:
    say(f'mocap23 lift: {text}')


def _lift(arguments: argparse.Namespace, lifter: Lifter, recording: KeypointRecording,
          report: Progress) -> RecordedMotion:
    if arguments.detector_noise:
        recording = recording.calibrated(chosen_calibration(arguments.detector_noise))
    refinement = RefinementSteps.without(arguments.without)
    pose_uncertainty = _pose_uncertainty(arguments, recording)
    if arguments.mode == 'offline':
        return lift_offline(lifter, recording, report, refinement.bones, pose_uncertainty,
                            arguments.feet)
    streaming = StreamingLifter(lifter, lag=arguments.lag, refinement=refinement,
                                pose_uncertainty=pose_uncertainty, feet=arguments.feet)
    return lift_streaming(streaming, recording, report)


def _pose_uncertainty(arguments: argparse.Namespace, recording: KeypointRecording
                      ) -> CameraPoseUncertainty:
    """The uncertainty of --camera-sd, else that of --camera or of the keypoint file."""
    if arguments.camera_sd:
        return CameraPoseUncertainty(*arguments.camera_sd)
    if arguments.camera is None:
        return recording.pose_uncertainty or CameraPoseUncertainty()
    from mocap23_ros.geometry.camera_file import load_camera_file
    contents = load_camera_file(arguments.camera, arguments.rectified)
    if contents.pose_covariance is not None:
        return CameraPoseUncertainty(pose_covariance=contents.pose_covariance)
    return CameraPoseUncertainty(*contents.pose_sd or ())
