# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate people``: keypoints from wherever they come, and the fit."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.floor_fit import fit_floor
from mocap23_ros.calibration.standing_people import StandingPeople
from mocap23_ros.cli.lift_sources import detect_in_video
from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import progress
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import camera_doubt
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.skeletons.body_proportions import check_given_stature
from mocap23_ros.skeletons.formats import COCO17


def add_people_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the keypoints come from, and what is known of the people."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--keypoints', type=Path, metavar='IN.npz',
                        help='keypoint file as of mocap23 lift; world_T_camera may be absent')
    source.add_argument('--video', type=Path, metavar='FILE',
                        help='video of a still camera; the detector runs first')
    source.add_argument('--bag', type=Path, metavar='BAG', help='rosbag2 recording of keypoints or '
                        'images with CameraInfo; no TF is needed')
    source.add_argument('--live', action='store_true', help='listen to the keypoints that a '
                        'running node publishes')
    parser.add_argument('--topic', help='with --bag: of the keypoints or images, where there are '
                        'several; with --live (default: keypoints_2d)')
    parser.add_argument('--seconds', type=float, default=30.0,
                        help='with --live: how long to listen (default: %(default)g)')
    parser.add_argument('--detector', help='with --video, and with the images of --bag (default: '
                        'blazepose)')
    parser.add_argument('--rectified', action='store_true', help='the images are')
    parser.add_argument('--stature', type=float, nargs='+', metavar='METRES',
                        help='body heights with shoes, in the order of the file (nan = unknown): '
                             'the scale; without, that of average adults, good to 5 %%')
    parser.add_argument('--focal-unknown', action='store_true',
                        help='fit the focal length too (square pixels); less certain')


def fit_people(arguments: argparse.Namespace
               ) -> tuple[CameraModel, NDArray[np.float64], NDArray[np.float64]]:
    """The camera, its pose [4,4] above the floor, and its covariance [6,6]; InputError."""
    check_given_stature(arguments.stature or (), '--stature')
    recording = _seen_people(arguments)
    camera, given = recording.cameras[0], arguments.stature
    if doubt := camera_doubt(camera):
        print(doubt)
    if given is not None and len(given) not in (1, recording.people):
        raise InputError(f'--stature has {len(given)} heights, but {recording.people} people '
                         'are seen; give one for each, nan where unknown')
    fit = fit_floor(StandingPeople.from_keypoints(recording.keypoints, recording.stamps, camera,
                                                  given), not arguments.focal_unknown)
    fit.check()
    if arguments.focal_unknown:
        camera = _with_focal_factor(camera, fit.focal_factor)
    pitch_sd, roll_sd, height_sd, focal_sd = np.sqrt(np.diag(fit.covariance))
    print(f'pitch {np.degrees(fit.pitch):.2f} +- {np.degrees(pitch_sd):.2f} degrees down, roll '
          f'{np.degrees(fit.roll):.2f} +- {np.degrees(roll_sd):.2f} degrees, height '
          f'{fit.height:.3f} +- {height_sd:.3f} m, from {fit.samples} views of people '
          f'({fit.misfit:.1f} px off)')
    if arguments.focal_unknown:
        print(f'focal length {camera.focal_length:.0f} px, {fit.focal_factor:.3f} +- '
              f'{focal_sd:.3f} of the given one: less certain than a board calibration')
    if not fit.scale_known:
        print('the scale is that of average adults; --stature makes height and distances sure')
    return camera, fit.floor_T_camera, fit.pose_covariance


def _with_focal_factor(camera: CameraModel, factor: float) -> CameraModel:
    K = camera.K.copy()
    K[[0, 1], [0, 1]] *= factor
    return type(camera).from_calibration(K, camera.distortion, camera.distortion_model,
                                         camera.image_size)


def _seen_people(arguments: argparse.Namespace) -> KeypointRecording:
    """COCO-17 keypoints of everybody, and the camera."""
    if arguments.topic and not (arguments.bag or arguments.live):
        raise InputError('--topic goes with --bag and --live')
    if arguments.bag is not None:
        from mocap23_ros.recordings.message_keypoints import record_bag
        with progress(f'reading {arguments.bag.name}') as report:
            return record_bag(arguments.bag, arguments.topic, arguments.camera,
                              arguments.rectified, arguments.detector, report)
    if arguments.live:
        return _heard_people(arguments)
    if arguments.video is not None:
        if arguments.camera is None:
            raise InputError('--video needs --camera CAMERA.yaml with the intrinsics; mocap23 '
                             'calibrate intrinsics makes it')
        return detect_in_video(arguments, arguments.video.name,
                               pose_needed=False).converted(COCO17)
    recording = load_recording(arguments.keypoints, pose_needed=False)
    if len(recording.cameras) > 1:
        raise InputError(f'{arguments.keypoints}: K changes; only a still camera without zoom '
                         'can be calibrated from people')
    if arguments.camera is None:
        return recording
    return replace(recording, cameras=(
        load_camera_file(arguments.camera, arguments.rectified).camera,))


def _heard_people(arguments: argparse.Namespace) -> KeypointRecording:
    from mocap23_ros.recordings.message_keypoints import record_messages
    from mocap23_ros.ros.listening import hear_keypoints

    check_numbers(arguments, seconds=(2, 600))
    with progress('listening: walk about') as report:
        messages, infos = hear_keypoints(arguments.topic or 'keypoints_2d', arguments.seconds,
                                         arguments.camera is None, report)
    return record_messages(messages, infos, arguments.camera, arguments.rectified)


def first_image(video: Path) -> NDArray[np.uint8]:
    """The first image of a video, BGR."""
    from mocap23_ros.recordings.video_file import VideoFile
    with VideoFile(video) as frames:
        return next(iter(frames))[1]
