# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a skeleton format is: named joints, their tree, and left/right partners."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SkeletonFormat:
    """A fixed list of named joints.

    name: registry key, e.g. ``coco17``.
    joint_names: J names in order, snake case with ``left_``/``right_`` prefixes.
    parents: J indices into ``joint_names``; -1 marks a root. Drawing and bone lengths use it.
    mirror: J indices; ``mirror[j]`` is the joint that ``j`` becomes in a mirrored person.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    mirror: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.joint_names)
        if len(self.parents) != count or len(self.mirror) != count:
            raise ValueError(f'skeleton format {self.name}: tables of different lengths')
        if len(set(self.joint_names)) != count:
            raise ValueError(f'skeleton format {self.name}: a joint name occurs twice')
        if any(not -1 <= parent < count for parent in self.parents):
            raise ValueError(f'skeleton format {self.name}: a parent index is out of range')
        if sorted(self.mirror) != list(range(count)):
            raise ValueError(f'skeleton format {self.name}: mirror is not a permutation')

    def __len__(self) -> int:
        return len(self.joint_names)

    def index(self, joint_name: str) -> int:
        """Return the position of a joint; raises KeyError with the known names."""
        try:
            return self.joint_names.index(joint_name)
        except ValueError:
            known = ', '.join(self.joint_names)
            raise KeyError(f'{self.name} has no joint {joint_name}; it has {known}') from None

    def pair(self, joint: str) -> tuple[int, int]:
        """The left and the right one of a joint; raises KeyError."""
        return self.index(f'left_{joint}'), self.index(f'right_{joint}')

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) index pairs."""
        return tuple((p, j) for j, p in enumerate(self.parents) if p >= 0)
