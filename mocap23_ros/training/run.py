# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One training stage from configuration to weights."""

import datetime
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mocap23_ros.datasets.augmentation import preset as augmentation_preset
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.machine_description import commit_line, hardware_line
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.lifter_model import LifterModel
from mocap23_ros.network.models import configured_skeleton, configured_tier, make_model
from mocap23_ros.network.triangulation import split_planes
from mocap23_ros.network.triangulation_forms import check_usable
from mocap23_ros.network.views import RigJitter, make_views, project
from mocap23_ros.network.weights_file import load_weights, read_card, save_weights
from mocap23_ros.training.checkpoint import seed_everything
from mocap23_ros.training.keypoint_source import KeypointSource
from mocap23_ros.training.measured_detector import MeasuredDetector
from mocap23_ros.training.mixed_batches import mixed_batches
from mocap23_ros.training.run_identity import run_identity
from mocap23_ros.training.stages import distill_loss, finetune_loss, pretrain_loss, regression_loss
from mocap23_ros.training.targets import TrainingWindows
from mocap23_ros.training.trainer import LossFunction, Trainer

_STATISTICS_BATCHES = 16
_STATISTICS_MINUTES = 5.0
_MOST_SUBJECTS = 200  # that a card lists
_WIDENED = ('denoiser.geometry_projection.0.weight',)  # by the proportions of the body


def train_stage(stage: str, configuration: TrainingConfiguration, clips: MotionClips | None,
                folder: Path, initial: Path | None = None, time_budget: float | None = None,
                keypoints: Path | None = None, keypoints_share: float = 0.5, workers: int = 0,
                detector: MeasuredDetector | None = None) -> Path:
    """Train one stage; resumes by itself when ``folder`` holds a checkpoint of the same run.

    initial: weights of the stage before. keypoints: 2D recordings (a file or a folder);
    keypoints_share of the windows of stage 1 come from them, and clips may be None where it is 1.
    workers: as of Trainer. detector: projected motion gets its errors. Returns the path of the
    weights (``folder``/weights.safetensors); they stay as they are where the run had ended before.
    Raises InputError where the checkpoint is of another run (run_identity.py).
    """
    check_usable(configuration.triangulation, 'training')
    seed_everything(configuration.seed)
    if initial is None and stage == 'distill':
        raise InputError('distill needs --init with the weights of the stage before')
    model = make_model(configuration, stage)
    recorded = None
    if keypoints is not None:
        _check_keypoints(stage, configuration, keypoints_share)
        recorded = _keypoint_source(configuration, keypoints)
    augmentation = augmentation_preset(configuration.augmentation)
    if detector is not None:
        if clips is None:
            raise InputError('--detector-noise needs motion, whose projections it is drawn for; '
                             'leave it out with --keypoints-share 1')
        augmentation = detector.added_to(augmentation)
    batch_of = mixed_batches(configuration, clips, recorded, keypoints_share, augmentation)

    earlier: list[dict[str, Any]] = []  # cards of the stages before
    if initial is not None:
        card = read_card(initial)
        missing = load_weights(initial, model, strict=stage == 'distill', widened=_WIDENED)
        _check_initial(missing, stage, initial)
        earlier = [*card.get('before', []), {key: value for key, value in card.items()
                                             if key != 'before'}]
    elif isinstance(model, LifterModel):
        # The virtual views' statistics need 3D motion: where there is none, motion made by rules.
        projected = mixed_batches(configuration, procedural_motion(_STATISTICS_MINUTES)
                                  if clips is None else clips)
        _fit_statistics(model, [projected(10 ** 8 + i) for i in range(_STATISTICS_BATCHES)])

    data = training_data(clips, recorded, keypoints_share)
    if detector is not None:
        data['detector_noise'] = detector.summary()
    trainer = Trainer(model, _loss(stage, configuration), batch_of, configuration, folder,
                      time_budget, run_identity(stage, configuration, data, initial), workers)
    path = folder / 'weights.safetensors'
    present = _card_of(path)
    trainer.resume(present)
    chief = trainer.accelerator.is_main_process
    if trainer.finished and (present.get('stage'), present.get('steps')) == (stage, trainer.step):
        if chief:
            print(f'{path} is the result of these {trainer.step} steps already; give more --steps '
                  f'to go on', file=sys.stderr)
        return path
    trained = trainer.train()
    if chief:
        save_weights(path, trained, {
            **_acknowledgement(clips, earlier),
            'stage': stage, 'steps': trainer.step, 'windows_seen': trainer.step
            * configuration.batch_size * trainer.accelerator.num_processes,
            'training_seconds': round(trainer.seconds, 2),
            'configuration': asdict(configuration), 'commit': commit_line(),
            'date': datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            'hardware': _hardware(trainer.accelerator.device),
            'training_data': data,
            'last_training_figures': {name: round(value, 4)
                                      for name, value in trainer.figures.means().items()},
            'before': earlier})
    return path


def _card_of(path: Path) -> dict[str, Any]:
    """Card of the weights that are there; empty where there are none, or damaged ones."""
    try:
        return read_card(path)
    except InputError:
        return {}


def _acknowledgement(clips: MotionClips | None, earlier: list[dict[str, Any]]) -> dict[str, str]:
    """What the owners of the motion want said, of this stage's and of those before."""
    texts = [] if clips is None else list(clips.acknowledgements)
    texts += [card['acknowledgement'] for card in earlier if 'acknowledgement' in card]
    said: list[str] = []
    for text in texts:  # those of earlier stages join what was said before them
        for sentence in said:
            text = text.replace(sentence, '')
        if text.strip():
            said.append(' '.join(text.split()))
    return {'acknowledgement': ' '.join(said)} if said else {}


def _keypoint_source(configuration: TrainingConfiguration, path: Path) -> KeypointSource:
    tier = configured_tier(configuration)
    return KeypointSource.from_files(path, WindowSpec(tier.window_length, tier.rate),
                                     configured_skeleton(configuration),
                                     augmentation_preset(configuration.augmentation),
                                     configuration.seed)


def _check_keypoints(stage: str, configuration: TrainingConfiguration, share: float) -> None:
    if stage != 'pretrain' or configuration.model != 'diffusion':
        raise InputError('2D recordings train stage 1 (pretrain) of the diffusion model alone; '
                         'the rest needs 3D motion: start it from those weights with --init')
    if not 0 < share <= 1:
        raise InputError(f'--keypoints-share must be over 0 and at most 1, not {share:g}')


def training_data(clips: MotionClips | None, recorded: KeypointSource | None = None,
                  share: float = 0.0) -> dict[str, Any]:
    """What a run trains on, as its card states it; data_sets: minutes of each."""
    data: dict[str, Any] = {'clips': 0, 'minutes': 0.0, 'subjects': []}
    if clips is not None:
        subjects = sorted(set(clips.subject.tolist()))
        data = {'clips': len(clips), 'minutes': round(clips.minutes, 1),
                'subjects': subjects if len(subjects) <= _MOST_SUBJECTS
                else f'{len(subjects)} subjects',
                'data_sets': {str(name): round(clips.select(clips.data_set == name).minutes, 1)
                              for name in np.unique(clips.data_set)},
                'clips_sha256': clips.table_sha256()}
    if recorded is not None:
        data['keypoints'] = {**recorded.summary(), 'share': share}
    return data


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


def _hardware(device: torch.device) -> str:
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    return f'{hardware_line()}, {torch.get_num_threads()} threads'
