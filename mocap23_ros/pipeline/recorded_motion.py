# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion of a whole recording, and its npz file."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class RecordedMotion:
    """F frames of P people, J joints; NaN = no estimate.

    joints: float32 [F,P,J,3] world, metres. covariance: float32 [F,P,J,3,3] m^2.
    stamps: float64 [F]. contact: float32 [F,P,2] left, right. stature: float32 [F,P] metres.
    person_ids: int64 [P]. joint_names: J names.
    """

    joints: NDArray[np.float32]
    covariance: NDArray[np.float32]
    stamps: NDArray[np.float64]
    contact: NDArray[np.float32]
    stature: NDArray[np.float32]
    person_ids: NDArray[np.int64]
    joint_names: tuple[str, ...]

    @classmethod
    def empty(cls, stamps: NDArray[np.float64], person_ids: NDArray[np.int64],
              joint_names: tuple[str, ...]) -> 'RecordedMotion':
        """No estimate for anybody yet; the arrays are to be filled in."""
        shape, joints = (len(stamps), len(person_ids)), len(joint_names)
        return cls(np.full((*shape, joints, 3), np.nan, np.float32),
                   np.full((*shape, joints, 3, 3), np.nan, np.float32),
                   np.asarray(stamps, np.float64), np.full((*shape, 2), np.nan, np.float32),
                   np.full(shape, np.nan, np.float32), np.asarray(person_ids, np.int64),
                   joint_names)

    def save(self, path: Path) -> None:
        """Write the npz file, whole or not at all; InputError where that is not possible."""
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
        except OSError as error:
            raise InputError(f'cannot write {path}: {error.strerror}') from None
        try:
            with os.fdopen(handle, 'wb') as stream:
                np.savez_compressed(
                    stream, joints=self.joints, joint_names=np.array(self.joint_names),
                    covariance=self.covariance, stamps=self.stamps, contact=self.contact,
                    stature=self.stature, person_ids=self.person_ids)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException as error:
            os.unlink(temporary)
            if isinstance(error, OSError):
                raise InputError(f'cannot write {path}: {error.strerror}') from None
            raise
