# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 detector-noise`` on files of one's own: the truth in the world and in the image."""

import numpy as np
import pytest
from documentation_pages import documented
from refusals import refused

from mocap23_ros.cli.main import main
from mocap23_ros.detection.detector_noise_file import load_detector_noise
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points

FRAMES, RATE, BIAS = 90, 30.0, 6.0
K = np.array([[900.0, 0, 640], [0, 900.0, 360], [0, 0, 1]])


def people(stamps):
    """[F,2,17,3] m: two people who sway, 4 m before the camera."""
    height = np.array([1.62, 1.66, 1.66, 1.64, 1.64, 1.42, 1.42, 1.15, 1.15, .95, .95, .95, .95,
                       .5, .5, .1, .1])
    side = np.array([0, .03, -.03, .07, -.07, .18, -.18, .22, -.22, .25, -.25, .1, -.1, .1, -.1,
                     .1, -.1])
    body = np.stack([np.zeros(17), side, height], axis=-1)
    joints = np.stack([body + (4, -0.8, 0), body + (4, 0.9, 0)])[None].repeat(len(stamps), axis=0)
    joints[..., 1] += 0.05 * np.sin(stamps)[:, None, None]
    return joints


@pytest.fixture
def files(tmp_path):
    """Keypoints [F,2,...] that are BIAS px too low but for jitter, in the other order; truths."""
    stamps, rng = 1000 + np.arange(FRAMES) / RATE, np.random.default_rng(0)
    world_T_camera = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.4], [0, 0, 0, 1.0]])
    camera = CameraModel.from_calibration(K, (-0.1, 0.02, 0, 0, 0), 'plumb_bob', (1280, 720))
    pixels = camera.project(transform_points(invert_transform(world_T_camera), people(stamps)))
    found = np.concatenate([pixels + (0, BIAS) + rng.normal(0, 2.0, pixels.shape),
                            np.full((FRAMES, 2, 17, 1), 0.9)], axis=-1)[:, ::-1]
    found[40:43, 0] = (np.nan, np.nan, 0)
    np.savez(tmp_path / 'found.npz', keypoints=found.astype(np.float32), stamps=stamps, K=K,
             distortion=[-0.1, 0.02, 0, 0, 0], world_T_camera=world_T_camera,
             image_size=[1280, 720])
    # Of another rate than the images, as of a motion capture system.
    dense = 1000 - 0.5 + np.arange(480) / 120
    np.savez(tmp_path / 'world.npz', joints=people(dense), stamps=dense)
    np.savez(tmp_path / 'image.npz', keypoints=pixels, stamps=stamps)
    np.savez(tmp_path / 'late.npz', keypoints=pixels, stamps=stamps + 5000)
    np.savez(tmp_path / 'flat.npz', keypoints=pixels[:, 0], stamps=stamps)
    return tmp_path


@pytest.mark.parametrize('truth', ['world', 'image'])
def test_what_a_detector_of_ones_own_does_is_measured(files, truth, capsys):
    out = files / 'noise.json'
    assert main(documented('DETECTORS.md', '--keypoints found.npz', instead={
        'found.npz': files / 'found.npz', 'truth.npz': files / f'{truth}.npz',
        'NOISE.json': out})) == 0
    noise = load_detector_noise(out)
    assert (noise.detector, noise.clips) == ('mine', 2)
    assert noise.keypoints == 17 * (2 * FRAMES - 3)
    size = 165.0  # px, of a man of 377 px: all joints' box, as in COCO
    biases, white = noise.of_joints('bias'), noise.of_joints('white')
    # Both are drawn towards the same level of all joints, as two clips deserve.
    assert np.median(biases) == pytest.approx(BIAS / np.sqrt(2) / size, rel=0.35)
    assert np.median(white) == pytest.approx(2.0 / size, rel=0.5)
    assert noise.dropped.count == 1
    assert '| left_wrist | 2 |' in capsys.readouterr().out


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--keypoints', '{}/found.npz'], 'needs --truth'),
    (['--truth', '{}/world.npz'], '--truth goes with --keypoints'),
    (['--keypoints', '{}/found.npz', '--truth', '{}/late.npz'], 'of one clock'),
    (['--keypoints', '{}/found.npz', '--truth', '{}/flat.npz'], 'flat.npz: keypoints must be'),
    (['--keypoints', '{}/found.npz', '--truth', '{}/absent.npz'], 'absent.npz: no such file'),
    (['--keypoints', '{}', '--truth', '{}/world.npz'], '--truth must be a folder too'),
    (['--keypoints', '{}/found.npz', '--truth', '{}/world.npz', '--without', 'cam01'],
     '--without does not go'),
    (['--without', 'cam05'], 'leave out some of cam01'),
    (['--scenes', '0'], '--scenes'),
    (['--detector', 'nonsense'], 'nonsense'),
], ids=str)
def test_what_cannot_be_measured_is_refused_in_a_line(files, arguments, words, capsys):
    out = files / 'noise.json'
    texts = [text.format(files) for text in arguments]
    refused(main(['detector-noise', *texts, '--out', str(out)]), capsys, words)
    assert not out.exists()
