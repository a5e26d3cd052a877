# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The sample as a live run plays it."""

from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.live.live_run import LiveRun, LiveSetUp, ros_arguments, run_live
from mocap23_ros.reporting import StepProgress, silent

WORLD_FRAME = 'map'


@dataclass(frozen=True)
class LivePlan:
    """What to play and how to run the node.

    camera: with the image size to be played; video: its file. node_parameters: of lifter_node.
    transport: ``raw`` or ``compressed``.
    """

    camera: SampleCamera
    video: Path
    frame_count: int
    fps: float
    rate: float
    seconds: float
    transport: str
    floor_height: float
    node_parameters: dict[str, object]


def play_take(plan: LivePlan, folder: Path, logs: Path,
              report: StepProgress = silent) -> LiveRun:
    """Play the sample through the node; leaves ``bag/`` and ``camera.yaml`` in folder.

    Raises InputError; see run_live.
    """
    camera_file = folder / 'camera.yaml'
    save_camera_file(camera_file, CameraFile(
        plan.camera.model, plan.camera.world_T_camera, plan.floor_height,
        name=plan.camera.name))
    player = ('--video', str(plan.video), '--camera', str(camera_file), '--rate', str(plan.rate),
              '--seconds', str(plan.seconds), '--world-frame', WORLD_FRAME, '--transport',
              plan.transport, '--frame-count', str(plan.frame_count), '--fps', str(plan.fps))
    return run_live(LiveSetUp('mocap23_ros.demo.player', player, node_arguments(plan)),
                    folder, logs, report)


def node_arguments(plan: LivePlan) -> tuple[str, ...]:
    """Arguments of lifter_node for the player's topics."""
    topic = '/camera/image' if plan.transport == 'raw' else '/camera/image/compressed'
    return ros_arguments({
        'world_frame': WORLD_FRAME, 'floor_height': float(plan.floor_height),
        'image_transport': plan.transport,
        # Best-effort images of this size are mostly lost between processes (docs/DEMO.md).
        f'qos_overrides.{topic}.subscription.reliability': 'reliable',
        **plan.node_parameters},
        {'image': '/camera/image', 'camera_info': '/camera/camera_info'})
