# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What CONTRIBUTING calls one file and one line is no more: a toy of each kind, in a copy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('onnx', reason='onnx is needed to make a toy network')

TOYS = Path(__file__).parent / 'toys'
# kind: the file that is written, the table that gets a line, after what, the line
DOORS = {
    'detector': ('detection/toy_detector.py', 'detection/detectors.py', "'OnnxDetector'),\n",
                 "    'toy': Entry('mocap23_ros.detection.toy_detector', 'ToyDetector'),\n", ''),
    'detector family': ('detection/families/toy_family.py', 'detection/network_families.py',
                        'YoloxNms()', ', ToyFamily()',
                        'from mocap23_ros.detection.families.toy_family import ToyFamily\n'),
    'skeleton format': (None, 'skeletons/formats.py', 'MOCAP34, OUTPUT19', ', TOY17', ''),
    'backend': ('engines/toy_backend.py', 'engines/backends.py', "    'tensorrt_rtx': _TENSORRT,\n",
                "    'toy': Entry('mocap23_ros.engines.toy_backend', 'ToyBackend', ()),\n", ''),
    'lifter': ('lifting/toy_lifter.py', 'lifting/lifters.py', "'load_lifter'),\n",
               "    'toy': Entry('mocap23_ros.lifting.toy_lifter', 'ToyLifter'),\n", ''),
    'ROS output': ('ros/toy_output.py', 'ros/outputs.py', "    (MarkerOutput, ''),\n",
                   "    (ToyOutput, ''),\n", 'from mocap23_ros.ros.toy_output import ToyOutput\n'),
    'keypoints of a program': (
        'recordings/imports/toy_keypoints.py', 'recordings/imports/keypoint_formats.py',
        'mediapipe_landmarks.read),\n',
        "    KeypointFormat('Toy', toy_keypoints.recognises, toy_keypoints.read),\n",
        'from mocap23_ros.recordings.imports import toy_keypoints\n'),
    'file output': ('recordings/toy_file.py', 'recordings/motion_exports.py', '_save_tum),\n',
                    "    '.toy': ExportFormat('a toy', save_toy),\n",
                    'from mocap23_ros.recordings.toy_file import save_toy\n'),
    'command': ('cli/toy_command.py', 'cli/main.py', "check their sha256'),\n",
                "    'toy': ('toy_command', 'count toys'),\n", ''),
    'licensed motion': (
        'datasets/licensed/toy_motion.py', 'datasets/licensed/data_sets.py',
        "'bodies/train/*/*/*.pkl', (_SMPLX,)),\n",
        "    'toys': LicensedSet('Toys', load_toys, 'toys.npy'),\n",
        'from mocap23_ros.datasets.licensed.toy_motion import load_toys\n'),
}
TOY_FORMAT = ("TOY17 = _format('toy17', ', '.join(\n"
              "    f'{name} -' for name in reversed(COCO17.joint_names)))\n\n")


def test_a_toy_of_every_kind_enters_through_its_door(root: Path, tmp_path: Path) -> None:
    package = tmp_path / 'mocap23_ros'
    shutil.copytree(root / 'mocap23_ros', package)  # what is compiled already, too
    for new, table, anchor, line, importing in DOORS.values():
        if new is not None:
            shutil.copy(TOYS / Path(new).name, package / new)
        text = (package / table).read_text()
        assert text.count(anchor) == 1, f'{table}: {anchor}'
        text = text.replace(anchor, anchor + line)
        if 'TOY17' in line:
            text = text.replace('FORMATS: dict', TOY_FORMAT + 'FORMATS: dict')
        first = text.index('from mocap23_ros')
        (package / table).write_text(text[:first] + importing + text[first:])
    shutil.copy(TOYS / 'use_toys.py', tmp_path)
    done = subprocess.run(
        [sys.executable, 'use_toys.py', str(tmp_path)], cwd=tmp_path, text=True,
        capture_output=True, timeout=120,
        env={**os.environ, 'MOCAP23_ENGINES': str(root / 'engines')})
    assert done.returncode == 0, done.stdout + done.stderr


def test_contributing_names_these_doors_and_no_others(root: Path) -> None:
    rows = re.findall(r'^\| ([\w ]+) \| [^|]+ \| `[^`|]+` \| `([^`|]+)` \|$',
                      (root / 'CONTRIBUTING.md').read_text(), re.MULTILINE)
    assert dict(rows) == {kind: table for kind, (_, table, *_) in DOORS.items()}
