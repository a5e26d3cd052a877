# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Repair of paths that the ROS wheels' CMake files took along from the building machine."""

import json
import re
from pathlib import Path

from command import run_quietly

_NUMPY_INCLUDE = re.compile(
    r'/opt/python/cp\d+-cp\d+/lib/python3\.\d+/site-packages/numpy/(?:_core|core)/include')
_PYTHON_INCLUDE = re.compile(r'/opt/python/cp\d+-cp\d+/include/python3\.\d+')
_ASK_FOR_PATHS = ('import json, sysconfig, numpy; '
                  'print(json.dumps([sysconfig.get_paths()["include"], numpy.get_include()]))')


def repair_cmake_paths(environment_folder):
    """Point the CMake files of a virtual environment at its own Python and numpy headers.

    Returns the number of files changed: 0 the second time.
    """
    printed = run_quietly([environment_folder / 'bin' / 'python', '-c', _ASK_FOR_PATHS],
                          failure='numpy does not import in the virtual environment')
    python_include, numpy_include = json.loads(printed.splitlines()[-1])
    changed = 0
    for path in sorted(Path(environment_folder, 'share').glob('*/cmake/*.cmake')):
        text = path.read_text(encoding='utf-8')
        repaired = _NUMPY_INCLUDE.sub(lambda _: numpy_include, text)
        repaired = _PYTHON_INCLUDE.sub(lambda _: python_include, repaired)
        if repaired != text:
            path.write_text(repaired, encoding='utf-8')
            changed += 1
    return changed
