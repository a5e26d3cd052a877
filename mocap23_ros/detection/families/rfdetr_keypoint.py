# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RF-DETR Keypoint (Roboflow, 2026; Apache-2.0): everybody's keypoints, each with a covariance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.confidence_calibration import stated_of
from mocap23_ros.detection.decoding import corners
from mocap23_ros.detection.keypoint_similarity import keypoint_sigmas
from mocap23_ros.detection.network_family import IMAGENET, PeopleFamily
from mocap23_ros.skeletons.formats import COCO17, HALPE26
from mocap23_ros.skeletons.person_scale import person_scale

_X, _Y, _FINDABLE, _LOG_L11, _LOG_L22 = 0, 1, 2, 4, 6  # of the 8 numbers of a keypoint
_LARGEST_LOG = 80.0  # of what is made exp() of


class RfDetrKeypoint(PeopleFamily):
    """Outputs ``keypoints`` [1,N,C*J,8], ``dets`` [1,N,4] (centre, size), ``labels`` [1,N,classes].

    C: 1, or 2 where class 0 is the background. A keypoint is x, y, the logits that it can be
    found and is visible, log L11, L21, log L22 of the precision L L^T, and a share of the class's
    logit; all in parts of the image's sides.
    """

    name = 'rfdetr-keypoint'
    outputs = ('keypoints', 'dets', 'labels')
    rank = 4
    input_size = (576, 576)
    pixels = IMAGENET
    fills = True
    normalised = True

    def keypoint_count(self, shape: tuple[int, ...]) -> int:
        """Return the count that the third dimension implies, without the places of a background."""
        return next((len(form) for form in (COCO17, HALPE26) if shape[2] == 2 * len(form)),
                    shape[2])

    def decode(self, outputs: Sequence[NDArray], min_score: float, most: int
               ) -> tuple[NDArray, NDArray]:
        """The surest people.

        A keypoint has the confidence that training states of errors of its covariance, and no
        more than the probability that it can be found.
        """
        places, dets, labels = (np.asarray(output[0], np.float64) for output in outputs)
        count = self.keypoint_count(outputs[0].shape)
        person = places.shape[1] // count - 1  # the class, and the last of the places
        score = _probability(labels[:, person])
        order = np.argsort(-score)[:most]
        order = order[score[order] >= min_score]
        found = places[order][:, person * count:]
        # The root of the covariance's ellipse over the root of the person's area: both are areas,
        # so that the stretch of the image does not matter.
        deviation = np.exp(np.clip(-0.5 * (found[..., _LOG_L11] + found[..., _LOG_L22]),
                                   -_LARGEST_LOG, _LARGEST_LOG))
        points = found[..., [_X, _Y]]
        sigmas = keypoint_sigmas(count) * person_scale(points)[:, None]
        confidence = np.minimum(_probability(found[..., _FINDABLE]), stated_of(deviation / sigmas))
        return (np.concatenate([corners(dets[order]), score[order, None]], axis=1),
                np.concatenate([points, confidence[..., None]], axis=2))


def _probability(logits: NDArray) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -_LARGEST_LOG, _LARGEST_LOG)))
