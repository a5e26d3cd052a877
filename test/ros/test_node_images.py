# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The node in its own process with the default detector, fed with images over DDS."""

import cv2
import numpy as np
import pytest
from default_detector import require_default_detector
from node_harness import Feeder, NodeProcess, Peer, running
from sensor_msgs.msg import CompressedImage, Image
from synthetic_scene import camera_info, camera_transform, header

from mocap23_msgs.msg import SkeletonArray
from mocap23_msgs.srv import Reset
from mocap23_ros.demo.archive import fetch_sample
from mocap23_ros.demo.calibrated_cameras import delivered_cameras
from mocap23_ros.errors import InputError
from mocap23_ros.ros.topics import output_qos

require_default_detector()

SIZE = (640, 480)


@pytest.fixture(scope='module')
def rig():
    with running('-r', 'image:=/camera/image_raw') as peer:
        peer.images = peer.node.create_publisher(Image, '/camera/image_raw', output_qos())
        # Beside the image: nobody remapped it.
        peer.camera_info = peer.node.create_publisher(
            type(camera_info(0)), '/camera/camera_info', output_qos())
        peer.static_tf.sendTransform(camera_transform(0))
        yield peer


def image(stamp, size=(320, 240), **fields):
    width, height = size
    values = {'encoding': 'bgr8', 'step': 3 * width,
              'data': np.full((height, width, 3), 127, np.uint8).tobytes()} | fields
    return Image(header=header(stamp), width=width, height=height, **values)


def feed(peer, rate=10.0, **fields):
    def send(stamp):
        peer.camera_info.publish(camera_info(stamp, size=SIZE))
        peer.images.publish(image(stamp, **fields))
    return Feeder(peer, send, rate)


def wait_for_results(peer, count=3):
    since = peer.count('skeletons')
    peer.wait_until(lambda: peer.count('skeletons') >= since + count, f'{count} results')


def test_images_without_people_give_empty_arrays_at_any_size(rig):
    for size in ((320, 240), SIZE, (160, 120)):  # resized against the calibration, while running
        with feed(rig, size=size):
            wait_for_results(rig)
            rig.wait_for_recovery('camera_info', rig.process)
    assert not any(m.skeletons for m in rig.received['skeletons'])


@pytest.mark.parametrize(('fields', 'key', 'reason'), [
    ({'data': b''}, 'input data', 'empty'),
    ({'data': bytes(1000)}, 'input data', 'cut off'),
    ({'encoding': 'holo8'}, 'input data', 'unknown encoding "holo8"'),
    ({'encoding': '16UC1', 'step': 640, 'data': bytes(640 * 240)}, 'input data', 'depth'),
    ({'size': (16, 12)}, 'input data', 'too small'),
    ({'size': (240, 240)}, 'camera_info', 'another shape'),
])
def test_bad_images_are_named_and_good_ones_mend_it(rig, fields, key, reason):
    with feed(rig, **fields):
        assert reason in rig.wait_for_problem(key, rig.process)
    with feed(rig):
        wait_for_results(rig)
    assert rig.process.is_running()


@pytest.fixture(scope='module')
def sample():
    """Camera 1 of the calibrated sample, and its first frames as small JPEG images."""
    try:
        files = fetch_sample()
    except InputError as error:
        pytest.skip(f'the sample video is needed: {error}')
    camera = delivered_cameras(files)[0]
    video = cv2.VideoCapture(str(files.videos[camera.name]))
    frames = []
    while len(frames) < 60:
        found, frame = video.read()
        assert found
        frames.append(cv2.resize(frame, (540, 960), interpolation=cv2.INTER_AREA))
    return camera, [cv2.imencode('.jpg', frame)[1].tobytes() for frame in frames]


def test_a_real_man_in_compressed_video_stands_in_the_world(sample):
    camera, frames = sample
    model = camera.model
    # Names of its own: the node and the camera pose of the rig live on.
    node = NodeProcess('-r', '__ns:=/beam', image_transport='compressed', floor_height=0.05)
    peer = Peer('beam')
    images = peer.node.create_publisher(CompressedImage, 'image/compressed', output_qos())
    peer.static_tf.sendTransform(camera_transform(0, camera.world_T_camera, child='beam'))
    damaged = {'part': 1.0}
    count = iter(range(10**9))

    def send(stamp):
        peer.camera_info.publish(info_of(model, stamp, 'beam'))
        index = next(count) % (2 * len(frames) - 2)
        data = frames[min(index, 2 * len(frames) - 2 - index)]
        images.publish(CompressedImage(
            header=header(stamp, 'beam'), format='jpeg',
            data=data[:int(damaged['part'] * len(data))]))

    def positions(skeleton):
        return np.array(skeleton.joints).reshape(-1, 3)

    def extent(skeleton):
        return np.ptp(positions(skeleton)[:, 2]) if np.isfinite(skeleton.joints).all() else 0.0

    def man(message):
        """The one who walks on the beam; of who stands in the background only a part is seen."""
        tracked = [s for s in message.skeletons if s.state == 1 and extent(s) > 1.35]
        return max(tracked, key=extent, default=None)

    def in_his_place(message):
        """He walks along x on a beam of 0.05 m, 2.9 to 4.2 m from the cameras."""
        if (found := man(message)) is None:
            return False
        heights, p = positions(found)[:, 2], found.root.pose.position
        distance = np.linalg.norm(np.array([p.x, p.y, p.z]) - camera.world_T_camera[:3, 3])
        return (0.0 < heights.min() < 0.6 and heights.max() < 2.2 and 2.0 < distance < 5.5
                and abs(p.y) < 0.6 and abs(p.x) < 1.5)

    try:
        with Feeder(peer, send, rate=12.0):
            peer.wait_for('skeletons', in_his_place, node=node)
            damaged['part'] = 0.5
            assert 'JPEG image is cut off' in peer.wait_for_problem('input data', node)
            damaged['part'] = 1.0
            since = peer.count('skeletons')
            peer.wait_for('skeletons', in_his_place, since, 'the man in his place', node)
        assert node.stop() == 0
    finally:
        peer.close()
        node.stop()


def test_every_image_of_a_video_gives_the_same_each_time(sample):
    """The default detector searches for new people behind the images, unless each counts."""
    camera, frames = sample
    frames, begin = frames[:28], 1_700_000_000 * 10**9
    node = NodeProcess('-r', '__node:=ordered', '-r', 'image:=/ordered/image',
                       '-r', 'skeletons:=/ordered/skeletons', image_transport='compressed',
                       image_queue=1000, tf_timeout=5.0, floor_height=0.05, lifter='geometric',
                       publish_tf=False)
    peer = Peer()
    topic = '/ordered/skeletons'
    peer.listen(SkeletonArray, topic)
    images = peer.node.create_publisher(
        CompressedImage, '/ordered/image/compressed', output_qos(100))
    infos = peer.node.create_publisher(type(camera_info(0)), '/ordered/camera_info', output_qos())
    peer.static_tf.sendTransform(camera_transform(0, camera.world_T_camera, child='ordered'))

    def play(rate):
        assert peer.call(Reset, 'ordered/reset').success
        since = peer.count(topic)
        peer.wait_for(topic, lambda m: not m.skeletons, max(0, since - 1), 'empty array', node)
        since, left = peer.count(topic), iter(enumerate(frames))

        def send(_):
            index, data = next(left, (0, b''))
            if data:
                stamp = begin + index * 10**9 // 15
                infos.publish(info_of(camera.model, stamp, 'ordered'))
                images.publish(CompressedImage(
                    header=header(stamp, 'ordered'), format='jpeg', data=data))

        with Feeder(peer, send, rate):
            peer.wait_until(lambda: peer.count(topic) >= since + len(frames), 'every result')
        return [ids_and_joints(message) for message in peer.received[topic][since:]]

    try:
        peer.wait_until(lambda: images.get_subscription_count() > 0, 'the subscription')
        first, second = play(200.0), play(8.0)
        assert node.stop() == 0, node.output
    finally:
        peer.close()
        node.stop()
    assert any(first) and first == second


def ids_and_joints(message):
    return [(skeleton.id, skeleton.joints.tobytes()) for skeleton in message.skeletons]


def info_of(model, stamp, frame):
    info = camera_info(stamp, size=model.image_size, frame=frame)
    info.k = model.K.ravel().tolist()
    info.d, info.distortion_model = model.distortion.tolist(), model.distortion_model
    return info
