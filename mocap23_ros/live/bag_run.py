# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A bag played at its pace through a real node: latency, drops, load."""

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.report import plain
from mocap23_ros.live.live_run import LiveSetUp, ros_arguments, run_live
from mocap23_ros.live.recorded_run import read_run
from mocap23_ros.live.run_statistics import live_figures
from mocap23_ros.recordings.bag_camera import COMPRESSED, KEYPOINTS, find_topics
from mocap23_ros.recordings.bag_lifter import BagSource
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.reporting import Progress
from mocap23_ros.ros.given_camera import given_camera
from mocap23_ros.ros.settings import Settings

_NAMESPACE = '/bag'  # of bag_player, which only a process with ROS imports
_RECORDED = ('/skeletons', '/skeleton_info', '/keypoints_2d', '/diagnostics')
_LATE = 0.005  # s; a player that is later adds to the latency
_PROBLEM = 'problem: '
_SECOND = 1_000_000_000


@dataclass(frozen=True)
class BagRun:
    """figures: as those of a live run in report.json. latencies_ms [N]; memory_mb [M,2] s, MB.

    motion: what was published, at the stamps of the bag.
    """

    figures: dict[str, Any]
    latencies_ms: NDArray[np.float64]
    memory_mb: NDArray[np.float64]
    notes: list[str]
    motion: RecordedMotion


def play_bag(source: BagSource, settings: Settings, logs: Path, seconds: float,
             progress: Progress) -> BagRun:
    """Play a bag through lifter_node as a process of its own, with these parameters.

    logs: folder for what the processes say. seconds: how much of the bag. progress: called with
    images sent, images in all. Raises InputError for a bag that cannot be lifted, and where a
    process dies.
    """
    given = given_camera(settings)
    with BagReader(source.bag) as bag:
        topics = find_topics(bag, source.bag, source.topic, settings.detector == 'external',
                             info_needed=given.camera is None)
        kind = bag.topics[topics.input]
    player = ['--bag', str(source.bag), '--topic', topics.input, '--info', topics.info,
              '--seconds', str(seconds)]
    for path in source.tf_bags:
        player += ['--tf', str(path)]
    logs.mkdir(parents=True, exist_ok=True)
    set_up = LiveSetUp('mocap23_ros.live.bag_player', tuple(player),
                       _node_arguments(settings, kind), _RECORDED)

    def report(what: str, done: int, total: int) -> None:
        if 'play' in what:
            progress(done, total)

    with tempfile.TemporaryDirectory(prefix='mocap23-live-') as folder:
        live = run_live(set_up, Path(folder), logs, report)
        # Later the node says that nothing comes any more.
        run = read_run(live.bag, int(live.stamps_ns[-1]) + _SECOND)
        with np.load(Path(folder) / 'stamps.npz', allow_pickle=False) as sent:
            late, delay, offset = sent['late'], float(sent['delay']), int(sent['offset_ns'])
    late_p95 = float(np.percentile(late, 95))
    figures = live_figures(live, run) | plain({
        'delay_in_bag_ms': 1000 * delay, 'player_late_p95_ms': 1000 * late_p95})
    del figures['recorded_messages']
    notes = []
    if not np.isfinite(delay):
        notes.append('the stamps of the images are of another clock than the recording: latency '
                     'counts from the moment at which they were recorded')
    if late_p95 > _LATE:
        notes.append(f'the player of the bag was up to {1000 * late_p95:.0f} ms late (95 % of the '
                     'images): the machine is too busy, or reading the bag too slow; this is in '
                     'the latency')
    problems = [value for key, value in run.node.items() if key.startswith(_PROBLEM)]
    notes += [f'the node said: {problem}' for problem in problems]
    people = run.people
    motion = RecordedMotion(
        people.joints, people.covariance, np.asarray(1e-9 * (run.stamps_ns - offset), np.float64),
        people.contact, people.stature, people.person_ids, run.joint_names)
    return BagRun(figures, 1000 * run.latency[np.isfinite(run.latency)], live.memory_mb, notes,
                  motion)


def _node_arguments(settings: Settings, kind: str) -> tuple[str, ...]:
    """Arguments of lifter_node: what differs from its defaults, and the player's topics."""
    transport = 'compressed' if kind == COMPRESSED else 'raw'
    # Frames of people that are in the bag's TF keep their names.
    prefix = 'live/' if settings.frame_prefix == 'auto' else settings.frame_prefix
    settings = dataclasses.replace(settings, frame_prefix=prefix, image_transport=transport,
                                   autostart=True)
    defaults = Settings()
    parameters = {field.name: value for field in dataclasses.fields(settings)
                  if (value := getattr(settings, field.name)) != getattr(defaults, field.name)}
    topics = {'camera_info': f'{_NAMESPACE}/camera_info', 'image': f'{_NAMESPACE}/image'}
    if kind == KEYPOINTS:
        topics['keypoints_2d_in'] = f'{_NAMESPACE}/keypoints'
    return ros_arguments(parameters, topics)
