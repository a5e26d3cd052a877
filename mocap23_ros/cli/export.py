# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 export``: weights to ONNX graphs and the manifest entry."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.engines.model_files import engines_folder
from mocap23_ros.errors import InputError

if TYPE_CHECKING:  # torch is only imported when the command runs
    from mocap23_ros.training.calibration import Temperatures
    from mocap23_ros.training.lifter_model import LifterModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--tier', default='s', help='tier whose weights are exported')
    parser.add_argument('--weights', type=Path,
                        help='default: lifter_<tier>.safetensors in the engines folder')
    parser.add_argument('--out', type=Path, help='default: the engines folder')
    parser.add_argument('--precision', choices=('float', 'int8'), default='float',
                        help='int8: add int8 graphs, for TensorRT, to a tier that is exported '
                             'already (default: FP32 and FP16 graphs from the weights)')
    parser.add_argument('--steps', type=int, default=2, help='evaluations of a full start')
    parser.add_argument('--data', type=Path, help='motion data folder, for the calibration')
    parser.add_argument('--no-calibration', action='store_true',
                        help='keep the temperatures of the manifest, or 1')


def _calibrated(model: 'LifterModel', weights: Path,
                arguments: argparse.Namespace) -> 'Temperatures':
    """Temperatures from the calibration subject."""
    from mocap23_ros.datasets.augmentation import preset
    from mocap23_ros.datasets.cmu import load_cmu
    from mocap23_ros.datasets.evaluation_sets import make_evaluation_set
    from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
    from mocap23_ros.skeletons.formats import COCO17
    from mocap23_ros.training.calibration import calibrate_on_streams, calibrate_on_windows
    from mocap23_ros.training.torch_lifter import load_torch_lifter
    if model.skeleton == COCO17:
        return calibrate_on_streams(load_torch_lifter(weights, arguments.steps, warm_start=True),
                                    make_evaluation_set('calibration', arguments.data))
    source = WindowSource(load_cmu('calibration', arguments.data),
                          WindowSpec(model.tier.window_length, model.tier.rate), preset('noisy'),
                          seed=7, skeleton=model.skeleton)
    return calibrate_on_windows(model, source, model.skeleton)


def _validation(model: 'LifterModel', temperatures: 'Temperatures',
                arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Errors on single windows of the validation subjects, clean and noisy."""
    from mocap23_ros.datasets.augmentation import preset
    from mocap23_ros.datasets.cmu import load_cmu
    from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
    from mocap23_ros.training.noise_schedule import time_grid
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
    from mocap23_ros.training.export_integer import export_integer_tier

    if arguments.weights is not None or arguments.no_calibration:
        raise InputError('--precision int8 starts from exported graphs and needs motion data; '
                         'leave out --weights and --no-calibration')
    entry = export_integer_tier(arguments.tier, folder, load_cmu('train', arguments.data))
    print(f'{folder / entry["full"]["file"]}, {entry["warm"]["file"]}: '
          f'{entry["full"]["int8_layers"]} and {entry["warm"]["int8_layers"]} layers in int8; '
          f'mocap23 evaluate-steps --tier {arguments.tier} shows what that costs')
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Export a tier."""
    from mocap23_ros.engines.model_files import read_manifest
    from mocap23_ros.training.calibration import Temperatures
    from mocap23_ros.training.export_tier import export_tier, load_lifter
    from mocap23_ros.training.weights_file import complete_card

    if not 1 <= arguments.steps <= 50:
        raise InputError(f'--steps must be 1 to 50, not {arguments.steps}')
    folder = arguments.out or engines_folder()
    if arguments.precision == 'int8':
        return _export_int8(arguments, folder)
    weights = arguments.weights or engines_folder() / f'lifter_{arguments.tier}.safetensors'
    if arguments.no_calibration:
        temperatures = Temperatures(1.0, 1.0)
        manifest = folder / 'manifest.json'
        if manifest.exists():
            entry = read_manifest(manifest)['tiers'].get(arguments.tier)
            if entry:
                temperatures = Temperatures(entry['ray_temperature'], entry['across_temperature'])
    else:
        model, _ = load_lifter(weights)
        temperatures = _calibrated(model, weights, arguments)
        complete_card(weights, _validation(model, temperatures, arguments))
    entry = export_tier(weights, folder, temperatures, arguments.steps)
    print(f'{folder / entry["full"]["file"]}, {entry["warm"]["file"]}: temperatures '
          f'{entry["ray_temperature"]:g} along, {entry["across_temperature"]:g} across the ray')
    return 0
