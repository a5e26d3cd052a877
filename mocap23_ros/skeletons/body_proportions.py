# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The average body: statures in metres, all lengths as fractions of stature.

Medians over the flat CMU clips of the training subjects, every fifth frame, divided by the
packed statures; they lie within 8 % of Winter's segment table (thigh 0.245, shank 0.246,
upper arm 0.186) where its end points are joint centres. Wrist lengths there end at the hand root,
so the forearm is Winter's 0.146 plus a part of the hand; ankle height is his 0.039 plus a shoe.
"""

import numpy as np
from numpy.typing import ArrayLike

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS

MEAN_STATURE = 1.70  # metres, adults of both sexes; networks and their weights count from it
USUAL_STATURE = 1.65  # metres, of people of all ages
STATURE_SD = 0.055  # relative, of adults of both sexes
STATURE_RANGE = (0.8, 2.2)  # metres, what is estimated from images
GIVEN_STATURE_RANGE = (0.4, 2.6)  # metres, what a user or a file may say: also an infant
LEG = 0.485  # hip to knee to ankle, as statures of packed motion are told from it
ANKLE_HEIGHT = 0.045  # of a planted foot
WALKING_ANKLE_HEIGHT = 0.09  # metres, of feet that roll; published networks were trained with it

# Lengths that make up a body, in this order; left and right are alike.
LENGTHS = ('hip_width', 'shoulder_width', 'trunk', 'upper_arm', 'forearm', 'thigh', 'shank')
AVERAGE_FRACTIONS = np.array([.103, .213, .298, .172, .168, .237, .246])
HIP_WIDTH, SHOULDER_WIDTH, TRUNK, UPPER_ARM, FOREARM, THIGH, SHANK = AVERAGE_FRACTIONS.tolist()

# Face points (nose, eyes, ears) in the head's axes from the neck. The head's x axis is the line
# from between the ears to the nose.
FACE_FRACTIONS = np.array([[.075, 0, .088], [.055, .018, .108], [.055, -.018, .108],
                           [.012, .043, .088], [.012, -.043, .088]])

# Pairs of COCO keypoints and their distance, which tells apparent size. Where the two ends are no
# single bone (trunk sides) the distance still hardly varies. Forearm and thigh are a little shorter
# than above: the bias of sizes in lifting/root_evidence was fitted with them.
_SIDES = ((SHOULDERS, ELBOWS, UPPER_ARM), (ELBOWS, WRISTS, .160), (HIPS, KNEES, .235),
          (KNEES, ANKLES, SHANK), (SHOULDERS, HIPS, .298))
BONE_PAIRS = np.array([*(pair for a, b, _ in _SIDES for pair in zip(a, b, strict=True)),
                       SHOULDERS, HIPS, *zip(SHOULDERS, HIPS[::-1], strict=True)])
BONE_FRACTIONS = np.array([*(length for *_, length in _SIDES for _ in range(2)),
                           SHOULDER_WIDTH, HIP_WIDTH, .330, .330])

# Height of COCO keypoints above mid-hip in a standing body.
STANDING_HEIGHTS = np.array([.425, .445, .445, .43, .43, .293, .293, .125, .125, -.03, -.03,
                             0., 0., -.235, -.235, -.445, -.445])


def check_given_stature(stature: ArrayLike, name: str = 'stature') -> None:
    """Raise InputError unless all are body heights in metres, or NaN = unknown."""
    low, high = GIVEN_STATURE_RANGE
    for value in np.ravel(stature).tolist():
        if not (np.isnan(value) or low <= value <= high):
            raise InputError(f'{name} must be {low} to {high} m, NaN where unknown, not {value:g}')
