#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the last seconds of some topics in memory, and writes them to a bag when somebody falls.

    ros2 run mocap23_ros lifter_node ...      and
    python3 examples/record_fall.py --ros-args -p folder:=falls -p "topics:=['skeletons', \
        'skeleton_info', '/tf', '/tf_static', '/camera/camera_info', '/camera/image/compressed']"

Somebody falls who stood upright and within two seconds lies on the floor, beyond two standard
deviations of the joints, for half a second; also where the tracker takes who lies for somebody
new. Who sits, kneels, crouches or lies down slowly does not. The bag (MCAP) begins
``seconds_before`` that moment and ends ``seconds_after`` it; it appears whole or not at all.
Messages stay serialised, nothing is converted. This is an example: nobody's safety may depend on
it.
"""

import math
import shutil
import threading
from collections import defaultdict, deque
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.rosbag2 import StoragePlugin, Writer

from mocap23_ros.client.people import People, Person
from mocap23_ros.client.spinning import spin_to_the_end
from mocap23_ros.client.subscriber import PeopleSubscriber
from mocap23_ros.live.recorder import offered_qos
from mocap23_ros.recordings.bag_reader import message_types
from mocap23_ros.tracking.track import TrackState

HEAD_AND_TRUNK = ('nose', 'neck', 'pelvis')
UPRIGHT, DOWN = 0.65, 0.35  # of the stature: the neck above it, and head and trunk below it
SIGMAS = 2.0
FALLING, LYING = 2.0, 0.5  # seconds: from upright to down at most, and down at least
USUAL_STATURE = 1.7
NEAR = 1.5  # metres from where somebody vanished to where somebody new lies: the same person
KEPT_LATCHED = 100  # messages of a latched topic, of tf_static one a publisher


class FallWatch:
    """Says who falls, from one People after the other. floor: its height in their frame [m]."""

    def __init__(self, floor: float = 0.0) -> None:
        self._floor = floor
        self._stamp = -math.inf
        # By person: when and where last upright, since when down.
        self._upright: dict[int, tuple[float, NDArray]] = {}
        self._down: dict[int, float] = {}

    def update(self, people: People) -> list[int]:
        """Ids of those who have fallen just now, each once a fall."""
        fallen = []
        if people.stamp < self._stamp:  # another time
            self._upright.clear()
            self._down.clear()
        self._stamp = people.stamp
        present = {person.person_id for person in people if person.state == TrackState.TRACKED}
        for person in people:
            number = person.person_id
            if person.state != TrackState.TRACKED:
                continue  # not seen
            if self._heights(people, person, ('neck',), -SIGMAS) > UPRIGHT:
                self._upright[number] = people.stamp, people.joint(person, 'neck')[0][:2]
                self._down.pop(number, None)
            elif self._heights(people, person, HEAD_AND_TRUNK, SIGMAS) < DOWN:
                if number not in self._down:
                    self._down[number] = people.stamp
                    self._recognise(number, people.joint(person, 'pelvis')[0][:2], present)
                since = self._down[number]
                if people.stamp - since >= LYING and number in self._upright:
                    if since - self._upright.pop(number)[0] <= FALLING:
                        fallen.append(number)
            elif number in self._down and number in self._upright:
                del self._down[number]  # not down for good
        for number in [n for n, (stamp, _) in self._upright.items() if people.stamp - stamp > 600]:
            del self._upright[number]
        for number in [n for n, stamp in self._down.items() if people.stamp - stamp > 600]:
            del self._down[number]
        return fallen

    def _recognise(self, number: int, place: NDArray, present: set[int]) -> None:
        """Take somebody new, who lies, for who stood near there until just now and is gone."""
        if number in self._upright:
            return
        gone = [(math.dist(place, where), other) for other, (stamp, where) in self._upright.items()
                if other not in present and self._stamp - stamp <= FALLING]
        nearest = min(gone, default=(math.inf, 0))
        if nearest[0] < NEAR:
            self._upright[number] = self._upright.pop(nearest[1])

    def _heights(self, people: People, person: Person, names: tuple[str, ...], sigmas: float
                 ) -> float:
        """The highest of some joints, so many sd higher, as a share of the stature.

        NaN where one is not known, which is neither up nor down: its comparisons are false.
        """
        joints = [people.joint(person, name) for name in names]
        heights = [place[2] - self._floor + sigmas * np.sqrt(covariance[2, 2])
                   for place, covariance in joints]
        stature = person.stature if person.stature > 0 else USUAL_STATURE
        return float(np.max(heights)) / stature


class RecentMessages:
    """Serialised messages of the last seconds, bounded in bytes; those of latched topics stay."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._seconds, self._most = seconds, most_bytes
        self._messages: deque[tuple[int, str, bytes]] = deque()
        self._latched: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=KEPT_LATCHED))
        self._bytes = 0

    def add(self, now: int, topic: str, data: bytes, latched: bool) -> None:
        """Take in a message that came at a time [ns]; the oldest go, all where time jumps back."""
        if self._messages and now < self._messages[-1][0]:
            self._messages.clear()
            self._bytes = 0
        if latched:
            self._latched[topic].append(data)
            return
        self._messages.append((now, topic, data))
        self._bytes += len(data)
        while self._bytes > self._most or now - self._messages[0][0] > 1e9 * self._seconds:
            self._bytes -= len(self._messages.popleft()[2])

    def between(self, start: int, end: int) -> list[tuple[int, str, bytes]]:
        """Time [ns], topic and data of what came then; latched ones, of whenever, at the start."""
        found = [message for message in self._messages if start <= message[0] <= end]
        first = min((message[0] for message in found), default=start)
        return [(first, topic, data) for topic, kept in self._latched.items()
                for data in kept] + found


class RecordFall(Node):
    """Listens to the topics, and writes a bag for every fall."""

    def __init__(self, **options: Any) -> None:
        super().__init__('record_fall', **options)
        wanted = self.declare_parameter(
            'topics', ['skeletons', 'skeleton_info', 'keypoints_2d', '/tf', '/tf_static']).value
        self._folder = Path(self.declare_parameter('folder', 'falls').value)
        self._before = self.declare_parameter('seconds_before', 10.0).value
        self._after = self.declare_parameter('seconds_after', 10.0).value
        megabytes = self.declare_parameter('most_megabytes', 500).value
        self._most_bags = self.declare_parameter('most_bags', 100).value
        self._watch = FallWatch(self.declare_parameter('floor_height', 0.0).value)
        self._recent = RecentMessages(self._before + self._after + 1.0, 1_000_000 * megabytes)
        self._store = message_types()
        self._topics: dict[str, tuple[str, bool]] = {}  # type, whether it is latched
        self._missing = [self.resolve_topic_name(name) for name in wanted]
        self._falls: list[tuple[int, int]] = []  # when [ns], and whose
        self._writing: list[threading.Thread] = []
        self.create_timer(0.5, self._look)
        self._people = PeopleSubscriber(self, callback=self._judge)
        self._look()

    def _look(self) -> None:
        """Listen to topics that have publishers now, and write bags that are complete."""
        for topic in self._missing.copy():
            publishers = self.get_publishers_info_by_topic(topic)
            if not publishers:
                continue
            self._missing.remove(topic)
            kind = publishers[0].topic_type
            if kind not in self._store.types:
                self.get_logger().error(f'{topic} is left out: its type {kind} is not known here')
                continue
            latched = all(publisher.qos_profile.durability is DurabilityPolicy.TRANSIENT_LOCAL
                          for publisher in publishers)
            reliable = all(publisher.qos_profile.reliability is ReliabilityPolicy.RELIABLE
                           for publisher in publishers)
            self._listen(topic, kind, latched, reliable)
        now = self._now()
        for when, person_id in self._falls.copy():
            # Where time jumps back, what was there is written before it goes.
            if not when - 1e9 <= now <= when + 1e9 * self._after:
                self._write(when, person_id)

    def _listen(self, topic: str, kind: str, latched: bool, reliable: bool) -> None:
        self._topics[topic] = kind, latched
        package, _, name = kind.split('/')
        self.create_subscription(
            getattr(import_module(f'{package}.msg'), name), topic,
            lambda data: self._recent.add(self._now(), topic, data, latched),
            QoSProfile(depth=KEPT_LATCHED,
                       durability=(DurabilityPolicy.TRANSIENT_LOCAL if latched
                                   else DurabilityPolicy.VOLATILE),
                       reliability=(ReliabilityPolicy.RELIABLE if reliable
                                    else ReliabilityPolicy.BEST_EFFORT)), raw=True)

    def _judge(self, people: People) -> None:
        for person_id in self._watch.update(people):
            self.get_logger().warning(f'person {person_id} has fallen')
            self._falls.append((self._now(), person_id))

    def _now(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _write(self, when: int, person_id: int) -> None:
        self._falls.remove((when, person_id))
        day = datetime.fromtimestamp(1e-9 * when).strftime('%Y%m%d_%H%M%S')
        bag = self._folder / f'fall_{day}_person{person_id}'
        if len(list(self._folder.glob('fall_*'))) >= self._most_bags:
            self.get_logger().error(f'{self._folder} holds {self._most_bags} falls, as many as '
                                    f'most_bags allows: {bag.name} is not written')
            return
        messages = self._recent.between(when - int(1e9 * self._before),
                                        when + int(1e9 * self._after))
        thread = threading.Thread(target=self._write_bag, args=(bag, messages))
        thread.start()
        self._writing = [other for other in self._writing if other.is_alive()] + [thread]

    def _write_bag(self, bag: Path, messages: list[tuple[int, str, bytes]]) -> None:
        unfinished = bag.with_name(f'.{bag.name}')
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(unfinished, ignore_errors=True)
            with Writer(unfinished, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
                connections = {topic: writer.add_connection(
                    topic, kind, typestore=self._store,
                    offered_qos_profiles=[offered_qos(KEPT_LATCHED, latched)])
                    for topic, (kind, latched) in self._topics.items()}
                for time, topic, data in messages:
                    writer.write(connections[topic], time, data)
            unfinished.rename(bag)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            self.get_logger().error(f'{bag} is not written: {error}')
            return
        self.get_logger().info(f'{bag}: {len(messages)} messages')

    def finish(self) -> None:
        """Write what is not complete yet, and wait for it."""
        for fall in self._falls.copy():
            self._write(*fall)
        for thread in self._writing:
            thread.join()


def main() -> None:
    """Run until interrupted; a fall that is being recorded is written before."""
    spin_to_the_end(RecordFall, RecordFall.finish)


if __name__ == '__main__':
    main()
