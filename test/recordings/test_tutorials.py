# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The tutorials of bags and videos, word for word, on small files in the place of the demo's."""

import shutil
import subprocess
import sys

import bag_examples as bags
import numpy as np
import pytest
from documentation_pages import ROOT, shell_commands
from recording_examples import recording

from mocap23_ros.cli.main import main

# What needs the sample's videos (tested where the sample is), a dump of another program (with the
# imports), or an installation of ROS.
LEFT_OUT = ('ros2 ', 'mocap23 calibrate people --video', 'mocap23 lift --video',
            'mocap23 lift --keypoints openpose_json')
PROGRAMS = {'mocap23': ['-m', 'mocap23_ros'], 'python3': []}


def typed(page, folder):
    """Run the commands of a tutorial in a folder; returns how many, and what they printed."""
    count, printed = 0, ''
    for words in shell_commands((ROOT / 'docs' / 'tutorials' / page).read_text()):
        line = ' '.join(words)
        if words[0] not in PROGRAMS or line.startswith(LEFT_OUT):
            continue
        done = subprocess.run([sys.executable, *PROGRAMS[words[0]], *words[1:]], cwd=folder,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        count, printed = count + 1, printed + done.stdout
    return count, printed


@pytest.mark.timeout(400)
def test_the_tutorial_of_bags(tmp_path):
    demo = tmp_path / 'out' / 'demo'
    demo.mkdir(parents=True)
    shutil.move(bags.write(tmp_path / 'bag', [*bags.camera_messages(), *bags.keypoint_messages()]),
                demo / 'bag')
    assert main(['lift', '--bag', str(demo / 'bag'), '--out', str(demo / 'skeletons.npz')]) == 0
    count, printed = typed('bag.md', tmp_path)
    assert count == 6
    assert 'nothing is wrong' in printed and f'({bags.FRAMES}, 2, 19, 3)' in printed
    for name in ('motion_person1.csv', 'out/judged/report.html', 'out/compared/report.html'):
        assert (tmp_path / name).is_file() or (
            tmp_path / name.replace('_person1', '')).is_file(), name


@pytest.mark.timeout(400)
def test_the_tutorial_of_videos_from_the_keypoints_on(tmp_path):
    np.savez(tmp_path / 'walk_2d.npz', **recording())
    count, printed = typed('video.md', tmp_path)
    assert count == 5
    assert (tmp_path / 'motion_person1.bvh').is_file() and '[52 52]' in printed
