# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Heels and toes of a whole recording."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.feet import with_feet
from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.formats import OUTPUT23


def recorded_feet(motion: RecordedMotion, recording: KeypointRecording,
                  keypoints: NDArray[np.float32]) -> RecordedMotion:
    """The motion of OUTPUT19 in OUTPUT23.

    keypoints: [P,F,21,3] COCO21 of the recording, undistorted, on their sides.
    """
    result = RecordedMotion.empty(motion.stamps, motion.person_ids, OUTPUT23.joint_names)
    result.contact[:], result.stature[:] = motion.contact, motion.stature
    for frame, stamp in enumerate(motion.stamps.tolist()):
        with_both = with_feet(
            LiftedFrame(stamp, motion.person_ids, motion.joints[frame].astype(np.float64),
                        motion.covariance[frame].astype(np.float64),
                        np.ones(motion.joints.shape[1:3], np.float32), motion.contact[frame],
                        motion.stature[frame], np.zeros_like(motion.stature[frame])),
            keypoints[:, frame], recording.world_T_camera[frame],
            recording.camera(frame).focal_length)
        result.joints[frame], result.covariance[frame] = with_both.joints, with_both.covariance
    return result
