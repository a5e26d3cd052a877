# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From weights to the graphs, of int8 too, and the manifest entries that run time reads."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from mocap23_ros.checksum import file_sha256
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.model_files import find_model, read_manifest
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.network.half_precision import to_half_precision
from mocap23_ros.network.lifter_graph import LifterGraph, WarmLifterGraph
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.models import load_network
from mocap23_ros.network.triangulation_forms import check_usable
from mocap23_ros.skeletons.formats import find_format
from mocap23_ros.training.exported_manifest import check_replaced_tier, update_manifest
from mocap23_ros.training.graph_export import OPSET, export_graph
from mocap23_ros.training.integer_graph import quantise_graph
from mocap23_ros.training.stream_windows import stream_windows
from mocap23_ros.training.uncertainty_calibration import Calibration

_WINDOWS, _SEED = 256, 7  # that int8 ranges are measured on


def load_exportable(weights: Path) -> tuple[LifterModel, dict[str, Any]]:
    """Load like ``load_network``, but only weights that can be exported."""
    model, card = load_network(weights)
    if not isinstance(model, LifterModel):
        raise InputError(f'{weights} holds a baseline, not a lifter; it cannot be exported')
    check_usable(model.options.triangulation, 'export')
    return model, card


@torch.no_grad()
def export_tier(weights: Path, folder: Path, calibration: Calibration,
                steps: int = 2) -> dict[str, Any]:
    """Write the four graphs of a tier and its manifest entry; returns the entry.

    lifter_<tier>.onnx starts from noise, lifter_<tier>_warm.onnx from the previous motion; each
    also as _fp16 for TensorRT. The tensors at their borders are FP32 in all of them. Int8 graphs
    of former weights are removed (training/export_tier.py makes new ones). Raises InputError
    where the folder has the tier for another skeleton.
    """
    model, card = load_exportable(weights)
    tier, temperatures, streams = model.tier, calibration.temperatures, calibration.streams
    check_replaced_tier(folder, tier.name, model.skeleton.name)
    files: dict[str, Any] = {'fp16': {}}
    for precision, network in (('fp32', model), ('fp16', to_half_precision(model))):
        for kind, graph_class, suffix, evaluations in (
                ('full', LifterGraph, '', steps), ('warm', WarmLifterGraph, '_warm', 1)):
            half = '_fp16' if precision == 'fp16' else ''
            path = folder / f'lifter_{tier.name}{suffix}{half}.onnx'
            export_graph(graph_class(network, steps, temperatures.ray, temperatures.across), path)
            target = files['fp16'] if half else files
            target[kind] = {'file': path.name, 'sha256': file_sha256(path), 'steps': evaluations}
    entry = {
        **files, 'skeleton': model.skeleton.name, 'window_length': tier.window_length,
        'rate': tier.rate, 'steps': steps, 'opset': OPSET,
        'ray_temperature': round(temperatures.ray, 4),
        'across_temperature': round(temperatures.across, 4),
        'ray_factor': round(streams.along, 4), 'across_factor': round(streams.across, 4),
        'ray_floor': round(streams.floor, 4),
        'weights': {'file': weights.name, 'sha256': file_sha256(weights),
                    'steps': card.get('steps'), 'commit': card.get('commit')},
        'tools': {name: version(name) for name in ('torch', 'onnx', 'onnxscript')},
    }
    update_manifest(folder / 'manifest.json', tier.name, entry)
    for suffix in ('', '_warm'):
        (folder / f'lifter_{tier.name}{suffix}_int8.onnx').unlink(missing_ok=True)
    return entry


def export_integer_tier(tier: str, folder: Path, clips: MotionClips) -> dict[str, Any]:
    """Write lifter_<tier>[_warm]_int8.onnx from the FP32 graphs in folder; returns their entry.

    clips: training motion, from whose windows the ranges of the activations are taken. Raises
    InputError where the tier is not exported or its graphs do not match the manifest.
    """
    model = find_model(tier, folder)
    lift = OnnxRuntimeBackend(model.full)
    windows = list(stream_windows(
        clips, 'training', WindowSpec(model.window_length, model.rate),
        find_format(model.skeleton), lambda arrays: lift.run(arrays)['joints'], _WINDOWS, _SEED,
        takes_proportions(lift)))
    lift.close()
    entry: dict[str, Any] = {}
    for kind, steps in (('full', model.steps), ('warm', 1)):
        graph: Path = getattr(model, kind)
        target = graph.with_name(f'{graph.stem}_int8.onnx')
        layers = quantise_graph(graph, target, [getattr(part, kind) for part in windows])
        entry[kind] = {'file': target.name, 'sha256': file_sha256(target), 'steps': steps,
                       'int8_layers': layers}
    entry['tools'] = {'onnxruntime': version('onnxruntime')}
    manifest = folder / 'manifest.json'
    update_manifest(manifest, tier, {**read_manifest(manifest)['tiers'][tier], 'int8': entry})
    return entry
