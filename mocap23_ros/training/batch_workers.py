# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Makes batches ahead of the training network, in a thread or in worker processes."""

import queue
import threading
from collections.abc import Callable, Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from mocap23_ros.training.targets import TrainingWindows

BatchFunction = Callable[[int], TrainingWindows]
_AHEAD = 2  # batches, of each maker


def prefetched(batch_of: BatchFunction, indices: range, workers: int) -> Iterator[TrainingWindows]:
    """The batches of the indices, in their order, whoever makes them.

    batch_of: a pure function of the index. workers: processes; 0: a thread of this one, which is
    enough where the network takes longer than its batches.
    """
    if not workers:
        return _by_thread(batch_of, indices)
    # Forked, so that the motion is shared and not copied; with a generator of its own, so that it
    # draws nothing from that of the run's noise.
    return iter(DataLoader(_Batches(batch_of), batch_size=None, sampler=indices,
                           num_workers=workers, prefetch_factor=_AHEAD,
                           multiprocessing_context='fork', generator=torch.Generator()))


class _Batches(Dataset):
    def __init__(self, batch_of: BatchFunction) -> None:
        self._batch_of = batch_of

    def __getitem__(self, index: int) -> TrainingWindows:
        return self._batch_of(index)


def _by_thread(batch_of: BatchFunction, indices: range) -> Iterator[TrainingWindows]:
    """numpy and torch release the interpreter's lock."""
    ready: queue.Queue = queue.Queue(maxsize=_AHEAD)
    stop = threading.Event()

    def offer(item: object) -> bool:
        """Put, unless the consumer has gone."""
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        try:
            for index in indices:
                if not offer(batch_of(index)):
                    return
            offer(None)
        except BaseException as error:  # handed to the training thread
            offer(error)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
