# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 draw-samples``: pictures of what the network is fed in training."""

import argparse
from math import inf
from pathlib import Path

from mocap23_ros.atomic_files import write_picture
from mocap23_ros.cli.motion_arguments import add_motion_arguments, find_motion
from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--out', type=Path, default=Path('out/samples.png'),
                        help='picture to write (.png or .jpg; default %(default)s)')
    parser.add_argument('--preset', default='training',
                        help='training (default), clean, noisy or occluded')
    add_motion_arguments(parser, '--source')
    parser.add_argument('--count', type=int, default=12, help='windows to draw, 1 to 64')
    parser.add_argument('--length', type=int, default=32, help='samples of a window, 2 to 512')
    parser.add_argument('--rate', type=float, default=20.0, help='samples per second, 1 to 240')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw')


def run(arguments: argparse.Namespace) -> int:
    """Draw the windows; raises InputError for bad values."""
    check_numbers(arguments, count=(1, 64), length=(2, 512), rate=(1, 240), seed=(0, inf))
    if arguments.out.suffix.lower() not in ('.png', '.jpg'):
        raise InputError(f'--out {arguments.out}: the name must end in .png or .jpg')
    check_writable(arguments.out)
    motion = find_motion(arguments)

    from mocap23_ros.datasets.augmentation import preset
    from mocap23_ros.datasets.drawing import draw_batch
    from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec

    augmentation = preset(arguments.preset)
    clips = motion.load()
    source = WindowSource(clips, WindowSpec(arguments.length, arguments.rate), augmentation,
                          arguments.seed)
    write_picture(arguments.out, draw_batch(source.batch(arguments.count, 0)))
    print(f'{arguments.count} windows of {clips.minutes:.1f} min of motion -> {arguments.out}')
    return 0
