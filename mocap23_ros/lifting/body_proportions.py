# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lengths of an average body as fractions of stature, between COCO keypoints.

Medians over the flat CMU clips of the training subjects, every fifth frame, divided by the
packed statures; they lie within 8 % of Winter's segment table (thigh 0.245, shank 0.246,
upper arm 0.186) where its end points are joint centres. Wrist lengths there end at the hand root,
so the forearm is Winter's 0.146 plus a part of the hand; ankle height is his 0.039 plus a shoe.
"""

import numpy as np

MEAN_STATURE = 1.70  # metres, adults of both sexes
STATURE_RANGE = (0.8, 2.2)
ANKLE_HEIGHT = 0.045  # of a planted foot

# Pairs of COCO keypoints and their distance. Where the two ends are no single bone (trunk sides)
# the distance still hardly varies.
BONE_PAIRS = np.array([(5, 7), (6, 8), (7, 9), (8, 10), (11, 13), (12, 14), (13, 15), (14, 16),
                       (5, 11), (6, 12), (5, 6), (11, 12), (5, 12), (6, 11)])
BONE_FRACTIONS = np.array([.172, .172, .160, .160, .235, .235, .246, .246,
                           .298, .298, .213, .103, .330, .330])

# Height of COCO keypoints above mid-hip in a standing body.
STANDING_HEIGHTS = np.array([.425, .445, .445, .43, .43, .293, .293, .125, .125, -.03, -.03,
                             0., 0., -.235, -.235, -.445, -.445])

# Indices of OUTPUT19 beyond COCO.
PELVIS, NECK = 17, 18
HIP_WIDTH, SHOULDER_WIDTH = 0.103, 0.213

# Levels of the tree below pelvis and neck: children, parents, lengths, and the expected share of
# the depth difference that the length leaves open, along the body's forward direction: the
# regression of true depth on it over the same clips seen from random directions (1 = always
# before the body, -1 = always behind it).
CHAIN_LEVELS = (
    ((NECK,), (PELVIS,), (.298,), (.39,)),
    ((0, 1, 2, 3, 4), (NECK,) * 5, (.117, .132, .132, .124, .124), (.95, .94, .94, .57, .57)),
    ((7, 8, 13, 14), (5, 6, 11, 12), (.172, .172, .237, .237), (.15, .15, .85, .85)),
    ((9, 10, 15, 16), (7, 8, 13, 14), (.168, .168, .246, .246), (.85, .85, -.95, -.95)),
)
# The same for the ends of hips and shoulders; +1 for those on the left.
PAIR_LEVEL = ((11, 12, 5, 6), (PELVIS, PELVIS, NECK, NECK),
              (HIP_WIDTH / 2, HIP_WIDTH / 2, SHOULDER_WIDTH / 2, SHOULDER_WIDTH / 2),
              (1., -1., 1., -1.))
