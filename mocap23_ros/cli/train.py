# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 train``: the three training stages and the learned baselines."""

import argparse
from math import inf
from pathlib import Path

from mocap23_ros.cli.motion_arguments import add_motion_arguments, find_motion
from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('stage', choices=('pretrain', 'finetune', 'distill'),
                        help='1: single-view 2D motion; 2: multi-view; 3: few-step')
    parser.add_argument('--config', type=Path, help='YAML with the fields of '
                        'network/configuration.py (see config/training)')
    parser.add_argument('--out', type=Path, required=True,
                        help='folder of the run; its checkpoint, where it has one, is resumed')
    parser.add_argument('--init', type=Path, help='weights of the stage before (.safetensors)')
    add_motion_arguments(parser)
    parser.add_argument('--keypoints', type=Path, metavar='FILE|FOLDER',
                        help='pretrain: also 2D recordings, as mocap23 lift takes and saves them')
    parser.add_argument('--keypoints-share', type=float, metavar='SHARE',
                        help='of the windows that are 2D recordings (default 0.5; 1: no motion '
                        'data is needed)')
    parser.add_argument('--detector-noise', metavar='FILE|NAME',
                        help='errors of a detector as mocap23 detector-noise measures them, or of '
                             'one whose file ships: blazepose')
    parser.add_argument('--detector-share', type=float, metavar='SHARE',
                        help='of the windows with errors, that have those (default 0.5; the others '
                             'have errors of any detector)')
    parser.add_argument('--tier', help='xs, s, m, l or paper')
    parser.add_argument('--model', help='diffusion, ray_depth (B2) or tcn (B3)')
    parser.add_argument('--skeleton', help='coco17, smpl22, h36m17')
    parser.add_argument('--steps', type=int)
    parser.add_argument('--batch-size', type=int)
    parser.add_argument('--learning-rate', type=float)
    parser.add_argument('--optimiser', help='muon (default) or adamw')
    parser.add_argument('--seed', type=int)
    parser.add_argument('--mixed-precision', choices=('no', 'bf16', 'fp16'))
    parser.add_argument('--time-budget', type=float, metavar='SECONDS',
                        help='stop after this long, with a checkpoint and weights')
    parser.add_argument('--threads', type=int, help='CPU threads of torch')
    parser.add_argument('--workers', type=int, default=0, metavar='N',
                        help='processes that make the windows (default 0: a thread); as many as '
                             'there are cores where a GPU trains')
    parser.add_argument('--clips', type=int,
                        help='train on only the first N clips (for smoke runs)')


def run(arguments: argparse.Namespace) -> int:
    """Train a stage."""
    check_numbers(arguments, threads=(1, inf), clips=(1, inf), time_budget=(0, inf),
                  workers=(0, inf))
    share = arguments.keypoints_share
    if arguments.keypoints is None and share is not None:
        raise InputError('--keypoints-share goes with --keypoints')
    share = 0.5 if share is None else share
    if arguments.detector_noise is None and arguments.detector_share is not None:
        raise InputError('--detector-share goes with --detector-noise')
    motion = None
    # train_stage refuses the rest, for which no motion is needed.
    if arguments.keypoints is None or (arguments.stage == 'pretrain' and 0 < share < 1):
        motion = find_motion(arguments)

    import numpy as np
    import torch

    from mocap23_ros.network.configuration import load_configuration
    from mocap23_ros.training.measured_detector import MeasuredDetector
    from mocap23_ros.training.run import train_stage
    from mocap23_ros.writable_places import check_output_folder

    configuration = load_configuration(arguments.config, {
        name: getattr(arguments, name) for name in
        ('tier', 'model', 'skeleton', 'steps', 'batch_size', 'learning_rate', 'optimiser',
         'seed', 'mixed_precision')})
    detector = None if arguments.detector_noise is None else MeasuredDetector.load(
        arguments.detector_noise,
        0.5 if arguments.detector_share is None else arguments.detector_share)
    check_output_folder(arguments.out)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    clips = None if motion is None else motion.load()
    if clips is not None and arguments.clips is not None:
        clips = clips.select(np.arange(len(clips)) < arguments.clips)
    path = train_stage(arguments.stage, configuration, clips, arguments.out, arguments.init,
                       arguments.time_budget, arguments.keypoints, share,
                       arguments.workers, detector)
    print(path)
    return 0
