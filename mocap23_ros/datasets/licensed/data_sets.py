# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The data sets that commands take as NAME=FOLDER. To add one: a loader, and a row in the table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mocap23_ros.datasets.licensed import body_model_sets, joint_position_sets
from mocap23_ros.datasets.licensed.aistpp import load_aistpp_motion
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from mocap23_ros.datasets.licensed.protocols import Protocol


@dataclass(frozen=True)
class LicensedSet:
    """A data set that users hold under its own licence.

    load: (folder) -> clips, or (folder, body models) where body_models is not empty; it leaves out
    the CMU subjects that never train. files: pattern of the files below the folder. body_models:
    patterns of the model files that it needs, in the user's folder of models; one of them must
    match.
    """

    title: str
    load: Callable[..., MotionClips]
    files: str
    body_models: tuple[str, ...] = ()


_SMPLX = 'smplx/SMPLX_NEUTRAL.npz'
LICENSED_SETS = {
    'amass': LicensedSet('AMASS', body_model_sets.load_amass, '**/*.npz',
                         ('smplh/*/model.npz', 'smplx/SMPLX_*.npz')),
    'humanml3d': LicensedSet('HumanML3D', joint_position_sets.load_humanml3d, 'new_joints/*.npy'),
    'aistpp': LicensedSet('AIST++', load_aistpp_motion, 'motions/*.pkl', ('smpl/SMPL_MALE.npz',)),
    'bedlam': LicensedSet('BEDLAM', body_model_sets.load_bedlam, 'processed_labels/*.npz',
                          (_SMPLX,)),
    'human36m': LicensedSet('Human3.6M', joint_position_sets.load_human36m,
                            'S*/MyPoseFeatures/D3_Positions/*.cdf'),
    'rich': LicensedSet('RICH', body_model_sets.load_rich, 'bodies/train/*/*/*.pkl', (_SMPLX,)),
}


@dataclass(frozen=True)
class LicensedMotion:
    """A data set, where it lies, and the user's body models (a folder or one file)."""

    name: str
    folder: Path
    body_models: Path | None = None

    @classmethod
    def find(cls, text: str, body_models: Path | None = None) -> 'LicensedMotion':
        """From NAME=FOLDER; reads no motion. InputError for what is unknown, absent or empty."""
        name, _, where = text.partition('=')
        if name not in LICENSED_SETS:
            raise InputError(f'no data set {name}; choose from {", ".join(LICENSED_SETS)}')
        chosen = LICENSED_SETS[name]
        folder = checked_folder(name, chosen, where, body_models)
        return cls(name, folder, body_models if chosen.body_models else None)

    def load(self) -> MotionClips:
        """Read the motion; raises InputError, also where files are not laid out as they should."""
        chosen = LICENSED_SETS[self.name]
        places: list[Any] = [self.folder]
        if self.body_models is not None:
            places.append(self.body_models)
        with laid_out(self.folder, chosen.title):
            return chosen.load(*places)


@contextmanager
def laid_out(folder: Path, title: str) -> Iterator[None]:
    """Turn errors of reading a data set into an InputError about its layout."""
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        reason = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise InputError(f'{folder} is not laid out as {title} is ({reason}); see '
                         'docs/DATA.md') from error


def checked_folder(name: str, chosen: 'LicensedSet | Protocol', where: str,
                   body_models: Path | None) -> Path:
    """The folder of NAME=FOLDER; InputError where it, its files or body models are absent."""
    if not where:
        raise InputError(f'{name} needs the folder where it lies: {name}=FOLDER')
    folder = Path(where).expanduser()  # the shell does not expand what follows a =
    if not folder.is_dir():
        raise InputError(f'{folder}: no such folder; {chosen.title} must lie there as '
                         f'docs/DATA.md says')
    if next(folder.glob(chosen.files), None) is None:
        raise InputError(f'{folder} has no {chosen.files}; {chosen.title} must lie there as '
                         f'docs/DATA.md says')
    if chosen.body_models:
        _check_body_models(chosen, body_models)
    return folder


def _check_body_models(chosen: 'LicensedSet | Protocol', place: Path | None) -> None:
    if place is None:
        raise InputError(f'{chosen.title} needs your own body model: give --smpl-model FOLDER '
                         f'with {" or ".join(chosen.body_models)}, or one FILE.npz')
    if place.is_dir():
        if not any(next(place.glob(name), None) for name in chosen.body_models):
            raise InputError(f'--smpl-model {place} has no {" or ".join(chosen.body_models)}, '
                             f'which {chosen.title} needs')
    elif not place.is_file():
        raise InputError(f'--smpl-model {place}: no such file or folder; obtain the body model '
                         f'under its licence')
