# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Base of everything that remembers something about each person between frames."""

from collections.abc import Iterable
from typing import Generic, TypeVar

State = TypeVar('State')


class PersonMemory(Generic[State]):
    """One state per person id, in ``_people``."""

    def __init__(self) -> None:
        self._people: dict[int, State] = {}

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop these people, unknown ones without a word; everybody when None."""
        if person_ids is None:
            self._people.clear()
            return
        for person_id in person_ids:
            self._people.pop(int(person_id), None)
