#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Make the environment that mocap23 runs in and print the path of its environment file.

    . "$(python3 scripts/set_up.py --for run)"

Needs the Python standard library only. What is already there is left alone, so the second call
takes a fraction of a second and no network.
"""

import argparse
import fcntl
import sys
from pathlib import Path

from command import SetUpError, progress
from environment import Environment
from packages import PURPOSES
from python_choice import choose_python
from ros_installation import find_ros_installation

ROOT = Path(__file__).resolve().parent.parent


def main():
    """Return the exit status: 0, or 1 where the set-up cannot be finished."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--for', dest='purpose', choices=PURPOSES, default='run',
                        help='what it must be able to do (default: %(default)s)')
    purpose = parser.parse_args().purpose
    try:
        cache = ROOT / '.cache'
        cache.mkdir(exist_ok=True)
        with open(cache / 'set_up.lock', 'w', encoding='utf-8') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits
            ros_installation = find_ros_installation()
            environment = Environment(ROOT, choose_python(), ros_installation)
            if environment.make(purpose):
                progress('done')
    except (SetUpError, OSError) as error:
        print(f'mocap23 set-up: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('mocap23 set-up: interrupted; the next call goes on from here', file=sys.stderr)
        return 130
    print(environment.activation_file)
    return 0


if __name__ == '__main__':
    sys.exit(main())
