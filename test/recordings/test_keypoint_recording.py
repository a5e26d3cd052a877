# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoint files: formats, saving, and those that ``mocap23 lift --video`` writes."""

from dataclasses import replace

import numpy as np
import pytest
from default_detector import require_default_detector
from documentation_pages import documented
from drawn_person import pixels, write_video
from refusals import refused
from scipy.spatial.transform import Rotation

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17, H36M17, HALPE26, SMPL22

K = np.array([[900.0, 0, 640], [0, 905.0, 360], [0, 0, 1]])


def arrays(joints, **changes):
    """The arrays of a valid file of 5 frames and 2 people, with changes."""
    rng = np.random.default_rng(0)
    keypoints = np.concatenate([rng.uniform(100, 600, (5, 2, joints, 2)),
                                rng.uniform(0.2, 1, (5, 2, joints, 1))], axis=-1)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler('x', -100, degrees=True).as_matrix()
    pose[2, 3] = 1.5
    return {'keypoints': keypoints.astype(np.float32), 'stamps': np.arange(5) / 10, 'K': K,
            'world_T_camera': pose, 'image_size': np.array([1280, 720]), **changes}


def written(tmp_path, *args, **kwargs):
    np.savez(tmp_path / 'in.npz', **arrays(*args, **kwargs))
    return tmp_path / 'in.npz'


@pytest.mark.parametrize(('source', 'wanted'), [
    (COCO17, H36M17), (HALPE26, COCO17), (BLAZEPOSE33, SMPL22), (SMPL22, SMPL22)],
    ids=lambda skeleton: skeleton.name)
def test_files_are_brought_into_the_wanted_format(tmp_path, source, wanted):
    path = written(tmp_path, len(source), skeleton=np.array(source.name))
    loaded = load_recording(path, wanted)
    assert loaded.skeleton == wanted
    np.testing.assert_array_equal(
        loaded.keypoints, convert_keypoints(arrays(len(source))['keypoints'], source, wanted))


def test_files_that_do_not_name_their_format_are_coco_or_what_fits(tmp_path):
    assert load_recording(written(tmp_path, 17)).skeleton == COCO17
    assert load_recording(written(tmp_path, 22), SMPL22).skeleton == SMPL22
    with pytest.raises(InputError, match='h36m17: add the key skeleton'):
        load_recording(written(tmp_path, 17), H36M17)


@pytest.mark.parametrize(('joints', 'name', 'wanted', 'words'), [
    (17, 'h36m17', COCO17, 'where left_eye is'), (17, 'coco17', SMPL22, 'where left_foot is'),
    (17, 'kinect', COCO17, 'unknown skeleton format'), (22, 'coco17', COCO17, '17, 3'),
    (17, '', COCO17, 'skeleton must be one short string')])
def test_formats_that_cannot_be_used_are_refused(tmp_path, joints, name, wanted, words):
    with pytest.raises(InputError, match=words) as error:
        load_recording(written(tmp_path, joints, skeleton=np.array(name)), wanted)
    assert 'in.npz' in str(error.value) and '\n' not in str(error.value)


def test_a_recording_says_how_sure_its_camera_is(tmp_path):
    assert load_recording(written(tmp_path, 17)).pose_uncertainty is None
    told = load_recording(written(tmp_path, 17, camera_sd=np.array([0.01, 0.02, 0.0])))
    assert told.pose_uncertainty == CameraPoseUncertainty(0.01, 0.02, 0.0)
    for wrong, words in (([0.01, -1, 0], 'deviation of -1 m'), ([0.01, 0.02], 'camera_sd has sh')):
        with pytest.raises(InputError, match=words):
            load_recording(written(tmp_path, 17, camera_sd=np.array(wrong)))


def test_a_saved_recording_is_read_as_it_was(tmp_path):
    distorted = dict(distortion=np.array([-0.1, 0.02, 1e-3, 0, 0]),
                     stature=np.array([1.8, np.nan], np.float32))
    recording = load_recording(written(tmp_path, 26, skeleton=np.array('halpe26'), **distorted),
                               HALPE26)
    first = recording.cameras[0]
    zooming = replace(recording, cameras=tuple(
        replace(first, K=np.diag((zoom, zoom, 1)) @ first.K)
        for zoom in np.linspace(1, 1.04, 5)))
    for case in (recording, zooming):
        case.save(tmp_path / 'out.npz')
        again = load_recording(tmp_path / 'out.npz', HALPE26)
        for field in ('keypoints', 'stamps', 'world_T_camera', 'stature'):
            np.testing.assert_array_equal(getattr(again, field), getattr(case, field), field)
        np.testing.assert_allclose(again.undistorted(), case.undistorted(), atol=1e-6)


def test_a_rectified_camera_is_saved_with_the_pose_of_its_lens(tmp_path):
    plain = load_recording(written(tmp_path, 17))
    turn = Rotation.from_euler('xyz', (2, -3, 1), degrees=True).as_matrix()
    lens = plain.cameras[0]
    recording = replace(plain, cameras=(CameraModel(
        lens.K, lens.distortion, lens.distortion_model, lens.image_size, turn),))
    recording.save(tmp_path / 'out.npz')
    again = load_recording(tmp_path / 'out.npz')

    def directions(case: KeypointRecording):
        rays = np.concatenate([case.undistorted()[..., :2], np.ones((5, 2, 17, 1))], axis=-1)
        rays = rays @ case.world_T_camera[0, :3, :3].T
        return rays / np.linalg.norm(rays, axis=-1, keepdims=True)

    np.testing.assert_allclose(directions(again), directions(recording), atol=1e-6)


def lift_video(tmp_path, video, camera, *options):
    return main([*documented('LIFT.md', '--video', instead={
        'FILE': video, 'CAMERA.yaml': camera, 'OUT.npz': tmp_path / 'out.npz'}),
                 '--lifter', 'geometric', *map(str, options)])


def test_detections_of_a_video_are_saved_and_its_camera_file_says_how_sure_its_pose_is(tmp_path):
    require_default_detector()
    frames = 12
    video, camera = write_video(tmp_path, frames)
    saved = tmp_path / 'keypoints' / 'walk.npz'
    assert lift_video(tmp_path, video, camera, '--save-keypoints', saved) == 0
    recording = load_recording(saved)
    assert recording.keypoints.shape == (frames, 1, 17, 3)
    np.testing.assert_allclose(recording.stamps, np.arange(frames) / 30)
    error = np.linalg.norm(recording.keypoints[:, 0, :, :2] - pixels(frames)[0], axis=-1)
    assert np.nanmedian(error) < 15
    assert main(['lift', '--keypoints', str(saved), '--lifter', 'geometric', '--out',
                 str(tmp_path / 'again.npz')]) == 0
    one, two = (np.load(tmp_path / name)['joints'] for name in ('out.npz', 'again.npz'))
    assert np.isfinite(one).any()
    np.testing.assert_allclose(one, two, atol=1e-5)
    save_camera_file(camera, replace(load_camera_file(camera), pose_sd=(np.radians(2.0), 0.05)))
    assert lift_video(tmp_path, video, camera) == 0
    sure, unsure = (np.nanmedian(np.einsum('fpjaa', np.load(tmp_path / name)['covariance']))
                    for name in ('again.npz', 'out.npz'))
    assert unsure > sure + 0.05 ** 2


def test_what_save_keypoints_refuses(tmp_path, capsys):
    video, camera = write_video(tmp_path, 1)
    np.savez(tmp_path / 'in.npz', **arrays(17))
    (tmp_path / 'folder.npz').mkdir()
    file = tmp_path / 'file'
    file.write_text('')
    for target, words in ((tmp_path / 'x.txt', 'ends in .npz'), (tmp_path / 'out.npz', '--out'),
                          (tmp_path / 'folder.npz', 'ends in .npz'),
                          (file / 'x.npz', 'cannot be written')):
        refused(lift_video(tmp_path, video, camera, '--save-keypoints', target), capsys, words)
    assert main(['lift', '--keypoints', str(tmp_path / 'in.npz'), '--out', str(tmp_path / 'o.npz'),
                 '--save-keypoints', str(tmp_path / 'x.npz')]) == 2
    assert '--save-keypoints goes with --video' in capsys.readouterr().err
