# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate``: metrics of motion against truth, all methods side by side."""

import argparse
from math import inf
from pathlib import Path

from mocap23_ros.cli import evaluate_bag, evaluate_bag_arguments
from mocap23_ros.cli.motion_arguments import add_smpl_model
from mocap23_ros.cli.option_checks import check_numbers, refuse
from mocap23_ros.cli.progress import say
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.sets import SET_NAMES, check_set
from mocap23_ros.writable_places import check_writable

_METHODS = ['diffusion', 'geometric', 'optimisation']


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--pred', action='append', metavar='[NAME=]NPZ',
                      help='estimated motion, as mocap23 lift writes it, or a folder of such files '
                           '(repeat for several methods)')
    what.add_argument('--bag', type=Path, action='append',
                      help='bag whose images are lifted (see --with), or whose skeletons, '
                           'published by the node, are compared with --truth (repeat for several '
                           'recordings side by side)')
    what.add_argument('--bags', type=Path, metavar='FOLDER|LIST',
                      help='all bags below a folder, or in a text file, one a line: lifted and '
                           'judged by several processes; a killed run goes on where it was')
    what.add_argument('--set', dest='sets', action='append', metavar='SET',
                      help=f'evaluation set (repeatable): {SET_NAMES}; or NAME=FOLDER: '
                           'one with the noise of e1_noisy, of a data set of yours as in mocap23 '
                           'train --motion')
    what.add_argument('--write-set', metavar='SET',
                      help='only write the input and truth files of a set to --out')
    parser.add_argument('--truth', type=Path,
                        help='true motion: npz, TRC or C3D, or a folder with the names of --pred')
    parser.add_argument('--topic', help='topic of the images (or keypoints, or skeletons) in the '
                                        'bag, if there are several')
    parser.add_argument('--methods', nargs='+', metavar='[LABEL=]METHOD',
                        help='methods to run on a set: geometric, diffusion, diffusion:TIER, '
                             f'weights:FILE[@STEPS], optimisation (default {" ".join(_METHODS)})')
    parser.add_argument('--mode', choices=('streaming', 'offline'),
                        help='how lifters run on a set (default streaming; optimisation is always '
                             'offline)')
    parser.add_argument('--sequences', type=int, metavar='N',
                        help='only N sequences of the set, spread over subjects and cameras')
    parser.add_argument('--without', nargs='+', default=(), metavar='STEP',
                        help='leave out steps that refine lifted joints: smoothing, bones, contact')
    parser.add_argument('--lag', type=int, default=0, help='frames that the estimate may wait for')
    add_smpl_model(parser)
    evaluate_bag_arguments.add_arguments(parser)
    parser.add_argument('--data', type=Path, help='motion data folder (default: MOCAP23_DATA)')
    parser.add_argument('--out', type=Path, default=Path('out/evaluate'),
                        help='folder for report.json and report.html (default %(default)s)')


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; raises InputError for bad input."""
    from mocap23_ros.evaluation import comparison
    from mocap23_ros.evaluation.comparison_report import table, write_comparison

    _check_arguments(arguments)
    if arguments.write_set:
        from mocap23_ros.evaluation.sets import make_set
        sequences = make_set(arguments.write_set, arguments.data, arguments.sequences,
                             arguments.smpl_model)
        for sequence in sequences:
            sequence.save(arguments.out)
        print(f'{len(sequences)} sequences -> {arguments.out}/input, {arguments.out}/truth')
        return 0
    if arguments.sets:
        for name in arguments.sets:
            result = comparison.compare_on_set(
                name, arguments.methods or _METHODS, arguments.lag, arguments.mode == 'offline',
                arguments.data, arguments.sequences, arguments.without,
                progress=say,
                body_models=arguments.smpl_model)
            out = arguments.out / result.dataset if len(arguments.sets) > 1 else arguments.out
            write_comparison(result, out)
            print(table(result), flush=True)
        return 0
    if arguments.bags:
        return evaluate_bag.evaluate_bags(arguments)
    if arguments.bag and evaluate_bag_arguments.is_lifted(arguments):
        return evaluate_bag.evaluate_bag(arguments)
    if arguments.truth is None:
        raise InputError('--truth is missing: the bag holds skeletons and no images, and metrics '
                         'need the true motion (an npz)')
    bag = arguments.bag[0] if arguments.bag else None
    refuse(arguments, ('lag', 'camera', 'rectified', 'tf', 'world_frame', 'floor_height',
                       'image_time_offset'),
           'changes nothing of skeletons that were published; lift the images of the bag anew: '
           '--with lifter=diffusion')
    result = comparison.compare_files(arguments.pred, bag, arguments.topic, arguments.truth,
                                      arguments.truth_mapping,
                                      evaluate_bag_arguments.alignment_wanted(arguments))
    for note in [*result.doubts, *result.notes]:
        say(f'mocap23 evaluate: {note}')
    write_comparison(result, arguments.out)
    print(table(result))
    return 0


def _check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be used before anything is loaded; InputError."""
    from mocap23_ros.pipeline.streaming_lifter import MAXIMUM_LAG

    check_numbers(arguments, sequences=(1, inf), lag=(0, MAXIMUM_LAG))
    files = arguments.pred or arguments.bag or arguments.bags
    evaluate_bag_arguments.check(arguments)
    if not arguments.sets:
        refuse(arguments, ('methods', 'mode', 'without'), 'goes with --set; the images of a bag '
               'are lifted by what --with says (--with lifter=geometric)')
    if files:
        refuse(arguments, ('sequences',), 'goes with --set')
    if arguments.pred:
        refuse(arguments, ('lag',), 'goes with --set and --bag; --pred is lifted already')
    if arguments.pred and arguments.truth is None:
        raise InputError('--truth is missing: metrics need the true motion (an npz)')
    if arguments.truth is not None and not files:
        raise InputError('--truth goes with --pred or --bag; a set has its own')
    sets = [*(arguments.sets or ()), *filter(None, [arguments.write_set])]
    if arguments.smpl_model is not None and not any('=' in name for name in sets):
        raise InputError('--smpl-model goes with --set NAME=FOLDER of a data set that needs it')
    names = [check_set(name, arguments.smpl_model) for name in sets]
    if len(set(names)) < len(names):
        raise InputError(f'--set is given twice with the name '
                         f'{next(name for name in names if names.count(name) > 1)}')
    if arguments.topic and not (arguments.bag or arguments.bags):
        raise InputError('--topic goes with --bag')
    if arguments.bags and arguments.truth:
        raise InputError('--truth is of one recording; with --bags give --truth-topic, a topic of '
                         'each bag')
    check_writable(arguments.out / 'report.json')
