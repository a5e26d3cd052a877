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
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import load_network
from mocap23_ros.network.weights_file import read_card
from mocap23_ros.training.checkpoint import load_checkpoint
from mocap23_ros.training.run import train_stage, training_data
from mocap23_ros.training.run_identity import check_same_run, run_identity
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
    'three unknowns': Ablation({'triangulation': 'three'}),
    'ray depth regression (B2)': Ablation({'model': 'ray_depth'}, pretrain=False),
    'temporal convolution (B3)': Ablation({'model': 'tcn'}, pretrain=False),
}


@dataclass(frozen=True)
class _Run:
    """One training of the table and the one that it starts from."""

    folder: Path
    stage: str
    configuration: TrainingConfiguration
    before: '_Run | None' = None

    @property
    def weights(self) -> Path:
        return self.folder / 'weights.safetensors'

    def check(self, data: dict[str, Any]) -> None:
        """Refuse a folder that holds another run; a variant is compared in the steps too."""
        wanted = run_identity(self.stage, self.configuration, data)
        del wanted['initial_sha256']  # the run before may be still to come
        if self.weights.exists():
            card = read_card(self.weights)
            self._compare(card, wanted)
            if self.before is not None:
                earlier = card.get('before') or [{}]
                start = run_identity(self.before.stage, self.before.configuration, data)
                self._compare({'stage': None, **earlier[-1]}, start)
        elif (checkpoint := self.folder / 'checkpoint.pt').exists():
            self._compare(load_checkpoint(checkpoint).get('run') or {}, wanted)
        if self.before is not None:
            self.before.check(data)

    def _compare(self, saved: dict[str, Any], wanted: dict[str, Any]) -> None:
        check_same_run(saved, wanted, self.folder, free=('checkpoint_seconds',))

    def train(self, training: MotionClips) -> None:
        """Train what is not there yet."""
        if self.weights.exists() and read_card(self.weights).get('steps') \
                == self.configuration.steps:
            return
        if self.before is not None:
            self.before.train(training)
        train_stage(self.stage, self.configuration, training, self.folder,
                    None if self.before is None else self.before.weights)


def _planned(name: str, base: TrainingConfiguration, pretrain_steps: int, folder: Path) -> _Run:
    ablation = ABLATIONS[name]
    configuration = replace(base, **ablation.changes)
    before = None
    if ablation.pretrain:
        key = 'decoupled' if configuration.decouple else 'undivided'
        before = _Run(folder / f'pretrain_{key}', 'pretrain', replace(
            base, steps=pretrain_steps, decouple=configuration.decouple))
    own = folder / name.replace(' ', '_').replace('(', '').replace(')', '')
    return _Run(own, 'finetune', configuration, before)


def run_ablations(names: list[str], base: TrainingConfiguration, pretrain_steps: int,
                  training: MotionClips, validation: MotionClips, folder: Path,
                  report: Callable[[str, dict[str, float]], None],
                  batches: int = 16) -> dict[str, dict[str, dict[str, float]]]:
    """Train and validate every variant with the same seed, windows and steps.

    Returns {variant: {set: errors}}; ``report`` hears of each as it is done. Trainings in
    ``folder`` are reused, and gone on with, where they are the same as those wanted; InputError,
    before anything is trained, where one is not. The errors hold ``training_minutes`` too, of the
    variant's own stage.
    """
    runs = {name: _planned(name, base, pretrain_steps, folder) for name in names}
    for planned in runs.values():
        planned.check(training_data(training))
    table: dict[str, dict[str, dict[str, float]]] = {}
    for name, planned in runs.items():
        planned.train(training)
        model, card = load_network(planned.weights)
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
