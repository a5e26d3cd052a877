# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Real processes, real DDS, a real bag: a few seconds at low resolution."""

import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from default_detector import require_default_detector

pytest.importorskip('rclpy', reason='ROS 2 is needed')
try:
    from mocap23_msgs.msg import SkeletonArray
except ImportError as error:
    pytest.skip(f'mocap23_msgs is not built: {error}', allow_module_level=True)
from client_world import load_example
from rosbags.highlevel import AnyReader

from mocap23_ros.cli.main import main
from mocap23_ros.client.people import People
from mocap23_ros.demo.calibrated_cameras import FLOOR_HEIGHT, calibrate
from mocap23_ros.demo.played_take import LivePlan, node_arguments, play_take
from mocap23_ros.errors import InputError
from mocap23_ros.live.child_process import ChildProcess
from mocap23_ros.live.recorded_run import read_run
from mocap23_ros.live.recorder import TOPICS
from mocap23_ros.live.run_statistics import live_figures, memory_figures
from mocap23_ros.recordings.bag_reader import message_types
from mocap23_ros.ros.stamps import nanoseconds

require_default_detector()

RATE, SECONDS = 10.0, 4.0
pytestmark = pytest.mark.timeout(400)  # processes start slowly on a busy machine


def descendants_of(pid):
    return [p for p in psutil.process_iter(['pid', 'cmdline'])
            if any(re.search(r'mocap23_ros\.(demo|live|ros\.main)', word)
                   for word in p.info['cmdline'] or ()) and pid in
            [parent.pid for parent in p.parents()]]


@pytest.fixture(scope='module')
def live(sample_files, tmp_path_factory):
    folder = tmp_path_factory.mktemp('live')
    cameras, _ = calibrate(sample_files)
    plan = LivePlan(cameras[0].resized((270, 480)), sample_files.videos['cam01'], 100, 60.0, RATE,
                    SECONDS, 'raw', FLOOR_HEIGHT, {'lifter': 'geometric', 'max_people': 1})
    said = []
    run = play_take(plan, folder, folder, lambda *words: said.append(words))
    return plan, run, said


def test_every_image_sent_is_in_the_bag_and_what_was_published_belongs_to_one(live):
    plan, run, said = live
    assert len(run.stamps_ns) == RATE * SECONDS and run.frames[0] == 0
    assert np.diff(run.stamps_ns).min() > 0
    assert said[-1][1:] == (40, 40)
    recorded = read_run(run.bag)
    # One comes before the first image.
    assert recorded.counts['/camera/camera_info'] == len(run.stamps_ns) + 1
    assert recorded.counts['/camera/image/compressed'] == len(run.stamps_ns)
    assert recorded.counts['/tf_static'] >= 1 and recorded.counts['/skeleton_info'] == 1
    assert set(recorded.counts) == {topic.name for topic in TOPICS}
    # Skeletons carry stamps of images that were sent, in order, none twice.
    assert np.isin(recorded.stamps_ns, run.stamps_ns).all()
    assert (np.diff(recorded.stamps_ns) > 0).all() and len(recorded.stamps_ns) > 3
    assert recorded.joint_names[:3] == ('nose', 'left_eye', 'right_eye')
    assert recorded.lifter == 'geometric'


def test_the_man_stands_on_the_beam(live):
    _, run, _ = live
    recorded = read_run(run.bag)
    followed = np.isfinite(recorded.people.joints[:, :, 11, 0]).sum(axis=0).argmax()
    hips = np.nanmedian(recorded.people.joints[:, followed, 11:13], axis=(0, 1))
    assert -2.2 < hips[0] < 0.2 and abs(hips[1]) < 0.6  # over the beam
    assert 0.7 < hips[2] < 1.2
    assert np.nanmedian(recorded.people.stature[:, followed]) == pytest.approx(1.75, abs=0.3)


def test_the_figures_count_what_was_lost(live):
    _, run, _ = live
    recorded = read_run(run.bag)
    figures = live_figures(run, recorded)
    assert figures['frames_in'] == 40
    assert figures['frames_out'] == len(recorded.stamps_ns)
    assert figures['frames_dropped'] == 40 - figures['frames_out']
    latency = figures['latency_ms']
    assert 0 < latency['p50'] <= latency['p95'] <= latency['p99'] < 30_000
    assert figures['memory_mb']['start'] > 50
    json.dumps(figures, allow_nan=False)


def test_the_bag_has_the_layout_of_ros2_bag(live):
    yaml = pytest.importorskip('yaml')
    _, run, _ = live
    meta = yaml.safe_load((run.bag / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    assert meta['storage_identifier'] == 'mcap'
    data = run.bag / meta['relative_file_paths'][0]
    magic = b'\x89MCAP0\r\n'  # at both ends of a file that was closed properly
    assert data.read_bytes().startswith(magic) and data.read_bytes().endswith(magic)
    topics = {t['topic_metadata']['name']: t['topic_metadata']
              for t in meta['topics_with_message_count']}
    assert topics['/skeletons']['type'] == 'mocap23_msgs/msg/SkeletonArray'
    assert SkeletonArray.__name__ in topics['/skeletons']['type']
    profile = topics['/tf_static']['offered_qos_profiles']
    assert 'transient_local' in str(profile) or 'durability: 1' in str(profile)


def test_the_bag_is_judged_and_played_again_through_a_node(live, tmp_path, capsys):
    _, run, _ = live
    # The truth is what the first node published: the second one is not far from it.
    assert main(['evaluate', '--bag', str(run.bag), '--with', 'again:lifter=geometric,max_people=1',
                 '--floor-height', str(FLOOR_HEIGHT), '--truth-topic', '/skeletons', '--live',
                 '--out', str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert 'again, live: latency p50' in printed.out
    # What the first node left in the bag, frames of people too, is not taken for another node.
    assert 'another node' not in printed.err
    document = json.loads((tmp_path / 'report.json').read_text())
    figures = document['live']['again']
    assert figures['frames_in'] == document['recording']['again']['images'] == 40
    assert 10 < figures['frames_out'] <= 40
    assert figures['frames_dropped'] == 40 - figures['frames_out']
    latency = figures['latency_ms']
    assert 0 < latency['p50'] <= latency['p95'] <= latency['p99'] < 30_000
    assert latency == document['latency_ms']
    assert figures['input_rate_hz'] == pytest.approx(RATE, rel=0.2)
    assert figures['memory_mb']['peak'] > 50 and figures['node_cpu_cores'] > 0
    assert figures['node_diagnostics']['state'] == 'active'
    published = document['methods']['again, live']
    assert 10 < published['frames'] <= figures['frames_out']
    assert 0 < published['abs_mpjpe_mm'] < 300
    page = (tmp_path / 'report.html').read_text()
    assert '"name":"again, live"' in page and '<h2>Live</h2>' in page
    assert 'id="latency-plot"' in page and 'id="memory-plot"' in page


def test_the_examples_of_the_client_decide_by_the_bag(live):
    """The man walks on a beam; a robot looks at him from afar, and then stands beside him."""
    slow_down, follow, fall = map(load_example, ('slow_down', 'follow_person', 'record_fall'))
    names = read_run(live[1].bag).joint_names
    with AnyReader([live[1].bag], default_typestore=message_types()) as reader:
        found = {'/skeletons': [], '/keypoints_2d': []}
        for connection, _, data in reader.messages(
                [c for c in reader.connections if c.topic in found]):
            found[connection.topic].append(reader.deserialize(data, connection.msgtype))
    ids = {nanoseconds(m.header.stamp): [p.id for p in m.people] for m in found['/keypoints_2d']}
    people = [People.from_message(m, names, ids[nanoseconds(m.header.stamp)])
              for m in found['/skeletons']]
    placed = [one for one in people if len(one) and not one.unplaced]
    assert len(placed) > 3
    middle = np.nanmedian([person.joints[:, :2] for one in placed for person in one], axis=(0, 1))

    def seen_from(distance):
        """In the frame of a robot that looks along -x at where the man mostly is."""
        robot_T_world = np.array([[-1, 0, 0, middle[0] + distance], [0, -1, 0, middle[1]],
                                  [0, 0, 1, 0], [0, 0, 0, 1.0]])
        return [one.in_frame('base_link', robot_T_world) for one in placed]

    far, near = ([slow_down.speed_share(one, 0.6, 2.0, 0.5) for one in seen_from(distance)]
                 for distance in (9.0, 0.3))
    assert max(far) == 1.0 and np.median(near) == 0.0
    for distance, fastest in ((3.0, 0.5), (0.3, 0.1)):
        follower = follow.Follower(1.5, 0.6, 4.0, 0.5, 1.0)
        speeds = [follower.drive(one, one.stamp)[0] for one in seen_from(distance)]
        assert 0.0 <= min(speeds) <= max(speeds) <= fastest
    watch = fall.FallWatch(FLOOR_HEIGHT)
    assert not [number for one in people for number in watch.update(one)]


def test_no_process_is_left(live):
    assert not descendants_of(os.getpid())


def test_a_node_that_cannot_start_ends_everything_with_its_reason(sample_files, tmp_path):
    cameras, _ = calibrate(sample_files)
    plan = LivePlan(cameras[0].resized((270, 480)), sample_files.videos['cam01'], 100, 60.0, RATE,
                    SECONDS, 'raw', FLOOR_HEIGHT, {'lifter': 'no_such_lifter'})
    with pytest.raises(InputError, match='node process ended early.*') as caught:
        play_take(plan, tmp_path, tmp_path)
    assert 'lifter' in str(caught.value) and '\n' not in str(caught.value)
    assert not descendants_of(os.getpid())


def test_children_end_when_their_parent_is_killed(tmp_path):
    program = (
        'import os, sys, time; from pathlib import Path\n'
        'from mocap23_ros.live.child_process import ChildProcess\n'
        'child = ChildProcess("sleeper", "http.server", ["0", "--bind", "127.0.0.1"],'
        f' Path({str(tmp_path)!r}) / "log", os.environ)\n'
        'print(child.pid, flush=True); time.sleep(60)')
    parent = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and time.monotonic() < deadline:
        if psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(child) or (
        psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_a_stubborn_child_is_ended_and_a_dead_one_explained(tmp_path):
    with ChildProcess('dead', 'no_such_module', [], tmp_path / 'log', os.environ) as child:
        deadline = time.monotonic() + 20
        with pytest.raises(InputError, match='the dead process ended early .*No module named'):
            while time.monotonic() < deadline:
                child.check()
                time.sleep(0.02)
    assert not psutil.pid_exists(child.pid)


def test_node_parameters_are_written_as_ros_takes_them():
    plan = LivePlan(None, None, 100, 60.0, 10.0, 4.0, 'compressed', 0.05,
                    {'publish_tf': False, 'tier': 's'})
    words = node_arguments(plan)
    assert 'publish_tf:=false' in words and 'tier:=s' in words and 'floor_height:=0.05' in words
    assert ('qos_overrides./camera/image/compressed.subscription.reliability:=reliable'
            in words)


def test_memory_growth_compares_later_quarters():
    ramp = np.stack([np.arange(40.0), np.r_[np.linspace(100, 300, 20), np.full(20, 300.0)]], 1)
    assert memory_figures(ramp)['growth'] == 0  # growth while starting does not count
    leak = np.stack([np.arange(40.0), 300 + np.arange(40.0)], 1)
    assert memory_figures(leak)['growth'] == pytest.approx(10)
    assert memory_figures(leak[:3])['growth'] is None
