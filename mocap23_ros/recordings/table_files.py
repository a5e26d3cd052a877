# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as a CSV table, and roots as TUM trajectories."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving, write_text
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recorded_motion import RecordedMotion


def save_csv(path: Path, motion: RecordedMotion) -> None:
    """Write a row per stamp, person and joint: metres in the world; rows without estimate left out.

    Columns: stamp, person, joint, x, y, z, sd (m, root of the mean variance over the axes; empty
    where unknown). Raises InputError where the file cannot be written.
    """
    sd = np.sqrt(np.trace(motion.covariance, axis1=-2, axis2=-1) / 3)
    known = np.isfinite(motion.joints).all(axis=-1)
    with saving(path) as temporary, temporary.open('w', encoding='utf-8', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['stamp', 'person', 'joint', 'x', 'y', 'z', 'sd'])
        for frame, person, joint in np.argwhere(known).tolist():
            x, y, z = motion.joints[frame, person, joint].tolist()
            spread = float(sd[frame, person, joint])
            writer.writerow([f'{motion.stamps[frame]:.6f}', int(motion.person_ids[person]),
                             motion.joint_names[joint], f'{x:.5f}', f'{y:.5f}', f'{z:.5f}',
                             '' if np.isnan(spread) else f'{spread:.5f}'])


def save_tum(path: Path, motion: RecordedMotion) -> None:
    """Write the trajectory of one person's mid-hip as evo and the TUM tools read it.

    Rows: stamp x y z qx qy qz qw; the rotation is level and heads as the hips do. Raises
    InputError for motion of several people, and where the file cannot be written.
    """
    if len(motion.person_ids) != 1:
        raise InputError('a TUM file holds one trajectory; choose a person with --person')
    left, right = (motion.joints[:, 0, motion.joint_names.index(f'{side}_hip')].astype(float)
                   for side in ('left', 'right'))
    rows = np.flatnonzero(np.isfinite(left + right).all(axis=1))
    place = (left + right)[rows] / 2
    turn = _heading((left - right)[rows])
    write_text(path, '# timestamp tx ty tz qx qy qz qw\n' + ''.join(
        f'{motion.stamps[row]:.6f} ' + ' '.join(f'{value:.6f}' for value in (*p, *q)) + '\n'
        for row, p, q in zip(rows.tolist(), place.tolist(), turn.tolist(), strict=True)))


def _heading(across: NDArray) -> NDArray[np.float64]:
    """Quaternions [N,4] of bodies whose left is at ``across`` [N,3]."""
    yaw = np.arctan2(-across[:, 0], across[:, 1])
    return Rotation.from_rotvec(yaw[:, None] * [0.0, 0, 1]).as_quat()
