# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bags are lifted and judged, with and without truth."""

import json
from argparse import ArgumentParser

import bag_examples as bags
import drawn_person
import numpy as np
import pytest
from default_detector import require_default_detector
from documentation_pages import documented
from recording_examples import truth

from mocap23_ros.cli.evaluate import add_arguments
from mocap23_ros.cli.evaluate_bag_arguments import is_lifted
from mocap23_ros.cli.main import main
from mocap23_ros.detection.blazepose_detector import BlazePoseDetector
from mocap23_ros.evaluation.metrics import REPORT_KEYS
from mocap23_ros.skeletons.formats import COCO17


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    return bags.write(tmp_path_factory.mktemp('bags') / 'walk',
                      [*bags.camera_messages(), *bags.keypoint_messages()])


def evaluate(bag, out, *words):
    command = documented('EVALUATE.md', '--bag BAG --out', instead={'BAG': bag, 'DIR': out})
    assert main([*command, *map(str, words)]) == 0
    return json.loads((out / 'report.json').read_text())


def test_without_truth_twice_the_same(bag, tmp_path, capsys):
    document = evaluate(bag, tmp_path / 'a', '--with', 'flat:lifter=geometric')
    figures = document['recording']['flat']['figures']
    assert figures['people'] == 2 and figures['reprojection_px'] < 10
    assert document['recording']['flat']['images'] == bags.FRAMES
    method = document['methods']['flat']
    assert method['jitter_10ms3'] > 0 and method['frames'] == bags.FRAMES
    assert all(method[key] is None for key in REPORT_KEYS if key not in ('jitter_10ms3', 'frames'))
    assert 'reprojection_px' in capsys.readouterr().out
    page = (tmp_path / 'a' / 'report.html').read_text()
    assert 'Without a truth' in page and 'id="timeline"' in page and 'MPJPE' not in page
    assert f'<td>{figures["reprojection_px"]:.1f}</td>' in page
    assert 'stated error' in page and 'root error' not in page
    evaluate(bag, tmp_path / 'b', '--with', 'flat:lifter=geometric')
    for name in ('report.json', 'report.html'):
        assert (tmp_path / 'a' / name).read_bytes() == (tmp_path / 'b' / name).read_bytes()


def test_skeletons_in_the_bag_are_judged_where_there_is_a_truth_for_them(bag, tmp_path):
    skeletons = ('/skeletons', 'mocap23_msgs/msg/SkeletonArray', bags.START, bags.make(
        'mocap23_msgs/msg/SkeletonArray', header=bags.header(bags.START, 'map'), camera_frame='',
        skeletons=[]))
    alone = bags.write(tmp_path / 'alone', [skeletons])
    both = bags.write(tmp_path / 'both', [*bags.camera_messages(), skeletons,
                                          *bags.keypoint_messages(2)])
    parser = ArgumentParser()
    add_arguments(parser)
    lifted = [is_lifted(parser.parse_args(['--bag', str(path), *words]))
              for path in (bag, both, alone) for words in ([], ['--truth', 'truth.npz'])]
    assert lifted == [True, True, True, False, False, False]


def test_the_height_of_the_floor_changes_no_figure(bag, tmp_path):
    raised = bags.POSE.copy()
    raised[2, 3] += 1.5
    upstairs = bags.write(tmp_path / 'upstairs', [
        ('/tf_static', 'tf2_msgs/msg/TFMessage', bags.START, bags.transforms(bags.START, raised)),
        *(item for item in bags.camera_messages() if item[0] != '/tf_static'),
        *bags.keypoint_messages()])
    first, second = (evaluate(path, tmp_path / name, '--with', 'flat:lifter=geometric', *words)
                     ['recording']['flat']['figures'] for path, name, *words in (
                         (bag, 'a'), (upstairs, 'b', '--floor-height', '1.5')))
    assert second == pytest.approx(first, rel=1e-3, abs=1e-3)


def test_configurations_beside_a_truth(bag, tmp_path):
    stamps = 1e-9 * (bags.START + np.arange(bags.FRAMES) * bags.FRAME_TIME)
    np.savez(tmp_path / 'truth.npz', joints=truth(stamps - stamps[0] + 5), stamps=stamps,
             joint_names=np.array(COCO17.joint_names))
    document = evaluate(bag, tmp_path / 'out', '--truth', tmp_path / 'truth.npz',
                        '--with', 'now:lifter=geometric', '--with', 'later:lifter=geometric,lag=5')
    assert set(document['methods']) == {'now', 'later'} == set(document['recording'])
    for name in ('now', 'later'):
        assert document['methods'][name]['mpjpe_mm'] < 150
        assert document['methods'][name]['frames'] > 1.8 * bags.FRAMES
    assert document['methods']['now']['mpjpe_mm'] != document['methods']['later']['mpjpe_mm']
    page = (tmp_path / 'out' / 'report.html').read_text()
    assert '40 images of /keypoints' in page and 'lag=5' in page  # what was compared, in words


def two_cameras(path):
    """The right one begins 10 ms later and has fewer images."""
    messages = []
    for side, shift, frames in (('left', 0, bags.FRAMES), ('right', 10_000_000, 30)):
        messages += list(bags.camera_messages(info=f'/{side}/camera_info'))
        messages += [(f'/{side}/keypoints', *rest) for _, *rest in bags.keypoint_messages(
            frames, bags.START + shift)]
    return bags.write(path, messages)


def test_cameras_of_a_bag_stand_side_by_side(tmp_path):
    """A truth of 120 Hz is interpolated at the stamps of each."""
    bag = two_cameras(tmp_path / 'bag')
    stamps = 1e-9 * bags.START + np.arange(180) / 120
    np.savez(tmp_path / 'truth.npz', joints=truth(stamps),
             stamps=stamps, joint_names=np.array(COCO17.joint_names))
    for words in ((), ('--truth', tmp_path / 'truth.npz')):
        document = evaluate(bag, tmp_path / 'out', *words, '--with',
                            'left:topic=/left/keypoints,lifter=geometric', '--with',
                            'right:lifter=geometric,topic=/right/keypoints')
        assert {name: (entry['topics'][0], entry['images'])
                for name, entry in document['recording'].items()} == {
            'left': ('/left/keypoints', bags.FRAMES), 'right': ('/right/keypoints', 30)}
        assert document['methods']['right']['frames'] == (60 if words else 30)
    assert document['methods']['right']['root_mm'] < 150
    page = (tmp_path / 'out' / 'report.html').read_text()
    assert '"name":"left"' in page and '"name":"right"' in page


@pytest.fixture(scope='module')
def film(tmp_path_factory):
    """A bag of images, in which the detector finds somebody; and CAMERA.yaml."""
    require_default_detector()
    folder = tmp_path_factory.mktemp('film')
    _, camera = drawn_person.write_video(folder, 1)
    images = [('/image', 'sensor_msgs/msg/CompressedImage', stamp, bags.compressed(
        stamp, drawn_person.draw(points, scale))) for stamp, points, scale in zip(
            range(bags.START, bags.START + 30 * bags.FRAME_TIME, bags.FRAME_TIME),
            *drawn_person.pixels(30), strict=True)]
    return bags.write(folder / 'bag', images), camera


def test_no_detector_looks_at_the_same_images_twice(film, tmp_path, monkeypatch):
    """What it found the first time is what another configuration would have had of it alone."""
    bag, camera = film
    looked = []
    detect = BlazePoseDetector.detect
    monkeypatch.setattr(BlazePoseDetector, 'detect', lambda self, image: (
        looked.append(image.shape[:2] == drawn_person.SIZE[::-1]) or detect(self, image)))
    wanted = {'flat': 'lifter=geometric', 'later': 'lifter=geometric,lag=5',
              'one': 'lifter=geometric,max_people=1'}
    together = evaluate(bag, tmp_path / 'together', '--camera', camera, *(
        word for name, text in wanted.items() for word in ('--with', f'{name}:{text}')))
    assert sum(looked) == 2 * 30
    assert together['recording']['flat']['figures']['frames'] > 20
    alone = evaluate(bag, tmp_path / 'alone', '--camera', camera, '--with',
                     f'later:{wanted["later"]}')
    for part in ('recording', 'methods'):
        assert together[part]['later'] == alone[part]['later'] != together[part]['flat']


@pytest.mark.parametrize(('words', 'message'), [
    (['--with', 'lifter=gometric'], 'lifter must be one of'),
    (['--with', 'lfter=geometric'], 'did you mean lifter'),
    (['--with', 'lag=many'], 'lag is not of type int'),
    (['--with', 'lag=99'], '0 to 30'),
    (['--with', 'a:lag=1', '--with', 'a:lag=2'], 'tell them apart'),
    (['--with', 'lifter=geometric', '--truth', 'absent.npz'], 'absent.npz'),
    (['--truth-topic', '/none', '--with', 'lifter=geometric'],
     '/none holds no SkeletonArray, markers, poses or TF; there is /tf_static'),
    (['--world-frame', 'odom', '--with', 'lifter=geometric'], 'there is no frame "odom"'),
])
def test_mistakes(bag, words, message, tmp_path, capsys):
    assert main(['evaluate', '--bag', str(bag), '--out', str(tmp_path / 'out'), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'out' / 'report.json').exists()


def test_several_bags_stand_in_one_report(bag, tmp_path):
    """Each has its own rows; what is true of one is true of it alone, too."""
    other = bags.write(tmp_path / 'other' / 'walk', [*bags.camera_messages(),
                                                     *bags.keypoint_messages(25)])
    words = ('--with', 'flat:lifter=geometric', '--with', 'later:lifter=geometric,lag=5')
    document = evaluate(bag, tmp_path / 'out', '--bag', other, *words)
    short, long = f'{other.parent.name}/walk', f'{bag.parent.name}/walk'
    names = {f'{place}: {name}' for place in (short, long) for name in ('flat', 'later')}
    assert set(document['methods']) == set(document['recording']) == names
    assert document['dataset'] == f'{long}, {short}'
    alone = evaluate(other, tmp_path / 'alone', *words)
    for name in ('flat', 'later'):
        figures = document['recording'][f'{short}: {name}']['figures']
        assert figures == alone['recording'][name]['figures'] and figures['frames'] == 25


@pytest.mark.parametrize(('words', 'message'), [
    (['--bag', '{bag}'], 'names the same bag twice'),
    ([f'--bag={number}' for number in range(8)], 'at most 8 are shown'),
    (['--bag', 'other', '--live'], '--live goes with one --bag'),
    (['--bag', 'other', '--truth', 't.npz'], '--truth is of one --bag; give --truth-topic'),
    (['--bag', 'other', '--rerun', 'x.rrd'], '--rerun goes with one --bag')])
def test_what_goes_with_one_bag_is_refused_of_several(bag, words, message, tmp_path, capsys):
    words = [word.format(bag=bag) for word in words]
    assert main(['evaluate', '--bag', str(bag), '--out', str(tmp_path / 'out'), *words]) == 2
    assert message in capsys.readouterr().err


def test_options_of_bags_go_with_bags(capsys):
    assert main(['evaluate', '--set', 'e1_clean', '--with', 'lag=1']) == 2
    assert '--with goes with --bag' in capsys.readouterr().err
