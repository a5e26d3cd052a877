# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A file format: the number of frames and the names of the joints."""


def save_toy(path, motion):
    """Write one line."""
    path.write_text(f'{len(motion.stamps)} {" ".join(motion.joint_names)}')
