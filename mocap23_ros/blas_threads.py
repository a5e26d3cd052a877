# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One thread for linear algebra: matrices are small here, and waiting threads hold every core."""

import os


def one_blas_thread() -> None:
    """Make numpy and scipy compute in their caller's thread, unless the user says otherwise.

    Their OpenBLAS reads this when it is loaded: call it before anything imports numpy. Processes
    that this one starts inherit it. Networks have threads of their own.
    """
    os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
