# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Int8 graphs beside the exported ones of a tier, and their place in the manifest."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from mocap23_ros.checksum import file_sha256
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.model_files import find_model, read_manifest
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.skeletons.formats import find_format
from mocap23_ros.training.exported_manifest import update_manifest
from mocap23_ros.training.integer_graph import quantise_graph
from mocap23_ros.training.stream_windows import stream_windows

_WINDOWS = 256
_SEED = 7


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
