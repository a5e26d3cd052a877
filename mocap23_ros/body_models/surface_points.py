# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Vertex numbers of body landmarks on the meshes of the SMPL family, by number of vertices.

SMPL and SMPL-H share one mesh (6890 vertices), SMPL-X has another (10475).
"""

NAMES = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_heel', 'right_heel',
         'left_toe', 'right_toe')
VERTICES: dict[int, tuple[int, ...]] = {
    6890: (332, 2800, 6260, 583, 4071, 3387, 6787, 3216, 6617),
    10475: (9120, 9448, 9929, 6, 616, 8846, 8635, 5770, 8463),
}
"""In the order of NAMES."""
