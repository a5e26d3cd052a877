# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Player, node and recorder as three processes in real time."""

import os
import random
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import yaml
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.live.child_process import ChildProcess
from mocap23_ros.reporting import StepProgress, silent

READY_TIMEOUT = 120.0  # seconds; loading the detector takes a few on a busy machine
MEMORY_PERIOD = 0.25  # seconds
DRAIN_SECONDS = 1.5  # after the last image


@dataclass(frozen=True)
class LiveSetUp:
    """What runs.

    player: module that publishes, with its arguments; it gets ``--stamps FILE`` too, says
    ``ready``, ``progress`` (sent, total) and ``done``, and begins at a line on its standard input.
    node: arguments of lifter_node. topics: what is recorded; all that the recorder knows when None.
    """

    player: str
    player_arguments: tuple[str, ...]
    node: tuple[str, ...]
    topics: tuple[str, ...] | None = None


@dataclass(frozen=True)
class LiveRun:
    """What came of it: bag, image stamps [N] ns with the frame shown at each, memory [M,2] s, MB.

    node_cpu: cores that the node used while playing.
    """

    bag: Path
    stamps_ns: NDArray[np.int64]
    frames: NDArray[np.int64]
    memory_mb: NDArray[np.float64]
    node_cpu: float


def ros_environment() -> dict[str, str]:
    """Environment of the children: this machine only, and large messages.

    ROS_DOMAIN_ID, ROS_AUTOMATIC_DISCOVERY_RANGE and FASTDDS_BUILTIN_TRANSPORTS are respected where
    they are set; the domain is drawn by chance otherwise, so that no robot nearby gets a person.
    """
    environment = dict(os.environ)
    environment.setdefault('ROS_DOMAIN_ID', str(random.randint(120, 220)))
    environment.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    environment.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA')
    environment.setdefault('RCUTILS_COLORIZED_OUTPUT', '0')
    return environment


def run_live(set_up: LiveSetUp, folder: Path, logs: Path,
             report: StepProgress = silent) -> LiveRun:
    """Play, lift and record in real time; leaves ``bag/`` and ``stamps.npz`` in folder.

    logs: folder for what the processes say. Raises InputError where a process dies or does not
    get ready; all processes are ended in every case.
    """
    stamps_file = folder / 'stamps.npz'
    topics = [] if set_up.topics is None else ['--topics', *set_up.topics]
    environment = ros_environment()
    with ExitStack() as stack:
        def start(name: str, module: str, *arguments: str) -> ChildProcess:
            return stack.enter_context(ChildProcess(
                name, module, arguments, logs / f'{name}.log', environment))

        recorder = start('recorder', 'mocap23_ros.live.recorder',
                         '--bag', str(folder / 'bag'), *topics)
        node = start('node', 'mocap23_ros.ros.run_node', *set_up.node)
        player = start('player', set_up.player, *set_up.player_arguments,
                       '--stamps', str(stamps_file))
        children = (recorder, node, player)
        # Runs first on the way out: all end at the same time, each is then waited for.
        for child in children:
            stack.callback(child.interrupt)
        _wait_until_ready(children, {'recorder', 'player'}, report)
        memory, cpu = _watch_playing(children, node, player, report)
        time.sleep(DRAIN_SECONDS)
        for child in (node, recorder):
            child.check()
        player.say('end')
        recorder.stop()  # closes the bag; the node first would add its last, empty, message
        node.stop()
    with np.load(stamps_file, allow_pickle=False) as data:
        return LiveRun(folder / 'bag', data['stamps_ns'], data['frames'], memory, cpu)


def ros_arguments(parameters: Mapping[str, object], remappings: Mapping[str, str]
                  ) -> tuple[str, ...]:
    """Parameters and remapped topics as a node takes them on its command line."""
    words = ['--ros-args']
    for name, topic in remappings.items():
        words += ['-r', f'{name}:={topic}']
    for name, value in parameters.items():
        # As YAML, so that a text stays a text whatever is in it.
        text = yaml.safe_dump(value, width=float('inf')).removesuffix('\n...\n').strip()
        words += ['-p', f'{name}:={text}']
    return tuple(words)


def _wait_until_ready(children: tuple[ChildProcess, ...], names: set[str],
                      report: StepProgress) -> None:
    waiting = set(names)
    deadline = time.monotonic() + READY_TIMEOUT
    what = 'start player, node and recorder'
    while waiting:
        report(what, len(names) - len(waiting), len(names))
        for child in children:
            child.check()
            if any(event.get('event') == 'ready' for event in child.events()):
                waiting.discard(child.name)
        if time.monotonic() > deadline:
            raise InputError(f'{" and ".join(sorted(waiting))} not ready within '
                             f'{READY_TIMEOUT:.0f} s: node, player and recorder do not find each '
                             'other; check that multicast on the loopback interface is allowed')
        time.sleep(0.1)
    report(what, len(names), len(names))
    time.sleep(0.5)  # discovery is done on our side; give the other ends a moment


def _watch_playing(children: tuple[ChildProcess, ...], node: ChildProcess, player: ChildProcess,
                   report: StepProgress) -> tuple[NDArray[np.float64], float]:
    process = psutil.Process(node.pid)
    memory = []
    player.say('play')
    begin = time.monotonic()
    used = sum(process.cpu_times()[:2])
    done = False
    while not done:
        for child in children:
            child.check()
        for event in player.events():
            if event.get('event') == 'progress':
                report('play, lift and record in real time', event['sent'], event['total'])
            done = done or event.get('event') == 'done'
        elapsed = time.monotonic() - begin
        memory.append((elapsed, process.memory_info().rss / 1e6))
        time.sleep(MEMORY_PERIOD)
    cpu = (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - begin)
    return np.array(memory), cpu
