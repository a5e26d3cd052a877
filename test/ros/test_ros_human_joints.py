# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Angles of the human model of REP 155 put its links where the joints are."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mocap23_ros.lifting.segment_rotations import segment_rotations
from mocap23_ros.ros.human_joints import JOINT_NAMES, joint_angles
from mocap23_ros.skeletons.formats import OUTPUT19

# Axes of the joints in the URDF of human_description, from trunk to end; l and r: left, right.
AXES = {'r_head': (1, 0, 0), 'y_head': (0, 0, 1), 'p_head': (0, -1, 0)}
for _side, _s in (('l', 1), ('r', -1)):
    AXES |= {f'{_side}_y_shoulder': (0, 0, -_s), f'{_side}_p_shoulder': (_s, 0, 0),
             f'{_side}_r_shoulder': (0, 0, _s), f'{_side}_elbow': (0, -1, 0),
             f'{_side}_y_hip': (0, 0, -1), f'{_side}_p_hip': (_s, 0, 0),
             f'{_side}_r_hip': (0, -1, 0), f'{_side}_knee': (0, -1, 0)}
JOINT = {name: number for number, name in enumerate(OUTPUT19.joint_names)}


def people(count=200, seed=3):
    """Joints [count,19,3] in poses of all kinds, and the body's axes [count,3,3]."""
    random = np.random.default_rng(seed)
    body = Rotation.from_rotvec(random.normal(0, 1, (count, 3))).as_matrix()
    local = np.zeros((count, 19, 3))

    def limb(start, middle, end, bends_back):
        upper = Rotation.from_euler(
            'ZXY', random.uniform(-1, 1, (count, 3)) * (0.5, 1.2, 1.2)).as_matrix()
        bend = random.uniform(0.4, 2.2, count) * (1 if bends_back else -1)
        lower = upper @ Rotation.from_euler('y', bend[:, None]).as_matrix()
        local[:, JOINT[middle]] = local[:, JOINT[start]] - 0.3 * upper[:, :, 2]
        local[:, JOINT[end]] = local[:, JOINT[middle]] - 0.25 * lower[:, :, 2]

    local[:, JOINT['neck'], 2] = 0.5
    for side, y in (('left', 1), ('right', -1)):
        local[:, JOINT[f'{side}_hip']] = (0, 0.1 * y, 0)
        local[:, JOINT[f'{side}_shoulder']] = (0, 0.18 * y, 0.5)
        limb(f'{side}_shoulder', f'{side}_elbow', f'{side}_wrist', False)
        limb(f'{side}_hip', f'{side}_knee', f'{side}_ankle', True)
    head = Rotation.from_euler(
        'XZY', random.uniform(-0.9, 0.9, (count, 3)) * (1, 1.4, 1)).as_matrix()
    for name, place in (('nose', (0.1, 0, 0)), ('left_ear', (0, 0.08, 0)),
                        ('right_ear', (0, -0.08, 0)), ('left_eye', (0.08, 0.03, 0.03)),
                        ('right_eye', (0.08, -0.03, 0.03))):
        local[:, JOINT[name]] = head @ np.array(place) + (0, 0, 0.65)
    return np.einsum('pij,pkj->pki', body, local) + random.normal(0, 3, (count, 1, 3)), body


def chain(body, angles, names):
    """World rotations [P,3,3] of the link at the end of these joints of the URDF."""
    rotation = body
    for name in names:
        turn = angles[:, JOINT_NAMES.index(name), None] * np.array(AXES[name], float)
        rotation = rotation @ Rotation.from_rotvec(turn).as_matrix()
    return rotation


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize(('joints', 'bone'), [
    (('y_shoulder', 'p_shoulder', 'r_shoulder'), ('shoulder', 'elbow')),
    (('y_shoulder', 'p_shoulder', 'r_shoulder', 'elbow'), ('elbow', 'wrist')),
    (('y_hip', 'p_hip', 'r_hip'), ('hip', 'knee')),
    (('y_hip', 'p_hip', 'r_hip', 'knee'), ('knee', 'ankle'))])
def test_links_of_the_model_lie_along_the_limbs(side, joints, bone):
    positions, body = people()
    angles = joint_angles(positions, body)
    link = chain(body, angles, [f'{side[0]}_{joint}' for joint in joints])
    start, end = (positions[:, JOINT[f'{side}_{name}']] for name in bone)
    along = (end - start) / np.linalg.norm(end - start, axis=1, keepdims=True)
    np.testing.assert_allclose(-link[:, :, 2], along, atol=1e-6)


def test_the_head_is_turned_as_the_face_is():
    positions, body = people()
    angles = joint_angles(positions, body)
    np.testing.assert_allclose(
        chain(body, angles, ['r_head', 'y_head', 'p_head']), segment_rotations(positions)[:, 2],
        atol=1e-6)


def test_signs_and_ranges_are_those_of_the_model():
    positions, body = people()
    angles = dict(zip(JOINT_NAMES, joint_angles(positions, body).T, strict=True))
    for side in 'lr':
        assert (angles[f'{side}_knee'] <= 0.0).all() and (angles[f'{side}_elbow'] >= 0.0).all()
        assert (angles[f'{side}_p_shoulder'] >= -0.4).all()
    assert (angles['waist'] == 0.0).all()


def test_an_arm_that_hangs_has_angles():
    positions, body = people(1)
    body = np.eye(3)[None]
    left = JOINT['left_shoulder']
    positions[0] = people(1)[0][0] @ people(1)[1][0]  # upright
    for number, down in ((JOINT['left_elbow'], 0.3), (JOINT['left_wrist'], 0.55)):
        positions[0, number] = positions[0, left] - (0.0, 0.0, down)
    angles = dict(zip(JOINT_NAMES, joint_angles(positions, body)[0], strict=True))
    for joint in ('y_shoulder', 'p_shoulder', 'elbow'):
        assert angles[f'l_{joint}'] == pytest.approx(0.0, abs=1e-6)
    assert np.isfinite(angles['l_r_shoulder'])


def test_what_is_not_known_has_no_angle():
    positions, body = people(3)
    positions[0, JOINT['left_wrist']] = np.nan
    positions[1, JOINT['right_knee']] = np.nan
    positions[2, JOINT['left_shoulder']] = np.nan  # half of the trunk
    missing = [{name for name, angle in zip(JOINT_NAMES, row, strict=True) if np.isnan(angle)}
               for row in joint_angles(positions, body)]
    assert missing[0] == {'l_elbow'}
    assert missing[1] == {'r_y_hip', 'r_p_hip', 'r_r_hip', 'r_knee'}
    assert {'waist', 'l_elbow', 'l_y_shoulder', 'r_y_shoulder'} <= missing[2]
    assert 'l_knee' not in missing[2]
