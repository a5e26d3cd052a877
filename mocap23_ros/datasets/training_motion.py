# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The motion that training draws from: recorded, made by rules, users' licensed data sets.

Free motion beside CMU's is packed the same way; its licences are in NOTICE.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import numpy as np

from mocap23_ros.datasets.cmu import data_root, load_cmu
from mocap23_ros.datasets.licensed.data_sets import LICENSED_SETS, LicensedMotion
from mocap23_ros.datasets.motion_clips import MotionClips, load_packed, merge
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class PackedSet:
    """file: below the motion data folder. name: as cards state it, with its acknowledgement."""

    file: str
    name: str
    acknowledgement: str

    def load(self, data: Path | str | None = None) -> MotionClips:
        """All clips; InputError where the file is absent."""
        clips = load_packed(data_root(data) / self.file)
        return replace(clips, data_set=np.full(len(clips), self.name),
                       acknowledgements=(self.acknowledgement,))


PACKED_SETS = {
    'uiprmd': PackedSet(
        'more/uiprmd_train.npz', 'UI-PRMD',
        'Motion of UI-PRMD (Vakanski, Jun, Paul, Baker: A Data Set of Human Body Movements for '
        'Physical Rehabilitation Exercises, Data 3(1), 2018; PDDL 1.0).'),
    'biomechzoo': PackedSet(
        'more/biomechzoo_train.npz', 'biomechZoo',
        'Motion of the biomechZoo sample study (Dixon, Loh, Michaud-Paquette, Pearsall: '
        'biomechZoo, Comput. Methods Programs Biomed. 140, 2017; Apache-2.0).'),
}
_BUILT_IN = {'both': ('cmu', 'procedural'), 'cmu': ('cmu',), 'procedural': ('procedural',),
             **{name: (name,) for name in PACKED_SETS}}


@dataclass(frozen=True)
class TrainingMotion:
    """Sources of motion, not read yet: built-in ones, and licensed ones, which are there.

    built_in: ``cmu``, ``procedural``, names of PACKED_SETS. data: folder of the packed motion,
    which is looked for when it is read.
    """

    built_in: tuple[str, ...]
    licensed: tuple[LicensedMotion, ...] = ()
    data: Path | None = None

    @classmethod
    def find(cls, words: Sequence[str] = ('both',), data: Path | None = None,
             body_models: Path | None = None) -> 'TrainingMotion':
        """From words: both, cmu, procedural, uiprmd, biomechzoo, NAME=FOLDER. Cheap.

        InputError for what is unknown or absent.

        body_models: the user's, a folder or one file, where a data set needs them.
        """
        built_in: list[str] = []
        licensed = []
        for word in words:
            if word in _BUILT_IN:
                built_in += _BUILT_IN[word]
            elif word.partition('=')[0] in LICENSED_SETS:
                licensed.append(LicensedMotion.find(word, body_models))
            else:
                raise InputError(
                    f'no source of motion {word}; choose from {", ".join(_BUILT_IN)}, '
                    f'{", ".join(f"{name}=FOLDER" for name in LICENSED_SETS)}')
        places = [*built_in, *(motion.folder.resolve() for motion in licensed)]
        if len(set(places)) < len(places):
            raise InputError(f'--motion {" ".join(words)} names the same motion twice')
        if body_models is not None and not any(motion.body_models for motion in licensed):
            needing = [name for name, entry in LICENSED_SETS.items() if entry.body_models]
            raise InputError(f'--smpl-model goes with {", ".join(needing)}; no other motion '
                             'needs it')
        return cls(tuple(built_in), tuple(licensed), data)

    def load(self, procedural_minutes: float = 20.0, seed: int = 0) -> MotionClips:
        """All of it in one, training subjects of CMU only; InputError."""
        parts = [self._load(name, procedural_minutes, seed) for name in self.built_in]
        return reduce(merge, [*parts, *(motion.load() for motion in self.licensed)])

    def _load(self, name: str, procedural_minutes: float, seed: int) -> MotionClips:
        if name == 'procedural':
            return procedural_motion(procedural_minutes, seed)
        return load_cmu('train', self.data) if name == 'cmu' else PACKED_SETS[name].load(self.data)
