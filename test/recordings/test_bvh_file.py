# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""BVH files, read back by kinematics of their own."""

import re

import numpy as np
import pytest
from refusals import refused
from scipy.spatial.transform import Rotation
from test_body_fit import STATURE, covariance_of, random_bodies

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.body_fit import BodyFit
from mocap23_ros.recordings.bvh_file import save_bvh
from mocap23_ros.skeletons.formats import OUTPUT19

PLACES = {'Hips': 'pelvis', 'Head': 'neck', 'LeftArm': 'left_shoulder', 'RightArm':
          'right_shoulder', 'LeftForeArm': 'left_elbow', 'RightForeArm': 'right_elbow',
          'LeftUpLeg': 'left_hip', 'RightUpLeg': 'right_hip', 'LeftLeg': 'left_knee', 'RightLeg':
          'right_knee', 'LeftForeArm end': 'left_wrist', 'RightForeArm end': 'right_wrist',
          'LeftLeg end': 'left_ankle', 'RightLeg end': 'right_ankle'}


def read(path):
    """Positions {joint: [F,3]} in the file's axes and the frame time."""
    head, motion = path.read_text().split('MOTION\n')
    frame_time = float(re.search(r'Frame Time: (\S+)', motion)[1])
    rows = np.array([line.split() for line in motion.splitlines()[2:]], float)
    assert len(rows) == int(re.search(r'Frames: (\d+)', motion)[1])
    stack, places, column, name = [], {}, 0, None
    for words in map(str.split, head.splitlines()[1:]):
        if words[0] in ('ROOT', 'JOINT'):
            name = words[1]
        elif words[0] == 'End':
            name = f'{stack[-1][0]} end'
        elif words[0] == '{':
            stack.append((name, np.zeros((len(rows), 3)), np.eye(3)))
        elif words[0] == '}':
            stack.pop()
        elif words[0] == 'OFFSET':
            offset = np.array(words[1:], float)
            position = np.broadcast_to(offset, (len(rows), 3))
            if len(stack) > 1:
                position = stack[-2][1] + stack[-2][2] @ offset
            stack[-1] = (name, position, stack[-1][2])
            places[name] = position
        elif words[0] == 'CHANNELS':
            values = rows[:, column:column + int(words[1])]
            column += int(words[1])
            position = stack[-1][1]
            turn = np.eye(3) if len(stack) == 1 else stack[-2][2]
            for channel, value in zip(words[2:], values.T, strict=True):
                if channel.endswith('position'):
                    position = position + value[:, None] * np.eye(3)['XYZ'.index(channel[0])]
                else:
                    turn = turn @ Rotation.from_euler(channel[0].lower(), value[:, None],
                                                      degrees=True).as_matrix()
            stack[-1] = (name, position, turn)
            places[name] = position
    assert column == rows.shape[1]
    return places, frame_time


def fitted(frames=40, people=1):
    joints = np.stack([random_bodies(frames, seed)[0] for seed in range(people)])
    return BodyFit().fit(np.arange(people), joints, covariance_of(joints),
                         np.full(people, STATURE))


def worst(places, joints, scale=1.0):
    """Largest distance in metres to world joints [F,19,3], turned as Blender does."""
    return max(np.abs(np.stack([p[:, 0], -p[:, 2], p[:, 1]], -1) / scale
                      - joints[:, OUTPUT19.index(joint)]).max()
               for name, joint in PLACES.items() for p in [places[name]])


@pytest.mark.parametrize(('unit', 'scale'), [('m', 1.0), ('cm', 100.0)])
def test_positions_read_back_are_those_of_the_body(tmp_path, unit, scale):
    body = fitted(people=2)
    paths = save_bvh(tmp_path, 'walk', 7 + np.arange(40) / 25, np.array([3, 8]), body, unit)
    assert [p.name for p in paths] == ['walk_person3.bvh', 'walk_person8.bvh']
    for person, path in enumerate(paths):
        places, frame_time = read(path)
        assert frame_time == pytest.approx(0.04)
        assert worst(places, body.joints[person], scale) < 1e-4
        ears = body.joints[person][:, [3, 4]].mean(axis=1)
        end = places['Head end'] / scale
        np.testing.assert_allclose(np.stack([end[:, 0], -end[:, 2], end[:, 1]], -1), ears,
                                   atol=1e-4)


def test_gap_holds_the_pose_and_people_never_seen_have_no_file(tmp_path):
    body = fitted(people=2)
    body.joints[0, 10:30], body.joints[1] = np.nan, np.nan
    paths = save_bvh(tmp_path / 'one.bvh', 'x', np.arange(40) / 25, np.array([1, 2]), body)
    assert [p.name for p in tmp_path.iterdir()] == ['one.bvh'] == [p.name for p in paths]
    expected = body.joints[0].copy()
    expected[10:30] = expected[9]
    assert worst(read(paths[0])[0], expected) < 1e-4


def test_dropped_frames_do_not_shift_time(tmp_path):
    body = fitted()
    keep = np.delete(np.arange(40), [12, 25])
    short = type(body)(body.joints[:, keep], body.bone_lengths, body.world_R_segment[:, keep])
    path, = save_bvh(tmp_path, 'x', keep / 25, np.array([1]), short)
    places, frame_time = read(path)
    assert len(places['Hips']) == 40 and frame_time == pytest.approx(0.04)
    assert worst({n: p[keep] for n, p in places.items()}, short.joints[0]) < 1e-4


def test_endless_recording_is_refused_and_nothing_written(tmp_path):
    stamps = np.append(np.arange(39) / 25, 1e9)
    with pytest.raises(InputError, match='cut it'):
        save_bvh(tmp_path, 'x', stamps, np.array([1]), fitted())
    assert not list(tmp_path.iterdir())


def test_command_writes_the_files_and_refuses_a_wrong_target(tmp_path, capsys):
    from test_lift_command import lift, recording
    status, _ = lift(tmp_path, recording(), '--bvh', str(tmp_path / 'bvh'))
    assert status == 0
    assert sorted(p.name for p in (tmp_path / 'bvh').iterdir()) == ['out_person1.bvh',
                                                                    'out_person2.bvh']
    (tmp_path / 'out.npz').unlink()
    refused(main(['lift', '--keypoints', str(tmp_path / 'in.npz'), '--out', str(tmp_path / 'o.npz'),
                  '--lifter', 'geometric', '--bvh', str(tmp_path / 'in.npz')]), capsys, '--bvh')
    assert not (tmp_path / 'o.npz').exists()
