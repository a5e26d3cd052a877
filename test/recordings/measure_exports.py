# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How far exports are from the motion when other programs read them back: docs/LIFT.md.

    python test/recordings/measure_exports.py OUT.npz [--blender PYTHON]

PYTHON: an interpreter that has ``bpy`` (Blender as a module); its importers read BVH and glTF at
their defaults. Markers are compared with the joints of OUT.npz, the others with the fitted bodies.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from mocap23_ros.cli.main import main
from mocap23_ros.evaluation.motion_files import load_bag
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.uniform_poses import uniform_times
from mocap23_ros.skeletons.coco17 import HIPS
from mocap23_ros.skeletons.formats import OUTPUT19

Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
NODES = {'pelvis': 'pelvis', **{f'{side}_{part}': f'{side}_{joint}' for side in ('left', 'right')
                                for part, joint in (('thigh', 'hip'), ('shank', 'knee'),
                                                    ('upper_arm', 'shoulder'),
                                                    ('forearm', 'elbow'))}}
BONES = {'Hips': 'pelvis', **{f'{side}{part}': f'{side.lower()}_{joint}'
                              for side in ('Left', 'Right')
                              for part, joint in (('UpLeg', 'hip'), ('Leg', 'knee'),
                                                  ('Arm', 'shoulder'), ('ForeArm', 'elbow'))}}
IN_BLENDER = """
import json, sys
import bpy
path, times = sys.argv[1], json.loads(sys.stdin.read())
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = 120
if path.endswith('bvh'):
    bpy.ops.import_anim.bvh(filepath=path, use_fps_scale=True)
    armature, = bpy.data.objects
    things, first = {bone.name: bone for bone in armature.pose.bones}, 1
    place = lambda bone: armature.matrix_world @ bone.head
else:
    bpy.ops.import_scene.gltf(filepath=path)
    things, first = {thing.name: thing for thing in bpy.data.objects}, 0
    place = lambda thing: thing.matrix_world.translation
found = {name: [] for name in things}
for time in times:
    frame = first + 120 * time
    scene.frame_set(int(frame), subframe=frame % 1)
    for name, thing in things.items():
        found[name].append(list(place(thing)))
print('FOUND' + json.dumps(found))
"""


def in_blender(python, path, times):
    """{name: places [F,3]} of bones or nodes at the times."""
    said = subprocess.run([python, '-c', IN_BLENDER, path], capture_output=True, text=True,
                          check=True, input=json.dumps((times - times[0]).tolist())).stdout
    text = next(line for line in said.splitlines() if line.startswith('FOUND'))
    return {name: np.array(places) for name, places in json.loads(text[5:]).items()}


def at_times(times, stamps, points):
    """Points [F,...] at other times, where both neighbours are known."""
    after = np.clip(np.searchsorted(stamps, times), 1, len(stamps) - 1)
    share = ((times - stamps[after - 1]) / (stamps[after] - stamps[after - 1]))[:, None, None, None]
    return (1 - share) * points[after - 1] + share * points[after]


def from_c3d(path, people):
    import ezc3d
    points = ezc3d.c3d(str(path))['data']['points'][:3] / 1000
    return points.transpose(2, 1, 0).reshape(-1, people, 19, 3)


def from_trc(path, people):
    rows = [line.split('\t')[2:] for line in path.read_text().splitlines()[6:]]
    table = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    return table.reshape(-1, people, 19, 3) @ Y_UP


def from_csv(path, motion):
    places = np.full(motion.joints.shape, np.nan)
    frame = {round(stamp, 6): row for row, stamp in enumerate(motion.stamps.tolist())}
    column = {int(person): index for index, person in enumerate(motion.person_ids)}
    with path.open() as stream:
        for row in csv.DictReader(stream):
            places[frame[round(float(row['stamp']), 6)], column[int(row['person'])],
                   OUTPUT19.index(row['joint'])] = [float(row[axis]) for axis in 'xyz']
    return places


def differences(arguments):
    """Pairs of a format with its reader, and distances in metres."""
    motion = RecordedMotion.load(arguments.motion)
    people = len(motion.person_ids)
    times, _ = uniform_times(motion.stamps)
    joints, bodies = (at_times(times, motion.stamps, points) for points in (
        motion.joints, motion.with_body().body.joints.transpose(1, 0, 2, 3)))
    with tempfile.TemporaryDirectory() as folder:
        def exported(name, *options):
            assert main(['export-motion', str(arguments.motion), '--out', f'{folder}/{name}',
                         *options]) == 0
            return Path(folder, name)
        for name, read in (('TRC, a table of text', from_trc), ('C3D, ezc3d', from_c3d)):
            places = read(exported(f'm.{name[:3].lower()}'), people)
            yield name, np.linalg.norm(places - joints, axis=-1)
        yield 'CSV, csv', np.linalg.norm(from_csv(exported('m.csv'), motion) - motion.joints,
                                         axis=-1)
        yield 'MCAP, rosbags', np.linalg.norm(load_bag(exported('m.mcap'))['joints']
                                              - motion.joints, axis=-1)
        for column, person in enumerate(motion.person_ids.tolist()):
            rows = np.loadtxt(exported(f'{person}.tum', '--person', str(person)))
            hips = motion.joints[np.isin(np.round(motion.stamps, 6), np.round(rows[:, 0], 6)),
                                 column][:, HIPS].mean(axis=1)
            yield 'TUM, a table of text', np.linalg.norm(rows[:, 1:4] - hips, axis=-1)
        if arguments.blender is None:
            return
        exported('m.bvh'), exported('m.glb')
        for name, files, parts in (
                ('BVH, Blender', sorted(Path(folder).glob('*.bvh')), BONES),
                ('glTF, Blender', [Path(folder, 'm.glb')] * people, NODES)):
            for person, path in enumerate(files):
                found = in_blender(arguments.blender, path, times)
                prefix = '' if path.suffix == '.bvh' else f'person{motion.person_ids[person]}_'
                yield name, np.stack([np.linalg.norm(
                    found[prefix + part] - bodies[:, person, OUTPUT19.index(joint)], axis=-1)
                    for part, joint in parts.items()])


def report(arguments):
    """Print the largest difference for each format."""
    largest = {}
    for name, distances in differences(arguments):
        largest[name] = max(largest.get(name, 0.0), 1e3 * float(np.nanmax(distances)))
    print('| format, reader | largest difference |\n|---|---|')
    for name, distance in largest.items():
        print(f'| {name} | {distance:.4f} mm |')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('motion', type=Path)
    parser.add_argument('--blender')
    report(parser.parse_args())
