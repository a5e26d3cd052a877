# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Hours of people who come and go before the node, over DDS. Run it as a script; it is no test.

    python test/ros/soak.py [--minutes 5] [--people 1] [--rate 15] [--stay 10] [--lifter diffusion]
    python test/ros/soak.py --simulated-hours 24 --rate 2

Prints a row of a Markdown table for each twentieth of the time, and at the end what grew. Simulated
hours go through the frame path of the node in this process, without DDS, as fast as it computes.
"""

import argparse
import os
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

os.environ.setdefault('ROS_DOMAIN_ID', '99')
os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA')

import numpy as np
from node_harness import AS_USERS_START_IT, Feeder, NodeProcess, Peer
from synthetic_scene import (
    camera_info,
    camera_pose,
    camera_transform,
    keypoints_message,
    person,
)
from tf2_msgs.msg import TFMessage

from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.given_camera import GivenPose
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog
from mocap23_ros.ros.settings import Settings

SECOND = 10**9
START = 1_700_000_000 * SECOND
SIMULATED_COLUMNS = ('hour', 'resident MB', 'threads', 'handles', 'CPU %', 'people so far', 'ids',
                     'newest id', 'images', 'skeletons', 'rejected', 'p50 ms', 'p99 ms')
COLUMNS = ('minute', 'resident MB', 'threads', 'handles', 'CPU %', 'people so far', 'sent',
           'published', 'dropped', 'p50 ms', 'p95 ms', 'p99 ms', 'state')


class Process:
    """What the system says about the node."""

    def __init__(self, pid):
        self._folder = Path(f'/proc/{pid}')
        self._last = (time.monotonic(), self._cpu())

    def _cpu(self):
        fields = (self._folder / 'stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def figures(self):
        """Resident memory, threads, handles, and CPU since the last call."""
        status = dict(line.split(':', 1) for line in (
            self._folder / 'status').read_text().splitlines() if ':' in line)
        now = (time.monotonic(), self._cpu())
        cpu = 100.0 * (now[1] - self._last[1]) / (now[0] - self._last[0])
        self._last = now
        return [round(int(status['VmRSS'].split()[0]) / 1024, 1), int(status['Threads']),
                len(list((self._folder / 'fd').iterdir())), round(cpu)]


def crowd(stamp, people, stay):
    """Each stands somewhere for ``stay`` seconds, then somebody else stands elsewhere."""
    present = []
    for i in range(people):
        turn = int((1e-9 * stamp + stay * i / people) // stay)
        place = 1.4 * ((3 * turn + 2 * i) % 5 - 2)
        present.append(person(4.0 + 0.9 * (i // 4) + (turn % 2) * 2.0, place))
    return present


def main(words=None):
    """Print the table; return its columns, some of its rows and what grew."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--minutes', type=float, default=5.0)
    parser.add_argument('--simulated-hours', type=float, default=0.0)
    parser.add_argument('--people', type=int, default=1)
    parser.add_argument('--rate', type=float, default=15.0)
    parser.add_argument('--stay', type=float, default=10.0)
    parser.add_argument('--lifter', default='diffusion')
    arguments = parser.parse_args(words)
    run, columns = (simulated, SIMULATED_COLUMNS) if arguments.simulated_hours else (live, COLUMNS)
    rows = run(arguments)
    first, last = rows[len(rows) // 4], rows[-1]
    summary = (f'From {columns[0]} {first[0]} to {last[0]}: {last[1] - first[1]:+.1f} MB, '
               f'{last[2] - first[2]:+d} threads, {last[3] - first[3]:+d} handles, '
               f'{last[5] - first[5]} new people.')
    print(summary)
    return columns, rows[:1] + rows[4::5], summary


def print_row(values):
    print('| ' + ' | '.join(map(str, values)) + ' |', flush=True)


def print_head(columns):
    print_row(columns)
    print('|---' * len(columns) + '|')


class Log:
    """What a problem log writes, to stdout."""

    info = warning = error = staticmethod(print)


def simulated(arguments):
    """Through the frame path of the node in this process; returns the rows."""
    settings = replace(Settings(), detector='external', lifter=arguments.lifter, tf_timeout=0.0)
    core, problems = create_core(settings), ProblemLog(Log, time.monotonic)
    processor = FrameProcessor(
        core, CameraSource(lambda header: camera_info(0), problems), GivenPose(camera_pose()),
        problems, lambda: processor.reset(same_time=True))
    count = int(3600 * arguments.simulated_hours * arguments.rate)
    process, rows, ids = Process(os.getpid()), [], set()
    took, skeletons, rejected = deque(maxlen=2000), 0, 0
    print_head(SIMULATED_COLUMNS)
    for number in range(1, count + 1):
        stamp = START + round(number / arguments.rate * SECOND)
        message = keypoints_message(crowd(stamp, arguments.people, arguments.stay), stamp)
        began = time.perf_counter()
        try:
            processor.begin(message, settings)
            estimates = processor.finish_next().estimates
        except FrameRejectedError:
            estimates, rejected = [], rejected + 1
        took.append(1e3 * (time.perf_counter() - began))
        present = [estimate.person_id for estimate in estimates]
        assert len(set(present)) == len(present), present
        ids.update(present)
        skeletons += len(present)
        if number * 20 // count > (number - 1) * 20 // count:
            problems.settle()
            hours = number / arguments.rate / 3600
            came = arguments.people * (1 + int(3600 * hours // arguments.stay))
            rows.append([round(hours, 2), *process.figures(), came, len(ids), max(ids), number,
                         skeletons, rejected, *np.percentile(took, (50, 99)).round(1)])
            print_row(rows[-1])
    core.close()
    return rows


def live(arguments):
    """Before the node in a process of its own; returns the rows."""
    node = NodeProcess(detector='external', lifter=arguments.lifter, executable=AS_USERS_START_IT)
    peer = Peer()
    ids = set()

    def send(stamp):
        peer.tf.sendTransform(camera_transform(stamp))
        peer.camera_info.publish(camera_info(stamp))
        peer.keypoints.publish(keypoints_message(
            crowd(stamp, arguments.people, arguments.stay), stamp))

    peer.listen(TFMessage, '/tf')  # as others on a robot do
    try:
        with Feeder(peer, send, arguments.rate) as feeder:
            peer.wait_for('skeletons', lambda m: m.skeletons, node=node)
            process = Process(node.pid)
            print_head(COLUMNS)
            began, rows = time.monotonic(), []
            for step in range(1, 21):
                time.sleep(max(0.0, began + 3.0 * arguments.minutes * step - time.monotonic()))
                status = peer.wait_for_status(lambda s: 'lifter_node' in s.name, 'status', node)
                values = {v.key: v.value for v in status.values}
                ids |= {s.id for m in peer.received['skeletons'] for s in m.skeletons}
                for kept in peer.received.values():
                    kept.clear()
                rows.append([
                    round((time.monotonic() - began) / 60, 1), *process.figures(), len(ids),
                    feeder.sent, values['images published'],
                    values['images dropped (newer one came)'],
                    *(values[f'capture to publish p{p} [ms]'] for p in (50, 95, 99)),
                    status.message.split(':')[0][:40]])
                print_row(rows[-1])
        print(f'exit status {node.stop()}')
    finally:
        peer.close()
        node.stop()
    return rows


if __name__ == '__main__':
    main()
