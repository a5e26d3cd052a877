# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices other nodes that publish on the topics of this node's results."""

from collections.abc import Mapping, Sequence

from mocap23_ros.ros.problems import ProblemLog, Severity

LEASE = 25.0
"""s; for so long at most a node that was killed is still seen (the middleware's lease: 20 s)."""

_KEY = 'other publishers'


class OutlivesLease:
    """Tells publishers that are there from those of a node that was killed, seen for a while."""

    def __init__(self) -> None:
        self._since: float | None = None

    def check(self, is_seen: bool, moment: float) -> bool:
        """Whether they are seen for longer than a killed one is. moment: of a steady clock, s."""
        if not is_seen:
            self._since = None
        elif self._since is None:
            self._since = moment
        return self._since is not None and moment - self._since > LEASE


class OtherPublishers:
    """Watches for other publishers: with two of them, a listener takes two people for one id."""

    def __init__(self, own_name: str, problems: ProblemLog) -> None:
        """own_name: full name of this node."""
        self._own_name = own_name
        self._problems = problems
        self._twice = OutlivesLease()

    def check(self, publishers: Mapping[str, Sequence[str]], moment: float) -> None:
        """Report others; publishers: full names of nodes by topic; moment: of a steady clock, s."""
        others = {topic: sorted(set(names) - {self._own_name})
                  for topic, names in publishers.items()}
        is_twice = self._twice.check(
            any(names.count(self._own_name) > 1 for names in publishers.values()), moment)
        topic = next((topic for topic, names in others.items() if names), '')
        doubt = ''
        if topic:
            doubt = (f'{topic} is published by {", ".join(others[topic])[:200]}, too')
        elif is_twice:
            doubt = f'another node of the same name, {self._own_name}, publishes the same topics'
        self._problems.judge(_KEY, doubt and (
            f'{doubt}: who listens gets both in turn, and ids that mean different people. Give one '
            'a namespace, remap its topics, or stop it'), Severity.WARN)
