# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Free motion beside CMU's, packed the same way; its licences are in NOTICE."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mocap23_ros.datasets.cmu import data_root
from mocap23_ros.datasets.motion_clips import MotionClips, load_packed


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
