# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Remembers people where they were, for a while after the camera has lost them."""

from dataclasses import replace

from mocap23_ros.client.people import People, Person
from mocap23_ros.tracking.track import TrackState


class VanishedPeople:
    """Keeps people who came too near to be seen whole, or stepped behind something.

    seconds: how long they stay among the people. Their frame must stand still: the world's.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._stamp = float('-inf')
        self._last: dict[int, tuple[float, Person]] = {}

    def update(self, people: People) -> People:
        """The people of this moment, and those whom only the last seconds showed."""
        if people.stamp < self._stamp:  # another time: a bag that loops
            self._last.clear()
        self._stamp = people.stamp
        present = {person.person_id for person in people if person.is_placed}
        for person in people:
            if person.state == TrackState.TRACKED and person.is_placed:
                self._last[person.person_id] = people.stamp, person
        self._last = {number: seen for number, seen in self._last.items()
                      if people.stamp - seen[0] < self._seconds}
        vanished = [person.remembered(people.stamp - stamp)
                    for number, (stamp, person) in self._last.items() if number not in present]
        return replace(people, people=(*people.people, *vanished))
