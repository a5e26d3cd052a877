# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Many recordings on the machines of a Ray cluster, which see the same files."""

import socket
from collections.abc import Callable, Sequence

from mocap23_ros.errors import InputError, one_line
from mocap23_ros.evaluation.recording_batch import (
    Evaluate,
    Job,
    Manifest,
    Outcome,
    Outcomes,
    safely,
)
from mocap23_ros.optional_packages import optional_module

_PATIENCE = 10.0  # s; Ray itself waits for minutes and may end the process
_RETRIES = 3  # of a recording whose worker or machine was lost


def run_on_ray(jobs: Sequence[Job], manifest: Manifest, address: str | None,
               done: Callable[[Outcome], None], evaluate: Evaluate) -> list[Outcome]:
    """Run like ``run_batch``, one CPU of the cluster for each recording.

    address: HOST:PORT of the cluster's head; None starts one on this machine. The bags, the program
    and where results go must be at the same paths on all machines. Raises InputError where Ray is
    absent or the cluster does not answer.
    """
    ray = optional_module('ray', 'ray', '--on ray needs the package')
    outcomes = Outcomes(jobs, manifest, done)
    if address is not None:
        _check_address(address)
    try:
        ray.init(address=address, log_to_driver=False, include_dashboard=False,
                 logging_level='ERROR')
    except Exception as error:  # of sockets, of versions, of time
        raise InputError(f'the Ray cluster {address or "of this machine"} cannot be used: '
                         f'{one_line(error, 200)}') from None
    try:
        # Each recording is a task of its own: a lost worker costs what it was doing.
        task = ray.remote(num_cpus=1, max_retries=_RETRIES)(safely)
        running = {task.remote(evaluate, job): job for job in outcomes.open_jobs()}
        while running:
            ready, _ = ray.wait(list(running), num_returns=1)
            job = running.pop(ready[0])
            try:
                outcomes.finish(job, *ray.get(ready[0]).values())
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError,
                    ray.exceptions.OutOfMemoryError):
                outcomes.finish(job, None, f'its worker was lost {_RETRIES + 1} times (out of '
                                           'memory?)')
            except ray.exceptions.RayError as error:  # it could not even begin
                reason = ' '.join(str(error).split())[-200:]
                outcomes.finish(job, None, f'no worker could take it: {reason}')
    finally:
        ray.shutdown()
    return outcomes.in_order()


def _check_address(address: str) -> None:
    host, _, port = address.rpartition(':')
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f'--address {address[:80]}: write HOST:PORT of the head')
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except OSError as error:
        raise InputError(f'the Ray cluster {address} does not answer ({error.strerror or error}); '
                         'start it with ray start --head, or leave --address out') from None
