# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The live part of the demo: player, node and recorder as three processes in real time."""

import os
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from mocap23_ros.demo.child_process import ChildProcess
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file

READY_TIMEOUT = 120.0  # seconds; loading the detector takes a few on a busy machine
MEMORY_PERIOD = 0.25  # seconds
DRAIN_SECONDS = 1.5  # after the last image
WORLD_FRAME = 'map'


@dataclass(frozen=True)
class LivePlan:
    """What to play and how to run the node.

    camera: with the image size to be played; video: its file. node_parameters: of lifter_node.
    transport: ``raw`` or ``compressed``.
    """

    camera: SampleCamera
    video: Path
    frame_count: int
    fps: float
    rate: float
    seconds: float
    transport: str
    floor_height: float
    node_parameters: dict[str, object]


@dataclass(frozen=True)
class LiveRun:
    """What came of it: bag, image stamps [N] ns with the frame shown at each, memory [M,2] s, MB.

    node_cpu: share of one core that the node used while playing.
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


def run_live(plan: LivePlan, folder: Path, logs: Path,
             report: Callable[[str, int, int], None] = lambda what, done, total: None) -> LiveRun:
    """Play, lift and record in real time; leaves ``bag/`` and ``camera.yaml`` in folder.

    logs: folder for what the processes say. report: called with what is done, steps done and
    steps in all. Raises InputError where a process dies or does not get ready; all processes
    are ended in every case.
    """
    camera_file, stamps_file = folder / 'camera.yaml', folder / 'stamps.npz'
    save_camera_file(camera_file, CameraFile(
        plan.camera.model, plan.camera.world_T_camera, plan.floor_height, plan.camera.name))
    environment = ros_environment()
    with ExitStack() as stack:
        def start(name: str, module: str, arguments: list[str]) -> ChildProcess:
            return stack.enter_context(ChildProcess(
                name, module, arguments, logs / f'{name}.log', environment))

        recorder = start('recorder', 'mocap23_ros.demo.recorder',
                         ['--bag', str(folder / 'bag')])
        node = start('node', 'mocap23_ros.ros.main', node_arguments(plan))
        player = start('player', 'mocap23_ros.demo.player', [
            '--video', str(plan.video), '--camera', str(camera_file), '--rate', str(plan.rate),
            '--seconds', str(plan.seconds), '--world-frame', WORLD_FRAME, '--transport',
            plan.transport, '--frame-count', str(plan.frame_count), '--fps', str(plan.fps),
            '--stamps', str(stamps_file)])
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


def node_arguments(plan: LivePlan) -> list[str]:
    """Arguments of lifter_node for the player's topics."""
    parameters: dict[str, object] = {
        'world_frame': WORLD_FRAME, 'floor_height': float(plan.floor_height),
        'image_transport': plan.transport,
        # Best-effort images of this size are mostly lost between processes (docs/DEMO.md).
        f'qos_overrides.{_image_topic(plan.transport)}.subscription.reliability': 'reliable',
        **plan.node_parameters}
    words = ['--ros-args', '-r', 'image:=/camera/image', '-r', 'camera_info:=/camera/camera_info']
    for name, value in parameters.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        words += ['-p', f'{name}:={text}']
    return words


def _image_topic(transport: str) -> str:
    return '/camera/image' if transport == 'raw' else '/camera/image/compressed'


def _wait_until_ready(children: tuple[ChildProcess, ...], names: set[str],
                      report: Callable[[str, int, int], None]) -> None:
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
                   report: Callable[[str, int, int], None]
                   ) -> tuple[NDArray[np.float64], float]:
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
