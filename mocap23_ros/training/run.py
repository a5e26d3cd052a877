# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One training stage from configuration to weights."""

import datetime
import platform
import subprocess
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mocap23_ros.datasets.augmentation import preset as augmentation_preset
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.training.checkpoint import seed_everything
from mocap23_ros.training.configuration import TrainingConfiguration
from mocap23_ros.training.lifter_model import LifterModel
from mocap23_ros.training.models import configured_skeleton, configured_tier, make_model
from mocap23_ros.training.stages import distill_loss, finetune_loss, pretrain_loss, regression_loss
from mocap23_ros.training.targets import TrainingWindows, training_windows
from mocap23_ros.training.trainer import LossFunction, Trainer
from mocap23_ros.training.triangulation import split_planes
from mocap23_ros.training.views import RigJitter, make_views, project
from mocap23_ros.training.weights_file import load_weights, read_card, save_weights

_STATISTICS_BATCHES = 16


def train_stage(stage: str, configuration: TrainingConfiguration, clips: MotionClips,
                folder: Path, initial: Path | None = None,
                time_budget: float | None = None) -> Path:
    """Train one stage; resumes by itself when ``folder`` holds a checkpoint.

    initial: weights of the stage before. Returns the path of the weights written
    (``folder``/weights.safetensors).
    """
    seed_everything(configuration.seed)
    if initial is None and stage == 'distill':
        raise InputError('distill needs --init with the weights of the stage before')
    model = make_model(configuration, stage)
    source = _source(configuration, clips)
    skeleton = configured_skeleton(configuration)

    def batch_of(index: int) -> TrainingWindows:
        return training_windows(source.batch(configuration.batch_size, index), skeleton,
                                seed=configuration.seed + index)

    history: list[dict[str, Any]] = []
    if initial is not None:
        card = read_card(initial)
        missing = load_weights(initial, model, strict=stage == 'distill')
        _check_initial(missing, stage, initial)
        history = [*card.get('before', []), {key: value for key, value in card.items()
                                             if key != 'before'}]
    elif isinstance(model, LifterModel):
        _fit_statistics(model, [batch_of(10 ** 8 + i) for i in range(_STATISTICS_BATCHES)])

    trainer = Trainer(model, _loss(stage, configuration), batch_of, configuration, folder,
                      time_budget)
    trainer.resume()
    trained = trainer.train()
    path = folder / 'weights.safetensors'
    if trainer.accelerator.is_main_process:
        save_weights(path, trained, {
            'stage': stage, 'steps': trainer.step, 'windows_seen': trainer.step
            * configuration.batch_size * trainer.accelerator.num_processes,
            'training_seconds': round(trainer.seconds, 2),
            'configuration': asdict(configuration), 'commit': _commit(),
            'date': datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            'hardware': _hardware(trainer.accelerator.device),
            'training_data': {'clips': len(clips), 'minutes': round(clips.minutes, 1),
                              'subjects': sorted(set(clips.subject.tolist()))},
            'last_training_figures': {name: round(value, 4)
                                      for name, value in trainer.history.items()},
            'before': history})
    return path


def _source(configuration: TrainingConfiguration, clips: MotionClips) -> WindowSource:
    tier = configured_tier(configuration)
    return WindowSource(clips, WindowSpec(tier.window_length, tier.rate),
                        augmentation_preset(configuration.augmentation), configuration.seed,
                        configured_skeleton(configuration))


def _loss(stage: str, configuration: TrainingConfiguration) -> LossFunction:
    if configuration.model != 'diffusion':
        return partial(regression_loss, configuration=configuration)
    stages = {'pretrain': pretrain_loss, 'finetune': finetune_loss, 'distill': distill_loss}
    return partial(stages[stage], configuration=configuration)


def _check_initial(missing: list[str], stage: str, path: Path) -> None:
    """Only what stage 2 adds may be absent from stage 1's weights."""
    added = ('across_projection', 'geometry_projection', 'view_attention', 'view_norm',
             'cross_', 'ground_encoder', 'ray_trust', 'view_trust', 'heads')
    foreign = [name for name in missing if not any(part in name for part in added)]
    if foreign:
        raise InputError(f'{path} lacks {foreign[0]}, which {stage} needs; it was trained for '
                         f'another tier or format')


@torch.no_grad()
def _fit_statistics(model: LifterModel, batches: list[TrainingWindows]) -> None:
    codes = []
    for windows in batches:
        views = make_views(windows.camera, windows.anchor, RigJitter(), 4)
        u, v, _ = project(views, split_planes(windows.joints))
        codes.append(model.code.raw(u, v, views))
    model.code.fit_statistics(torch.cat(codes))


def _commit() -> str:
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(['git', '-C', str(root), 'rev-parse', '--short', 'HEAD'],
                            capture_output=True, text=True, check=False)
    return result.stdout.strip() or 'unknown'


def _hardware(device: torch.device) -> str:
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    return f'{platform.machine()} CPU, {torch.get_num_threads()} threads'
