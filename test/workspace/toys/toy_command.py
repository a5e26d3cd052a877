# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A command: says how many toys there are."""


def add_arguments(parser):
    """Declare the number."""
    parser.add_argument('--toys', type=int, default=1)


def run(arguments):
    """Print it."""
    print(f'{arguments.toys} toys')
