# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Mean loss terms of the last steps of a training run."""

from collections import deque
from collections.abc import Iterable, Mapping

WINDOW = 20  # steps


class RecentFigures:
    """Terms of the last ``WINDOW`` steps, of all there are while these are fewer."""

    def __init__(self, steps: Iterable[Mapping[str, float]] = ()) -> None:
        self._steps: deque[dict[str, float]] = deque(map(dict, steps), maxlen=WINDOW)

    def add(self, terms: Mapping[str, float]) -> None:
        """Take in the terms of one step."""
        self._steps.append(dict(terms))

    def means(self) -> dict[str, float]:
        """Mean of every term; empty before the first step."""
        names = dict.fromkeys(name for terms in self._steps for name in terms)
        values = {name: [terms[name] for terms in self._steps if name in terms] for name in names}
        return {name: sum(found) / len(found) for name, found in values.items()}

    def state(self) -> list[dict[str, float]]:
        """The steps as plain data, for a checkpoint."""
        return list(self._steps)
