# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the node costs by people and rate: the load table of docs/RELIABILITY.md. No test.

    python test/ros/measure_load.py [--seconds 4] [--people 1 2 4 8] [--rates 10 15 30]

Images (the man of the sample pasted where he stands before the camera, JPEG, 1920x1080) with the
default detector, then external keypoints; the default lifter. Takes under four minutes. The
publisher runs on the same machine. `mocap23 demo` must have run once: people come from its videos.
"""

import argparse
import itertools
import os
import time

os.environ.setdefault('ROS_DOMAIN_ID', '99')
os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA')

import cv2
import numpy as np
import psutil
from lifecycle_msgs.msg import Transition
from node_harness import AS_USERS_START_IT, Feeder, NodeProcess, Peer, stamp_of
from sensor_msgs.msg import CameraInfo, CompressedImage
from synthetic_scene import (
    camera_info,
    camera_pose,
    camera_transform,
    header,
    keypoints_message,
    person,
)

from mocap23_ros.benchmarks.pasted_people import SIZE, SceneMaker
from mocap23_ros.demo.take import load_take
from mocap23_ros.evaluation.machine_description import commit_line, hardware_line, present_load
from mocap23_ros.markdown import markdown_table
from mocap23_ros.ros.topics import output_qos

FOCAL, STATURE = 1300.0, 1.75
# Metres ahead and to the left; nobody hides another.
PLACES = ((7.5, 3.4), (7.5, 0.63), (7.5, -2.13), (10.0, -6.46), (10.0, 6.38), (10.0, 2.69),
          (10.0, -1.0), (10.0, -4.69))
FINDING, SETTLING, QUIET = 3.5, 1.0, 2.0  # s
COLUMNS = ('input', 'people', 'images per s in', 'out', 'people published', 'p50 ms', 'p95 ms',
           'p99 ms', 'CPU cores', 'resident MB')


def jpegs(maker, people):
    """Images of so many people, forth and back; whoever is nearer is pasted later."""
    pose = camera_pose()
    places = np.array(sorted(PLACES[:people], reverse=True))
    ankles = np.column_stack([places, np.full(people, 0.09)])
    tops = ankles + (0, 0, STATURE - 0.2)  # of keypoints: eyes to ankles
    low, high = (_project(points, pose) for points in (ankles, tops))
    scene = maker.standing(low, low[:, 1] - high[:, 1])
    images = [cv2.imencode('.jpg', image)[1].tobytes() for image in scene.images()]
    return images + images[-2:0:-1]


def _project(points, pose):
    points = (points - pose[:3, 3]) @ pose[:3, :3]
    return FOCAL * points[:, :2] / points[:, 2:] + np.array(SIZE) / 2


class Load:
    """A node that is measured while it gets one kind of input."""

    def __init__(self, kind, seconds):
        self._kind, self._seconds = kind, seconds
        ros_arguments = ('-r', 'image:=/camera/image_raw') if kind == 'images' else ()
        parameters = {
            'image_transport': 'compressed', 'max_people': len(PLACES)} if kind == 'images' else {
            'detector': 'external'}
        self.node = NodeProcess(*ros_arguments, executable=AS_USERS_START_IT, **parameters)
        self.peer = Peer()
        self._process = psutil.Process(self.node.pid)
        self._images = self.peer.node.create_publisher(
            CompressedImage, '/camera/image_raw/compressed', output_qos())
        self._infos = self.peer.node.create_publisher(
            CameraInfo, '/camera/camera_info', output_qos())
        self.peer.static_tf.sendTransform(camera_transform(0))
        self.peer.wait_for('/diagnostics', node=self.node)

    def quiet(self, name):
        """A row of a node that gets nothing."""
        time.sleep(1.0)
        cpu, _ = self._cpu_of(QUIET)
        return (f'{self._kind}: {name}', *['-'] * 7, f'{cpu:.3f}', self._resident())

    def row(self, people, rate, images, settling):
        """A row of a node that gets so many people at a rate; images: JPEG, or None."""
        following = itertools.cycle(images or [None])

        def send(stamp):
            if images:
                self._infos.publish(camera_info(stamp, FOCAL, SIZE))
                self._images.publish(CompressedImage(
                    header=header(stamp), format='jpeg', data=next(following)))
            else:
                self.peer.camera_info.publish(camera_info(stamp))
                self.peer.keypoints.publish(keypoints_message(
                    [person(*place) for place in PLACES[:people]], stamp))

        with Feeder(self.peer, send, rate) as feeder:
            time.sleep(settling)
            sent, begin = feeder.sent, self.peer.now_ns()
            cpu, wall = self._cpu_of(self._seconds)
            sent, end = feeder.sent - sent, self.peer.now_ns()
            time.sleep(0.3)  # what is under way
        messages = [m for m in list(self.peer.received['skeletons'])
                    if begin <= stamp_of(m) < end]
        for kept in self.peer.received.values():
            kept.clear()
        latencies = [1e3 * m.skeletons[0].latency for m in messages if m.skeletons]
        seen = np.mean([len(m.skeletons) for m in messages]) if messages else 0.0
        percentiles = np.percentile(latencies, (50, 95, 99)) if latencies else [np.nan] * 3
        return (self._kind, people, f'{sent / wall:.1f}', f'{len(messages) / wall:.1f}',
                f'{seen:.1f}', *(f'{value:.0f}' for value in percentiles), f'{cpu:.2f}',
                self._resident())

    def _cpu_of(self, seconds):
        """Cores that the node keeps busy meanwhile, and how long that was."""
        def used():
            times = self._process.cpu_times()
            return times.user + times.system

        before, began = used(), time.monotonic()
        time.sleep(seconds)
        wall = time.monotonic() - began
        return (used() - before) / wall, wall

    def _resident(self):
        return round(self._process.memory_info().rss / 2**20)

    def close(self):
        self.peer.close()
        return self.node.stop()


def main(words=None):
    """Print the table; return its columns and rows, and nothing to add."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=4.0, help='of each row')
    parser.add_argument('--people', type=int, nargs='+', default=[1, 2, 4, 8])
    parser.add_argument('--rates', type=float, nargs='+', default=[10.0, 15.0, 30.0])
    arguments = parser.parse_args(words)
    if not all(1 <= people <= len(PLACES) for people in arguments.people):
        parser.error(f'there are places for 1 to {len(PLACES)} people')
    load = present_load(print)
    maker = SceneMaker(load_take(), 0)
    images = {people: jpegs(maker, people) for people in arguments.people}
    print(f'{hardware_line()}; commit {commit_line()}; load before {load[0]}; '
          f'{arguments.seconds:g} s a row.\n')
    print('\n'.join(markdown_table(COLUMNS, [])), flush=True)

    rows = []

    def tell(row):
        rows.append(row)
        print(markdown_table(COLUMNS, [row])[-1], flush=True)

    for kind in ('images', 'keypoints'):
        measured = Load(kind, arguments.seconds)
        try:
            tell(measured.quiet('active, no input'))
            measured.peer.change_state(Transition.TRANSITION_DEACTIVATE)
            tell(measured.quiet('inactive'))
            measured.peer.change_state(Transition.TRANSITION_ACTIVATE)
            for people in arguments.people:
                for number, rate in enumerate(arguments.rates):
                    tell(measured.row(people, rate, images[people] if kind == 'images' else None,
                                      SETTLING if number else FINDING))
        finally:
            status = measured.close()
        if status:
            raise SystemExit(f'the node ended with {status}:\n{measured.node.output}')
    return COLUMNS, rows, ''


if __name__ == '__main__':
    main()
