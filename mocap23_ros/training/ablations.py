# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's and our own choices, varied one at a time at a reduced budget."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.training.configuration import TrainingConfiguration
from mocap23_ros.training.export_tier import load_network
from mocap23_ros.training.run import train_stage
from mocap23_ros.training.validation import validate

VALIDATION_SEED = 4242


@dataclass(frozen=True)
class Ablation:
    """A variant: fields of the configuration that change; pretrain: start from stage 1."""

    changes: dict[str, Any] = field(default_factory=dict)
    pretrain: bool = True


ABLATIONS = {
    'full method': Ablation(),
    'without decoupling': Ablation({'decouple': False}),
    'without 2D pre-training': Ablation(pretrain=False),
    'pointmap grid': Ablation({'ground': 'grid'}),
    # The paper's 224 pixels cost 12 times as much; the levelled map has nothing finer to show.
    'pointmap resnet18': Ablation({'ground': 'resnet18', 'pointmap_size': 64}),
    'without view attention': Ablation({'view_attention': False}),
    '3 views': Ablation({'views': 3}),
    '2 views': Ablation({'views': 2}),
    'exact rays': Ablation({'trust_ray': True}),
    'ray depth regression (B2)': Ablation({'model': 'ray_depth'}, pretrain=False),
    'temporal convolution (B3)': Ablation({'model': 'tcn'}, pretrain=False),
}


def run_ablations(names: list[str], base: TrainingConfiguration, pretrain_steps: int,
                  training: MotionClips, validation: MotionClips, folder: Path,
                  report: Callable[[str, dict[str, float]], None],
                  batches: int = 16) -> dict[str, dict[str, dict[str, float]]]:
    """Train and validate every variant with the same seed, windows and steps.

    Returns {variant: {set: errors}}; ``report`` hears of each as it is done. Finished trainings
    in ``folder`` are reused. The errors hold ``training_minutes`` too, of the variant's own stage.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for name in names:
        ablation = ABLATIONS[name]
        configuration = replace(base, **ablation.changes)
        own = folder / name.replace(' ', '_').replace('(', '').replace(')', '')
        initial = None
        if ablation.pretrain:
            key = 'decoupled' if configuration.decouple else 'undivided'
            initial = folder / f'pretrain_{key}' / 'weights.safetensors'
            if not initial.exists():
                train_stage('pretrain', replace(base, steps=pretrain_steps,
                                                decouple=configuration.decouple), training,
                            initial.parent)
        weights = own / 'weights.safetensors'
        if not weights.exists():
            train_stage('finetune', configuration, training, own, initial)
        model, card = load_network(weights)
        table[name] = {}
        for set_name in ('clean', 'noisy', 'occluded'):
            source = WindowSource(validation, WindowSpec(model.tier.window_length,
                                                         model.tier.rate),
                                  preset(set_name), VALIDATION_SEED, model.skeleton)
            table[name][set_name] = {
                **validate(model, source, model.skeleton, batches=batches),
                'training_minutes': card['training_seconds'] / 60}
        report(name, table[name]['noisy'])
    return table
