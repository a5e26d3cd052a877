# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 detector-noise``: how a 2D detector errs, as a file for training."""

import argparse
from pathlib import Path

from mocap23_ros.benchmarks.known_people import sample_clips
from mocap23_ros.cli.option_checks import check_numbers, refuse
from mocap23_ros.cli.progress import say
from mocap23_ros.datasets.detected_clips import DetectedClip
from mocap23_ros.datasets.detector_noise_fit import fit_detector_noise
from mocap23_ros.demo.archive import CAMERA_NAMES
from mocap23_ros.demo.take import load_take
from mocap23_ros.detection.detector import Detector
from mocap23_ros.detection.detector_noise import CONFIDENCE_EDGES, SIZE_EDGES, DetectorNoise
from mocap23_ros.detection.detector_noise_file import save_detector_noise
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.detected_recordings import recorded_clips
from mocap23_ros.markdown import markdown_table
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--detector', default='blazepose', metavar='NAME',
                        help='detector that is run over the sample; with --keypoints, what the '
                             'file calls yours (default: %(default)s)')
    parser.add_argument('--detector-model', type=Path, metavar='FILE', help='its weights')
    parser.add_argument('--keypoints', type=Path, metavar='FILE.npz|FOLDER',
                        help='what your detector found, as mocap23 lift takes and saves it, in '
                             'place of the sample')
    parser.add_argument('--truth', type=Path, metavar='FILE.npz|FOLDER',
                        help='with --keypoints: true motion in the world, as mocap23 evaluate '
                             'takes it, or true keypoints in the image (docs/DETECTORS.md)')
    parser.add_argument('--without', nargs='+', default=[], metavar='CAMERA',
                        help='cameras of the sample (cam01 to cam04) to leave out, as for judging '
                             'on them')
    parser.add_argument('--scenes', type=int, default=10,
                        help='pasted videos per height (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of those (default %(default)s)')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.json')


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the file, print a table."""
    check_writable(arguments.out)
    if arguments.keypoints is not None:
        clips, made = _own_clips(arguments)
    else:
        clips, made = _sample_clips(arguments)
    noise = fit_detector_noise(clips, arguments.detector, made)
    save_detector_noise(arguments.out, noise)
    print(as_markdown(noise))
    print(arguments.out)
    return 0


def _own_clips(arguments: argparse.Namespace) -> tuple[list[DetectedClip], str]:
    if arguments.truth is None:
        raise InputError('--keypoints needs --truth, the true motion or the true keypoints')
    refuse(arguments, ('detector_model', 'without'), 'does not go with --keypoints')
    clips = recorded_clips(arguments.keypoints, arguments.truth)
    return clips, f'mocap23 detector-noise --keypoints {arguments.keypoints.name}'


def _sample_clips(arguments: argparse.Namespace) -> tuple[list[DetectedClip], str]:
    if arguments.truth is not None:
        raise InputError('--truth goes with --keypoints; the sample has its own')
    check_numbers(arguments, scenes=(1, 1000))
    unknown = sorted(set(arguments.without) - set(CAMERA_NAMES))
    if unknown or len(set(arguments.without)) == len(CAMERA_NAMES):
        raise InputError(f'--without {" ".join(arguments.without)}: leave out some of '
                         f'{", ".join(CAMERA_NAMES)}, not all')

    def make(people: int) -> Detector:
        return create_detector(arguments.detector, model=arguments.detector_model,
                               max_people=people)

    make(1).close()  # refuses absent files before anything is computed
    clips = sample_clips(load_take(), make, arguments.scenes, arguments.seed, arguments.without,
                         say)
    without = f' --without {" ".join(arguments.without)}' if arguments.without else ''
    return clips, (f'mocap23 detector-noise --detector {arguments.detector} --scenes '
                   f'{arguments.scenes} --seed {arguments.seed}{without}')


def as_markdown(noise: DetectorNoise) -> str:
    """Markdown: joints, then confidence and errors."""
    lines = [f'{noise.detector}: {noise.keypoints} keypoints, {noise.clips} clips; time constant '
             f'{noise.time_constant:.2g} s, resolution {noise.resolution_px:.3g} px', '']
    lines += markdown_table(('joint', 'clips', 'bias', 'correlated', 'white', 'missing'), (
        (name, joint.clips, *(f'{sd / sigma:.2f}' for sd in (
            joint.bias, joint.correlated, joint.white)), f'{100 * joint.missing:.1f} %')
        for name, sigma in zip(COCO17.joint_names, COCO_SIGMAS.tolist(), strict=True)
        for joint in [noise.joints[name]]))
    rows = [(f'{name} exchanged', value, '') for name, value in noise.exchanges.items()]
    rows += [(f'{name} elsewhere', value, f'{value.size:.2f}')
             for name, value in noise.outliers.items()]
    lines += ['', *markdown_table(('what', 'share of time', 'lasts, s', 'seen', 'size'), (
        (name, f'{100 * episodes.share:.2f} %', f'{episodes.seconds:.2f}', episodes.count, size)
        for name, episodes, size in [*rows, ('lost', noise.dropped, '')])), '']
    sizes = [f'to {SIZE_EDGES[0]:g} px', *(f'to {edge:g} px' for edge in SIZE_EDGES[1:]),
             'larger']
    columns = [*(f'below {edge:g}' for edge in CONFIDENCE_EDGES), 'above']
    lines += markdown_table(('error by confidence', 'size', *columns), (
        (group, size, *(f'{sd:.2f} ({count})' for sd, count in zip(sds, tracks, strict=True)))
        for group, errors in noise.error.items()
        for size, sds, tracks in zip(sizes, errors.sd, errors.tracks, strict=True)))
    return '\n'.join(lines)
