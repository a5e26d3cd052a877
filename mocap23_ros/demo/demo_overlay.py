# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Draws a live run over its video."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import replacing
from mocap23_ros.demo.played_take import LivePlan
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.skeletons.coco17 import COCO_JOINTS
from mocap23_ros.viewers.overlay import (
    FloorMap,
    VideoWriter,
    draw_caption,
    draw_inset,
    draw_keypoints,
    draw_skeleton,
    resized_frames,
)

INSET_SHARE = 0.4  # of the image's width


def write_overlay(path: Path, plan: LivePlan, live: LiveRun, run: RecordedRun,
                  truth: NDArray, root_error_mm: NDArray,
                  advance: Progress = silent
                  ) -> tuple[bytes, str]:
    """Write overlay.mp4; returns a JPEG of a frame from the middle of the run and the codec.

    truth: [N,17,3] and root_error_mm: [N] at the images played.
    """
    size = plan.camera.model.image_size
    images = resized_frames(read_frames(plan.video), size)
    camera = plan.camera.model, plan.camera.world_T_camera
    spots = np.concatenate([truth[..., :2].reshape(-1, 2), plan.camera.world_T_camera[None, :2, 3]])
    floor_map = FloorMap(spots, round(INSET_SHARE * max(size[0], 480)))
    skeleton_row = {stamp: row for row, stamp in enumerate(run.stamps_ns.tolist())}
    keypoint_row = {stamp: row for row, stamp in enumerate(run.keypoint_stamps_ns.tolist())}
    total = len(live.stamps_ns)
    picture = b''
    with (replacing(path, keep_suffix=True) as part,
          VideoWriter(part, size, plan.rate) as writer):
        for number, (stamp, frame) in enumerate(
                zip(live.stamps_ns.tolist(), live.frames.tolist(), strict=True)):
            image = images[frame].copy()
            people = []
            row = skeleton_row.get(stamp)
            if row is not None:
                people = [joints.astype(float) for joints in run.people.joints[row, :, COCO_JOINTS]
                          if np.isfinite(joints).any()]
            for joints in people:
                draw_skeleton(image, plan.camera.project(joints))
            if stamp in keypoint_row:
                for keypoints in run.keypoints.values():
                    draw_keypoints(image, keypoints[keypoint_row[stamp]])
            draw_inset(image, floor_map.draw(people, [truth[number]], *camera))
            draw_caption(image, (
                f'lifter_node, {run.lifter}: 2D keypoints, reprojected 3D',
                _status(number / plan.rate, row is not None, root_error_mm[number])))
            writer.write(image)
            if not picture and (number == total - 1 or (people and number >= total // 3)):
                good, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 85])
                picture = data.tobytes() if good else b''
            advance(number + 1, total)
        codec = writer.codec
    return picture, codec


def _status(seconds: float, published: bool, root_error_mm: float) -> str:
    if not published:
        return f'{seconds:5.2f} s   not published'
    if not np.isfinite(root_error_mm):
        return f'{seconds:5.2f} s   nobody'
    return f'{seconds:5.2f} s   root error {root_error_mm:.0f} mm (grey: truth)'
