# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of other programs: every format gives the same people, nonsense is refused."""

import json
import random

import keypoint_dumps as dumps
import numpy as np
import pytest
from keypoint_dumps import refused
from recording_examples import POSE, observed

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.imported_recording import import_keypoints
from mocap23_ros.recordings.imports.keypoint_formats import KEYPOINT_FORMATS
from mocap23_ros.skeletons.formats import COCO17

RATE = 30.0
FACE = range(1, 5)  # eyes and ears


def same_people(found, wanted, joints=range(17)):
    """Whether the recording holds these people, in any order of the columns."""
    points = found.converted(COCO17).keypoints[:, :, list(joints), :2]
    wanted = wanted[:, :, list(joints), :2]
    assert points.shape == wanted.shape
    return any(np.allclose(points[:, order], wanted, atol=2e-3, equal_nan=True)
               for order in ([0, 1], [1, 0]))


JSON = [dumps.openpose, dumps.openpose18, dumps.pose2sim, dumps.coco, dumps.coco_annotations,
        dumps.alphapose, dumps.alphapose_cmu, dumps.mmpose, dumps.mmpose_images, dumps.rtmlib]


@pytest.mark.parametrize('write', JSON, ids=lambda write: write.__name__)
def test_people_in_no_order_become_one_column_each(tmp_path, camera, keypoints, write):
    said = []
    found = import_keypoints(write(tmp_path / 'dump', keypoints), camera, RATE, say=said.append)
    assert same_people(found, keypoints)
    np.testing.assert_allclose(found.stamps, np.arange(len(keypoints)) / RATE)
    np.testing.assert_allclose(found.world_T_camera[3], POSE)
    assert 'people are tracked (without ids): 2' in said[0]


@pytest.mark.parametrize('write', [dumps.openpose, dumps.coco, dumps.coco_annotations,
                                   dumps.alphapose, dumps.mmpose], ids=lambda w: w.__name__)
def test_ids_of_the_files_are_kept(tmp_path, camera, keypoints, write):
    """Also where the two people change places, which no tracker follows."""
    keypoints[40:] = keypoints[40:, ::-1].copy()
    said = []
    found = import_keypoints(write(tmp_path / 'dump', keypoints, ids=True), camera, RATE,
                             say=said.append)
    assert '2 people by their ids' in said[0]
    np.testing.assert_allclose(found.converted(COCO17).keypoints[..., :2], keypoints[..., :2],
                               atol=2e-3)


def test_ids_that_stand_twice_in_a_frame_are_no_ids(tmp_path, camera, keypoints):
    path = dumps.alphapose(tmp_path / 'dump', keypoints, ids=True)
    entries = json.loads(path.read_text())
    for entry in entries:
        entry['idx'] = 0
    dumps.write(path, entries)
    said = []
    assert same_people(import_keypoints(path, camera, RATE, say=said.append), keypoints)
    assert 'an id stands twice in a frame' in said[0]


def test_mediapipe_counts_in_fractions_and_its_stamps_are_taken(tmp_path, camera, keypoints):
    path = dumps.mediapipe(tmp_path / 'dump', keypoints, stamped=True)
    found = import_keypoints(path, camera, None)
    assert same_people(found, keypoints)
    np.testing.assert_allclose(found.stamps, np.arange(len(keypoints)) / RATE)
    path = dumps.mediapipe(tmp_path / 'bare', keypoints)
    assert same_people(import_keypoints(path, camera, RATE), keypoints)
    frames = json.loads(path.read_text())
    assert all(len(frame) <= 2 for frame in frames)
    alone = [frame[0] if frame else None for frame in frames]  # what the older API gives
    dumps.write(path, alone)
    assert import_keypoints(path, camera, RATE).frames == len(keypoints)


def test_sports2d_pixels_are_taken_and_eyes_and_ears_stay_unseen(tmp_path, camera, keypoints):
    folder = dumps.sports2d(tmp_path / 'dump', keypoints)
    found = import_keypoints(folder, camera, None)
    assert same_people(found, keypoints, [j for j in range(17) if j not in FACE])
    assert np.isnan(found.converted(COCO17).keypoints[:, :, FACE, 0]).all()
    for path in folder.glob('*_px_*'):
        path.unlink()
    with pytest.raises(InputError, match='holds metres; lifting needs pixels'):
        import_keypoints(folder, camera, None)


def test_frames_that_are_missing_become_frames_without_anybody(tmp_path, camera, keypoints):
    folder = dumps.openpose(tmp_path / 'dump', keypoints)
    files = sorted(folder.iterdir())
    for row in (0, 10, 11):
        files[row].unlink()
    found = import_keypoints(folder, camera, RATE)
    np.testing.assert_allclose(found.stamps, np.arange(1, len(keypoints)) / RATE)
    assert np.isnan(found.keypoints[9:11]).any(axis=-1).all()
    assert same_people(found, np.concatenate([
        keypoints[1:10], np.full_like(keypoints[:2], np.nan), keypoints[12:]]))


def test_every_second_frame_keeps_the_time_of_the_video(tmp_path, camera):
    stamps = np.arange(40) / 15
    folder = dumps.openpose(tmp_path / 'dump', observed(stamps)['keypoints'])
    for number, path in reversed(list(enumerate(sorted(folder.iterdir())))):
        path.rename(folder / f'cam_{2 * number:012d}_keypoints.json')
    np.testing.assert_allclose(import_keypoints(folder, camera, 30.0).stamps, stamps)


def test_the_command_lifts_a_folder_and_saves_its_keypoints(tmp_path, camera, keypoints, capsys):
    folder = dumps.openpose(tmp_path / 'walk_json', keypoints)
    command = ['lift', '--keypoints', str(folder), '--out', str(tmp_path / 'out.npz'), '--lifter',
               'geometric']
    assert main(command) == 2 and '--camera CAMERA.yaml' in capsys.readouterr().err
    command += ['--camera', str(camera)]
    assert main(command) == 2 and 'give --fps RATE' in capsys.readouterr().err
    assert main([*command, '--fps', '30', '--save-keypoints', str(tmp_path / 'k.npz')]) == 0
    assert '52 frames of OpenPose or Pose2Sim (body25)' in capsys.readouterr().err
    with np.load(tmp_path / 'out.npz') as out:
        assert np.isfinite(out['joints'][25:]).all() and out['joints'].shape[1] == 2
        first = out['joints']
    assert main(['lift', '--keypoints', str(tmp_path / 'k.npz'), '--lifter', 'geometric', '--out',
                 str(tmp_path / 'again.npz')]) == 0
    np.testing.assert_allclose(np.load(tmp_path / 'again.npz')['joints'], first, atol=1e-4)
    assert main(['lift', '--keypoints', str(tmp_path), '--lifter', 'geometric', '--out',
                 str(tmp_path / 'all'), '--camera', str(camera)]) == 2  # npz files lie there too
    capsys.readouterr()
    (tmp_path / 'pose').mkdir()
    folder.rename(tmp_path / 'pose' / 'cam01_json')
    assert main([*command[:2], str(tmp_path / 'pose'), *command[3:7]]) == 2
    assert 'give one of its folders cam01_json' in capsys.readouterr().err


def test_what_openpose_cannot_have_written_is_refused(tmp_path, camera, keypoints):
    folder = dumps.openpose(tmp_path / 'dump', keypoints)
    first, second = sorted(folder.iterdir())[:2]
    whole = first.read_text()

    def with_first(text):
        first.write_text(text)
        return refused(folder, camera)

    assert 'not a complete JSON file' in with_first(whole[:200])
    assert 'x, y, confidence of each' in with_first(whole.replace('"pose_keypoints_2d": [',
                                                                  '"pose_keypoints_2d": [1.0, '))
    assert 'not numbers' in with_first(whole.replace('"pose_keypoints_2d": [',
                                                     '"pose_keypoints_2d": ["a", '))
    thin = {'people': [{'pose_keypoints_2d': [1.0] * 45}]}
    assert '15 keypoints; of OpenPose' in with_first(json.dumps(thin))
    thin['people'][0]['pose_keypoints_2d'] = [100.0] * 54
    assert 'all must come from one model' in with_first(json.dumps(thin))
    assert 'more than 256 people' in with_first(json.dumps(
        {'people': json.loads(whole)['people'] * 200}))
    first.write_text(whole)
    second_whole = second.read_text()
    second.write_text('{"Humans": []}')
    assert 'not a frame of OpenPose' in refused(folder, camera)
    second.write_text(second_whole)
    other = folder / 'cam02_000000000003_keypoints.json'
    other.write_text(whole)
    assert 'of several recordings' in refused(folder, camera)
    other.rename(folder / 'cam_3_keypoints.json')
    assert 'frame 3 a second time' in refused(folder, camera)
    (folder / 'cam_3_keypoints.json').rename(folder / 'cam_1764236400123456789_keypoints.json')
    assert 'perhaps a time stamp' in refused(folder, camera)
    (folder / 'cam_1764236400123456789_keypoints.json').unlink()
    second.rename(folder / 'cam_500000_keypoints.json')
    assert 'not frames of a video' in refused(folder, camera)


def test_files_of_something_else_are_refused(tmp_path, camera, keypoints):
    path = tmp_path / 'dump.json'
    for document in ({'a': 1}, [1, 2], [[1]], 'text', [{'x': 1}], [None, [[{'z': 1}] * 33]]):
        dumps.write(path, document)
        assert 'not as one of these writes it: OpenPose' in refused(path, camera), document
    for document in ([], {}, None, [None, []]):
        dumps.write(path, document)
        with pytest.raises(InputError, match='nobody is found|not as one of these'):
            import_keypoints(path, camera, RATE)
    path.write_text('[' * 100_000)
    assert 'not a readable JSON file' in refused(path, camera)
    dumps.write(path, [{'image_id': 139 * n * n, 'category_id': 1, 'keypoints': [50.0] * 51}
                       for n in range(60)])
    assert 'not frames of a video' in refused(path, camera)
    world = [[{'x': 0.1 * (j % 3 - 1), 'y': 0.0, 'z': 0, 'visibility': 1} for j in range(33)]]
    world[0][23] = world[0][24] = {'x': 0.0, 'y': 0.0, 'visibility': 1}
    dumps.write(path, world)
    assert 'world landmarks' in refused(path, camera)
    path = dumps.mmpose(tmp_path / 'named', keypoints)
    dumps.write(path, {'meta_info': {'keypoint_id2name': {'0': 'root', '1': 'right_hip'}},
                       'instance_info': json.loads(path.read_text())})
    assert "keypoint 0 is 'root', not nose" in refused(path, camera)
    path = dumps.mmpose(tmp_path / 'solid', keypoints)
    path.write_text(path.read_text().replace('"keypoints": [[', '"keypoints": [[0.5, '))
    assert 'not lists of numbers' in refused(path, camera)


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('write', [*JSON, dumps.mediapipe], ids=lambda write: write.__name__)
def test_nonsense_is_refused_or_left_out_without_a_traceback(tmp_path, camera, keypoints, write):
    rng = random.Random(write.__name__)
    path = write(tmp_path / 'dump', keypoints[:5])
    for _ in range(12):
        file = rng.choice(sorted(path.iterdir())) if path.is_dir() else path
        whole = file.read_text()
        document = json.loads(whole)
        dumps.spoil(document, rng)
        dumps.write(file, document)
        try:
            import_keypoints(path, camera, RATE)
        except InputError as error:
            assert '\n' not in str(error)
        file.write_text(whole)


def test_every_program_stands_in_the_table_once():
    assert len({row.program for row in KEYPOINT_FORMATS}) == len(KEYPOINT_FORMATS)
