# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 export``: weights to ONNX graphs and the manifest entry."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.engines.model_files import engines_folder
from mocap23_ros.errors import InputError

if TYPE_CHECKING:  # torch is only imported when the command runs
    from mocap23_ros.network.lifter_model import LifterModel
    from mocap23_ros.network.tiers import Temperatures
    from mocap23_ros.training.uncertainty_calibration import Calibration

_DEFAULT_TIER = 's'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--tier', help='tier whose weights are exported (default: that of '
                        '--weights, else s)')
    parser.add_argument('--weights', type=Path,
                        help='default: lifter_<tier>.safetensors in the engines folder')
    parser.add_argument('--out', type=Path, help='folder (default: the engines folder; needed '
                        'for weights of other skeletons than coco17)')
    parser.add_argument('--precision', choices=('float', 'int8'), default='float',
                        help='int8: add int8 graphs, for TensorRT, to a tier that is exported '
                             'already (default: FP32 and FP16 graphs from the weights)')
    parser.add_argument('--steps', type=int, default=2, help='evaluations of a full start')
    parser.add_argument('--data', type=Path, help='motion data folder, for the calibration')
    parser.add_argument('--no-calibration', action='store_true',
                        help='keep the temperatures of the manifest, or 1')


def calibrated(weights: Path, arguments: argparse.Namespace) -> 'Calibration':
    """Calibrate the uncertainty on streams of the calibration subject."""
    from mocap23_ros.datasets.evaluation_sets import CALIBRATION_SETS, make_evaluation_set
    from mocap23_ros.lifting.load_lifter import load_lifter
    from mocap23_ros.training.uncertainty_calibration import calibrate_on_streams

    return calibrate_on_streams(load_lifter(weights, steps=arguments.steps),
                                [sequence for name in CALIBRATION_SETS
                                 for sequence in make_evaluation_set(name, arguments.data)])


def validation_errors(model: 'LifterModel', temperatures: 'Temperatures',
                      arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Errors on single windows of the validation subjects, clean and noisy."""
    from mocap23_ros.datasets.augmentation import preset
    from mocap23_ros.datasets.cmu import load_cmu
    from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
    from mocap23_ros.network.noise_schedule import time_grid
    from mocap23_ros.training.validation import validate
    clips = load_cmu('validation', arguments.data)
    spec = WindowSpec(model.tier.window_length, model.tier.rate)
    return {name: validate(
        model, WindowSource(clips, spec, preset(name), 4242, skeleton=model.skeleton),
        model.skeleton, time_grid(arguments.steps), temperatures=temperatures)
        for name in ('clean', 'noisy', 'occluded')}


def _export_int8(arguments: argparse.Namespace, folder: Path) -> int:
    """Int8 graphs beside those of the tier in a folder."""
    from mocap23_ros.datasets.cmu import load_cmu
    from mocap23_ros.training.export_tier import export_integer_tier

    if arguments.weights is not None or arguments.no_calibration:
        raise InputError('--precision int8 starts from exported graphs and needs motion data; '
                         'leave out --weights and --no-calibration')
    tier = arguments.tier or _DEFAULT_TIER
    entry = export_integer_tier(tier, folder, load_cmu('train', arguments.data))
    print(f'{folder / entry["full"]["file"]}, {entry["warm"]["file"]}: '
          f'{entry["full"]["int8_layers"]} and {entry["warm"]["int8_layers"]} layers in int8; '
          f'mocap23 evaluate-steps --tier {tier} shows what that costs')
    return 0


def _checked_model(weights: Path, folder: Path, arguments: argparse.Namespace) -> 'LifterModel':
    """The lifter to be exported; InputError where it is not what the arguments say."""
    from mocap23_ros.skeletons.formats import COCO17
    from mocap23_ros.training.export_tier import load_exportable
    from mocap23_ros.training.exported_manifest import check_replaced_tier

    model, _ = load_exportable(weights)
    tier, skeleton = model.tier.name, model.skeleton
    if arguments.tier not in (None, tier):
        raise InputError(f'{weights} is of tier {tier}, not {arguments.tier}; give --tier {tier} '
                         f'or leave --tier out')
    if skeleton != COCO17 and arguments.out is None:
        raise InputError(f'{weights} is for skeleton {skeleton.name}, the engines folder for '
                         f'coco17, which the node takes; give another folder with --out')
    check_replaced_tier(folder, tier, skeleton.name)
    return model


def run(arguments: argparse.Namespace) -> int:
    """Export a tier."""
    from mocap23_ros.datasets.cmu import ACKNOWLEDGEMENT
    from mocap23_ros.network.tiers import find_tier
    from mocap23_ros.network.weights_file import complete_card
    from mocap23_ros.training.export_tier import export_tier
    from mocap23_ros.training.exported_manifest import kept_calibration
    from mocap23_ros.writable_places import check_output_folder

    check_numbers(arguments, steps=(1, 50))
    find_tier(arguments.tier or _DEFAULT_TIER)
    folder = arguments.out or engines_folder()
    check_output_folder(folder)
    if arguments.precision == 'int8':
        return _export_int8(arguments, folder)
    weights = arguments.weights or (engines_folder()
                                    / f'lifter_{arguments.tier or _DEFAULT_TIER}.safetensors')
    model = _checked_model(weights, folder, arguments)
    if arguments.no_calibration:
        calibration = kept_calibration(folder, model.tier.name)
    else:
        calibration = calibrated(weights, arguments)
        complete_card(weights, validation_errors(model, calibration.temperatures, arguments),
                      ACKNOWLEDGEMENT)
    entry = export_tier(weights, folder, calibration, arguments.steps)
    print(f'{folder / entry["full"]["file"]}, {entry["warm"]["file"]}: temperatures '
          f'{entry["ray_temperature"]:g} along, {entry["across_temperature"]:g} across the ray, '
          f'{entry["across_factor"]:g} of that for joints that are seen; at least '
          f'{entry["ray_floor"]:g} m along the ray')
    return 0
