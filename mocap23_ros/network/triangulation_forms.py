# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the forms of triangulation, and what each can be used for; needs no torch."""

from mocap23_ros.errors import InputError

TRIANGULATIONS = ('ray', 'three', 'svd')


def check_usable(form: str, purpose: str) -> None:
    """Refuse ``svd`` for ``training`` and ``export``; InputError."""
    reasons = {'training': 'its gradient is undefined where singular values are equal',
               'export': 'TensorRT has no singular value decomposition'}
    if form == 'svd':
        raise InputError(f'triangulation svd is for inference in torch alone, not for {purpose}: '
                         f'{reasons[purpose]}; take ray or three')
