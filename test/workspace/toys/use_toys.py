# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Uses every toy the way users would; runs beside a copy of mocap23_ros that has them."""

import sys
import time
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import onnx
import rclpy
from onnx import TensorProto, helper
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header, Int32

import mocap23_ros
from mocap23_ros.cli.main import main
from mocap23_ros.datasets.procedural import make_motion
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.outputs import Outputs
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.settings import Settings
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19

folder = Path(sys.argv[1])
assert Path(mocap23_ros.__file__).is_relative_to(folder)


def keypoint_file():
    """Three seconds of nearly nothing, in the toy skeleton."""
    frames = 45
    names = COCO17.joint_names[::-1]
    upright = np.linspace(420, 240, 17)[:, None] if names[0].endswith('ankle') else None
    keypoints = np.full((frames, 1, 17, 3), 0.9, np.float32)
    keypoints[..., 0] = 320 + 2 * np.arange(17)
    keypoints[..., 1] = upright[:, 0]
    pose = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]], float)
    path = folder / 'keypoints.npz'
    np.savez(path, keypoints=keypoints, stamps=np.arange(frames) / 15, world_T_camera=pose,
             K=np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]]),
             image_size=np.array([640, 480]), skeleton='toy17')
    return str(path)


def skeleton_lifter_and_file():
    """mocap23 lift --lifter toy of toy keypoints; mocap23 export-motion to a toy file."""
    motion, text = str(folder / 'motion.npz'), folder / 'motion.toy'
    assert main(['lift', '--keypoints', keypoint_file(), '--lifter', 'toy', '--out', motion]) == 0
    assert main(['export-motion', motion, '--out', str(text)]) == 0
    assert text.read_text().startswith('45 nose ')
    with np.load(motion) as arrays:
        assert np.allclose(arrays['joints'][-1, 0], [3, 0, 1.5], atol=0.01)


def camera_file():
    """Of a camera 1.5 m above the floor that looks along x."""
    camera = folder / 'camera.yaml'
    pose = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]], float)
    save_camera_file(camera, CameraFile(CameraModel.from_calibration(
        np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]]), np.zeros(5), 'plumb_bob',
        (640, 480)), pose))
    return camera


def detector():
    """mocap23 lift --video --detector toy; the node's core."""
    video, kept = folder / 'video.avi', folder / 'detected.npz'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), 15, (640, 480))
    for _ in range(8):
        writer.write(np.zeros((480, 640, 3), np.uint8))
    writer.release()
    assert main(['lift', '--video', str(video), '--camera', str(camera_file()), '--lifter', 'toy',
                 '--detector', 'toy', '--save-keypoints', str(kept),
                 '--out', str(folder / 'of_video.npz')]) == 0
    with np.load(kept) as arrays:
        assert np.allclose(arrays['keypoints'][:, 0, 0, :2], [320, 160], atol=0.5)
    with closing(create_core(Settings(detector='toy', lifter='toy'))) as core:  # as the node does
        assert len(core.detect(np.zeros((480, 640, 3), np.uint8))) == 1


def command():
    """mocap23 toy."""
    with redirect_stdout(StringIO()) as said:
        assert main(['toy', '--toys', '3']) == 0
    assert said.getvalue() == '3 toys\n'


def licensed_motion():
    """mocap23 draw-samples --motion toys=FOLDER."""
    np.save(folder / 'toys.npy', make_motion(np.random.default_rng(1), 3, 'walk')[0])
    picture = folder / 'samples.png'
    assert main(['draw-samples', '--motion', f'toys={folder}', '--count', '1', '--length', '8',
                 '--out', str(picture)]) == 0
    assert picture.is_file()


def keypoints_of_a_program():
    """mocap23 lift --keypoints of a toy's file."""
    camera, dump, kept = camera_file(), folder / 'dump.json', folder / 'kept.npz'
    dump.write_text('{"toys": [300, 301, 302, 303]}')
    assert main(['lift', '--keypoints', str(dump), '--camera', str(camera), '--fps', '15',
                 '--lifter', 'toy', '--save-keypoints', str(kept), '--out',
                 str(folder / 'dumped.npz')]) == 0
    with np.load(kept) as arrays:
        assert arrays['keypoints'][:, 0, 3, 0].tolist() == [300, 301, 302, 303]


def backend():
    """mocap23 lift --backend toy."""
    motion = folder / 'by_backend.npz'
    assert main(['lift', '--keypoints', keypoint_file(), '--lifter', 'diffusion', '--tier', 's',
                 '--backend', 'toy', '--out', str(motion)]) == 0
    with np.load(motion) as arrays:
        assert np.isfinite(arrays['joints'][-1]).all()


def detector_family():
    """The onnx detector knows a toy network by its output."""
    graph = helper.make_graph(
        [helper.make_node('ReduceMean', ['image'], ['toy'], axes=[2, 3], keepdims=0)], 'toy',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info('toy', TensorProto.FLOAT, [1, 3])])
    path = folder / 'toy.onnx'
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9),
              path)
    found = create_detector('onnx', model=path).detect(np.zeros((64, 64, 3), np.uint8))
    assert len(found) == 1 and found[0].keypoints[0, 0] == 32


def ros_output():
    """The node's outputs publish a toy topic."""
    rclpy.init()
    node = LifecycleNode('toys')
    problems = ProblemLog(node.get_logger(), time.monotonic)
    outputs = Outputs(
        node, Settings(), COCO17, OUTPUT19, '', FrameNameWatch('', problems), problems)
    heard = []
    node.create_subscription(Int32, 'toy', heard.append, 1)
    node.trigger_configure()
    node.trigger_activate()
    stamp = node.get_clock().now().to_msg()
    deadline = time.monotonic() + 20
    while not heard and time.monotonic() < deadline:
        outputs.publish(FrameResult(Header(stamp=stamp), stamp, (640, 480), [], 0.0), Settings())
        rclpy.spin_once(node, timeout_sec=0.05)
    assert heard and heard[0].data == 0
    outputs.close()
    rclpy.shutdown()


command()
skeleton_lifter_and_file()
keypoints_of_a_program()
detector()
licensed_motion()
backend()
detector_family()
ros_output()
