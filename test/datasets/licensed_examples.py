# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny files in the layouts of licensed data sets, and body models of the real size, for tests."""

import json
import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mocap23_ros.body_models.surface_points import VERTICES
from mocap23_ros.datasets.licensed.body_model import VERTEX_JOINTS
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS, JOINT_NAMES, PARENTS
from mocap23_ros.datasets.procedural import make_motion

# A T-pose in SMPL's axes: y up, x to the left, facing +z; the first 22 joints.
REST = np.array([
    [0, 0, 0], [.06, -.09, 0], [-.06, -.09, 0], [0, .12, 0], [.09, -.47, 0], [-.09, -.47, 0],
    [0, .26, 0], [.09, -.88, 0], [-.09, -.88, 0], [0, .31, 0], [.1, -.93, .12], [-.1, -.93, .12],
    [0, .5, 0], [.08, .42, 0], [-.08, .42, 0], [0, .6, .03], [.18, .44, 0], [-.18, .44, 0],
    [.45, .44, 0], [-.45, .44, 0], [.7, .44, 0], [-.7, .44, 0]])
FACE = {'nose': (0, .62, .12), 'l_eye': (.03, .66, .1), 'r_eye': (-.03, .66, .1),
        'l_ear': (.08, .64, .02), 'r_ear': (-.08, .64, .02), 'l_heel': (.09, -.94, -.05),
        'r_heel': (-.09, -.94, -.05), 'l_toe': (.1, -.94, .2), 'r_toe': (-.1, -.94, .2)}


def write_model(path, joints=52, vertices=6890):
    """A body model of the real size and layout whose vertices stick to one joint each."""
    rng = np.random.default_rng(0)
    rest = np.concatenate([REST, REST[[20]] + rng.normal(size=(joints - 22, 3)) * .01])
    parents = np.concatenate([np.array(PARENTS[:22]), np.full(joints - 22, 20)])
    template = np.tile(REST[0], (vertices, 1)).astype(float)
    weights = np.zeros((vertices, joints))
    weights[:, 0] = 1
    regressor = np.zeros((joints, vertices))
    first = 6900 if vertices > 6900 else 100            # vertices that carry the joints
    for joint in range(joints):
        template[first + joint] = rest[joint]
        regressor[joint, first + joint] = 1
    for number, name in zip(VERTICES[vertices], VERTEX_JOINTS, strict=True):
        template[number] = FACE[name]
        owner = 15 if number in VERTICES[vertices][:5] else (7 if name[0] == 'l' else 8)
        weights[number] = np.eye(joints)[owner]
    template[50] = 0, .8, 0                                # top of the head
    weights[50] = np.eye(joints)[15]
    shapes = np.zeros((vertices, 3, 10))
    shapes[..., 0] = 0.05 * template                       # the first shape is size
    table = np.stack([parents, np.arange(joints)]).astype(np.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, v_template=template, shapedirs=shapes, J_regressor=regressor,
             kintree_table=table, weights=weights)


def upright(frames=60, width=66):
    """Standing with swinging arms in z-up axes: root turned from y up."""
    pose = np.zeros((frames, width))
    pose[:, :3] = (np.pi / 2, 0, 0)
    pose[:, 3 * 16 + 2] = -1.2 + 0.2 * np.sin(np.arange(frames) / 8)
    place = np.zeros((frames, 3))
    place[:, 2] = 2.5                                      # far off the floor: must be levelled
    place[:, 0] = np.arange(frames) * 0.01
    return pose, place


def write_amass(root, folder, gender='male', frames=300, name='walk_poses'):
    """A motion of ``frames`` at 120 Hz below root/folder (subset/subject); returns that folder."""
    pose, place = upright(frames, 156)
    (root / folder).mkdir(parents=True, exist_ok=True)
    np.savez(root / folder / f'{name}.npz', poses=pose, trans=place, betas=np.zeros(16),
             gender=gender, mocap_framerate=120.0)
    return root / folder


def write_humanml3d(root, sources):
    """The same walk under every number; sources: number -> source file of the index."""
    motion = make_motion(np.random.default_rng(1), 1.5, 'walk')[0].astype(float)
    x, y, z = np.moveaxis(motion[::3, :22], -1, 0)
    (root / 'new_joints').mkdir(parents=True)
    for number in sources:
        np.save(root / 'new_joints' / f'{number}.npy',
                np.stack([x, z, -y], axis=-1).astype(np.float32))
    (root / 'index.csv').write_text('source_path,start_frame,end_frame,new_name\n' + ''.join(
        f'./pose_data/{source},0,90,{number}.npy\n' for number, source in sources.items()))


def write_aistpp_motion(root, name, frames=150):
    """An SMPL fit at 60 Hz, y up, in centimetres; the dancer is 0.93 of the model's size."""
    pose, place = upright(frames, 72)
    pose[:, :3] = 0                                        # SMPL's rest has y up already
    (root / 'motions').mkdir(parents=True, exist_ok=True)
    (root / 'motions' / f'{name}.pkl').write_bytes(pickle.dumps(
        {'smpl_poses': pose, 'smpl_trans': place * 100, 'smpl_scaling': np.array([93.0])}))


def write_aistpp_detections(root):
    """``gBR_cAll`` seen by nine cameras at one place, one joint unseen; returns K."""
    motion = make_motion(np.random.default_rng(1), 3, 'walk')[0].astype(float)
    joints = motion[:, COCO17_JOINTS]
    y_up = np.stack([joints[..., 0], joints[..., 2], -joints[..., 1]], axis=-1) * 100 + (0, 40, 0)
    rotation = Rotation.from_euler('xyz', (190, 25, 3), degrees=True)
    translation = np.array([10.0, 130.0, 480.0])
    k = np.array([[1500.0, 0, 960], [0, 1500, 540], [0, 0, 1]])
    seen = np.zeros((9, len(joints), 17, 3))
    for view in range(9):
        p = y_up @ rotation.as_matrix().T + translation
        seen[view] = p @ k.T
        seen[view, ..., :2] /= seen[view, ..., 2:]
        seen[view, ..., 2] = 0.8
    seen[0, 4, 3] = np.nan
    for name, table in (('keypoints2d', {'keypoints2d': seen}),
                        ('keypoints3d', {'keypoints3d': y_up, 'keypoints3d_optim': y_up})):
        (root / name).mkdir()
        (root / name / 'gBR_cAll.pkl').write_bytes(pickle.dumps(table))
    (root / 'cameras').mkdir()
    (root / 'cameras' / 'mapping.txt').write_text('gBR_cAll setting1\n')
    (root / 'cameras' / 'setting1.json').write_text(json.dumps([
        {'name': f'c0{v + 1}', 'size': [1920, 1080], 'matrix': k.tolist(),
         'rotation': rotation.as_rotvec().tolist(), 'translation': translation.tolist(),
         'distortions': [0.0] * 5} for v in range(9)]))
    return k


def check(clips, data_set, stature=None):
    """Upright, on the floor, not mirrored, and of the stature where it is given."""
    joints = clips.positions(0)
    names = list(JOINT_NAMES)
    assert clips.fps == 30 and clips.description[0] == data_set
    assert np.isfinite(joints).all()
    head, feet = joints[:, names.index('head'), 2], joints[:, names.index('l_heel'), 2]
    assert head.min() > 1.0 and np.abs(np.median(feet)) < 0.05           # z up, floor at 0
    left = joints[:, names.index('l_hip')] - joints[:, names.index('r_hip')]
    ahead = joints[:, names.index('nose')] - joints[:, names.index('head')]
    toes = joints[:, names.index('l_toe')] - joints[:, names.index('l_heel')]
    # Not mirrored: forward x left points up, and face and feet look the same way.
    assert (np.cross(ahead, left)[:, 2] > 0).all() and ((ahead * toes)[:, :2].sum(1) > 0).all()
    if stature is not None:
        assert clips.stature[0] == pytest.approx(stature, rel=0.05)
