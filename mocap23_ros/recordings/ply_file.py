# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes as binary PLY files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import saving


def save_ply(path: Path | str, vertices: NDArray, faces: NDArray) -> None:
    """Write vertices [V,3] (metres, in whatever frame they are) and faces [F,3] (vertex numbers).

    Raises InputError where the file cannot be written.
    """
    rows = np.empty(len(faces), [('count', 'u1'), ('numbers', '<i4', 3)])
    rows['count'], rows['numbers'] = 3, faces
    header = ['ply', 'format binary_little_endian 1.0', f'element vertex {len(vertices)}',
              *(f'property float {axis}' for axis in 'xyz'), f'element face {len(faces)}',
              'property list uchar int vertex_indices', 'end_header', '']
    with saving(path) as temporary:
        temporary.write_bytes('\n'.join(header).encode('ascii')
                              + np.asarray(vertices, '<f4').tobytes() + rows.tobytes())
