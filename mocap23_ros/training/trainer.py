# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One training loop for all stages and models: resumable, deterministic, on any device."""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.precision import usable_precision
from mocap23_ros.training.averaging import MovingAverage
from mocap23_ros.training.batch_workers import BatchFunction, prefetched
from mocap23_ros.training.checkpoint import load_checkpoint, restore_generators, save_checkpoint
from mocap23_ros.training.optimisers import make_optimisers
from mocap23_ros.training.recent_figures import RecentFigures
from mocap23_ros.training.run_identity import check_same_run
from mocap23_ros.training.targets import TrainingWindows

LossFunction = Callable[[nn.Module, TrainingWindows], dict[str, Tensor]]
_LOG_EVERY = 20  # steps, as many as the figures are means of


class _Objective(nn.Module):
    """A network with its loss as one module: what is spread over processes has one ``forward``."""

    def __init__(self, network: nn.Module, loss_function: LossFunction) -> None:
        super().__init__()
        self.network, self.loss_function = network, loss_function

    def forward(self, windows: TrainingWindows) -> dict[str, Tensor]:
        """Loss terms of a batch."""
        return self.loss_function(self.network, windows)


class Trainer:
    """Runs a loss over batches until the steps or the time budget are used up.

    batch_of(index) must be a pure function of the index: a resumed run then sees exactly the
    batches that an uninterrupted one would. With several processes (``accelerate launch``) every
    process takes its own share of the indices. identity: of the run (run_identity.py), for the
    checkpoint; the number of processes is added. workers: processes that make the batches, which
    changes none of them; 0: a thread of this one does.
    """

    def __init__(self, model: nn.Module, loss_function: LossFunction, batch_of: BatchFunction,
                 configuration: TrainingConfiguration, folder: Path,
                 time_budget: float | None = None,
                 identity: dict[str, Any] | None = None, workers: int = 0) -> None:
        self.configuration, self.folder = configuration, folder
        self.batch_of, self.time_budget, self.workers = batch_of, time_budget, workers
        # Stages leave parts of the network unused.
        self.accelerator = Accelerator(
            mixed_precision=usable_precision(configuration.mixed_precision),
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)])
        self.identity = {**(identity or {}), 'processes': self.accelerator.num_processes}
        self.model = model
        self.objective, *self.optimisers = self.accelerator.prepare(
            _Objective(model, loss_function), *make_optimisers(model, configuration))
        self.average = MovingAverage(model, configuration.ema)
        self.step, self.seconds = 0, 0.0  # seconds: in all runs of this training together
        self._draw_own_noise()
        self.figures = RecentFigures()

    @property
    def checkpoint_path(self) -> Path:
        """Where the state is kept between runs."""
        return self.folder / 'checkpoint.pt'

    @property
    def finished(self) -> bool:
        """Whether no step is left."""
        return self.step >= self.configuration.steps

    def resume(self, earlier: dict[str, Any] | None = None) -> bool:
        """Continue from the last checkpoint; False when there is none.

        earlier: what is known of the run of a checkpoint that does not hold its identity, as those
        of earlier versions. Raises InputError where it is another run than this trainer's.
        """
        if not self.checkpoint_path.exists():
            return False
        state = load_checkpoint(self.checkpoint_path)
        check_same_run(state.get('run') or earlier or {}, self.identity, self.checkpoint_path)
        try:
            self.model.load_state_dict(state['model'])
            for optimiser, saved in zip(self.optimisers, state['optimisers'], strict=True):
                optimiser.load_state_dict(saved)
        except (RuntimeError, ValueError, KeyError, TypeError):
            raise InputError(f'{self.checkpoint_path} is of another network or optimiser than '
                             f'this run; give another --out, or delete it to start again'
                             ) from None
        self.average.load({name: value.to(self.accelerator.device)
                           for name, value in state['average'].items()})
        if self.accelerator.scaler is not None and state.get('scaler'):
            self.accelerator.scaler.load_state_dict(state['scaler'])
        self.step, self.seconds = state['step'], state.get('seconds', 0.0)
        self.figures = RecentFigures(state.get('figures', ()))
        own = restore_generators(state, self.accelerator.device)
        self._draw_own_noise(anew=not own)
        return True

    def _draw_own_noise(self, anew: bool = False) -> None:
        """Seed every process but the first, which resumes its own noise.

        anew: seed the first one too; it has nothing to resume and must not repeat its start.
        """
        rank = self.accelerator.process_index
        if rank or anew:
            torch.manual_seed(self.configuration.seed + 7919 * rank + 104_729 * self.step)

    def train(self) -> nn.Module:
        """Run; returns the model with averaged weights. Writes checkpoints as it goes."""
        total, first, before = self.configuration.steps, self.step, self.seconds
        started = last_checkpoint = time.monotonic()
        writer = SummaryWriter(str(self.folder / 'curves')) \
            if self.accelerator.is_main_process else None
        console = Console(file=sys.stderr)
        columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
                   TimeRemainingColumn(), TextColumn('{task.fields[status]}'))

        def record() -> dict[str, float]:
            means = self.figures.means()
            if writer is not None:
                for name, value in means.items():
                    writer.add_scalar(name, value, self.step)
            return means

        self.objective.train()
        with Progress(*columns, console=console,
                      disable=not self.accelerator.is_main_process) as progress:
            task = progress.add_task('training', total=total, completed=self.step, status='')
            for windows in prefetched(self.batch_of, self._indices(), self.workers):
                self.figures.add(self._optimise(windows))
                self.step += 1
                progress.advance(task)
                if self.step % _LOG_EVERY == 0:
                    means = record()
                    status = '  '.join(f'{name} {means[name]:.3g}' for name in
                                       ('total', 'mpjpe_mm', 'abs_mm') if name in means)
                    progress.update(task, status=status)
                    if not console.is_terminal and self.accelerator.is_main_process:
                        print(f'step {self.step}/{total}  {status}  '
                              f'{time.monotonic() - started:.0f} s', file=sys.stderr, flush=True)
                now = time.monotonic()
                self.seconds = before + now - started
                out_of_time = self.time_budget is not None and now - started > self.time_budget
                if now - last_checkpoint > self.configuration.checkpoint_seconds or out_of_time:
                    self._save()
                    last_checkpoint = now
                if out_of_time:
                    break
        self._save()
        if self.step > first and self.step % _LOG_EVERY:
            record()
        if writer is not None:
            writer.close()
        self.average.copy_to(self.model)
        return self.model

    def _indices(self) -> range:
        """Indices of the batches that are left for this process."""
        stride, rank = self.accelerator.num_processes, self.accelerator.process_index
        return range(self.step * stride + rank, self.configuration.steps * stride, stride)

    def _optimise(self, windows: TrainingWindows) -> dict[str, float]:
        rate = learning_rate(self.step, self.configuration)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group['lr'] = rate
            optimiser.zero_grad(set_to_none=True)
        with self.accelerator.autocast():
            terms = self.objective(windows.to(self.accelerator.device))
        self.accelerator.backward(terms['total'])
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(),
                                                 self.configuration.clip)
        scaler = self.accelerator.scaler
        # A single absurd batch must not poison the averages.
        if norm is None or math.isfinite(float(norm)):
            for optimiser in self.optimisers:
                if scaler is None:
                    optimiser.step()
                else:  # Accelerate's own would update the scale, and undo it, once per optimiser
                    scaler.step(optimiser.optimizer)
            self.average.update(self.model, self.step)
        if scaler is not None:
            scaler.update()
        return {name: float(value.detach()) for name, value in terms.items()}

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        save_checkpoint(self.checkpoint_path, {
            'model': self.model.state_dict(),
            'optimisers': [optimiser.state_dict() for optimiser in self.optimisers],
            'average': self.average.state,
            'scaler': None if scaler is None else scaler.state_dict(),
            'step': self.step, 'seconds': self.seconds, 'figures': self.figures.state(),
            'run': self.identity}, self.accelerator.device)


def learning_rate(step: int, configuration: TrainingConfiguration) -> float:
    """Linear warm-up, then half a cosine down to the final rate."""
    high, low = configuration.learning_rate, configuration.final_learning_rate
    if step < configuration.warm_up:
        return high * (step + 1) / configuration.warm_up
    span = max(1, configuration.steps - configuration.warm_up)
    return low + 0.5 * (high - low) * (1 + math.cos(math.pi * min(
        1.0, (step - configuration.warm_up) / span)))
