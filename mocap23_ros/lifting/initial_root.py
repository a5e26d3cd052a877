# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where a person stands, from one frame: ankle rays against the floor, and apparent size.

No state and no learning; every array is batched over any leading axes, so that it serves single
frames, windows and whole training batches. The learned lifter builds its virtual cameras around
this point.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.lifting.body_proportions import (
    ANKLE_HEIGHT,
    BONE_FRACTIONS,
    BONE_PAIRS,
    MEAN_STATURE,
    STANDING_HEIGHTS,
    STATURE_RANGE,
)
from mocap23_ros.lifting.depth_evidence import (
    DEFAULT_NOISE,
    DepthNoise,
    combine,
    ground_depth_sd,
    size_depth_sd,
)
from mocap23_ros.windows.keypoint_windows import KeypointWindows

MINIMUM_FORWARD = 0.1  # of a unit ray; steeper views of a person carry no size
MAXIMUM_DISTANCE = 60.0  # metres; floor hits beyond it say nothing
_ANKLES = (15, 16)
_HIPS = (11, 12)
_MINIMUM_JOINTS = 3
_POWER = 4  # of the mean over bones: long bones across the view count, foreshortened ones do not
_SIZE_BIAS = 1.035  # median of true over raw distance on the clips that gave the proportions
_FOOT_OFFSET = 0.12  # sd of the mid-hip's distance around that of the standing feet, metres


def initial_root(p_centre: ArrayLike, ray_direction: ArrayLike, confidence: ArrayLike,
                 focal_length: ArrayLike, stature: ArrayLike,
                 noise: DepthNoise = DEFAULT_NOISE) -> tuple[NDArray, NDArray]:
    """Estimate the mid-hip of people from single frames.

    p_centre: [...,3] camera centre in any frame with z up and the floor at z = 0, metres.
    ray_direction: [...,17,3] rays of the COCO keypoints in that frame, of any length.
    confidence: [...,17] 0 or NaN = not seen. focal_length: [...] pixels.
    stature: [...] known body height in metres, NaN = unknown. Leading axes broadcast.
    Returns p_root [...,3] in the frame of the centre and the sd [...] of its horizontal distance
    from the centre. Both NaN where fewer than three keypoints are seen, where the camera is not
    above the floor, or where the person is (nearly) straight above or below it.
    """
    p_centre = np.asarray(p_centre, np.float64)
    direction = np.asarray(ray_direction, np.float64)
    confidence = np.asarray(confidence, np.float64)
    with np.errstate(all='ignore'):
        seen = (confidence > 0) & np.isfinite(direction).all(axis=-1)
        weight = np.where(seen, confidence, 0.0)
        direction = np.where(seen[..., None], direction, 0.0)
        forward, side, up = _levelled(direction, weight)
        norm = np.sqrt(np.einsum('...i,...i->...', direction, direction))
        seen &= forward > MINIMUM_FORWARD * norm
        weight = np.where(seen, weight, 0.0)
        forward_safe = np.where(seen, forward, 1.0)
        u, v = side[0] / forward_safe, up / forward_safe

        known = np.isfinite(stature) & (np.asarray(stature) > 0)
        body = np.where(known, stature, MEAN_STATURE)
        size, size_sd = _distance_from_size(u, v, weight, focal_length, body, known, noise)
        ground, ground_sd = _distance_from_feet(p_centre[..., 2], v, weight, focal_length, body,
                                                noise)
        # A foot in the air or on a step makes the floor hit too far, never too near; a child
        # makes the size too far. So only a far floor hit is doubted, the more the less likely.
        surprise = (ground - size) / np.hypot(ground_sd, size_sd) - 1.5
        ground_sd = ground_sd * np.where(surprise > 0, 1 + 2 * surprise**2, 1.0)
        distance, distance_sd = combine(ground, ground_sd, size, size_sd)
        body = np.where(known, body, np.clip(body * distance / size, *STATURE_RANGE))
        root = _root_on_its_ray(p_centre, side[1], u, v, weight, distance, body)
        usable = ((seen.sum(axis=-1) >= _MINIMUM_JOINTS) & np.isfinite(root).all(axis=-1)
                  & (p_centre[..., 2] > 0) & np.isfinite(distance_sd))
    return (np.where(usable[..., None], root, np.nan), np.where(usable, distance_sd, np.nan))


def window_initial_root(windows: KeypointWindows) -> tuple[NDArray, NDArray]:
    """p_world_root [P,3] and the sd [P] of its distance at the end of each person's window.

    Mean over the window's frames, newest first, of ``initial_root``. NaN where nobody was seen.
    """
    centre, direction, confidence = world_rays(windows)
    root, sd = initial_root(centre, direction, confidence, windows.focal_length,
                            windows.stature[:, None])
    age = windows.stamps[-1] - windows.stamps
    weight = np.where(np.isfinite(sd), np.exp(-age / 0.25) / np.where(sd > 0, sd, 1.0) ** 2, 0.0)
    total = weight.sum(axis=1)
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = np.einsum('pt,pti->pi', weight, np.nan_to_num(root)) / total[:, None]
        mean_sd = np.einsum('pt,pt->p', weight, np.nan_to_num(sd)) / total
    return mean, mean_sd


def world_rays(windows: KeypointWindows) -> tuple[NDArray, NDArray, NDArray]:
    """Camera centres [T,3], ray directions [P,T,J,3] in the world, confidences [P,T,J].

    Directions are NaN and confidences 0 where a keypoint is not seen.
    """
    rotation = windows.world_T_camera[:, None, :3, :3]
    x, y = windows.keypoints[..., 0, None], windows.keypoints[..., 1, None]
    direction = x * rotation[..., 0] + y * rotation[..., 1] + rotation[..., 2]
    confidence = np.nan_to_num(windows.keypoints[..., 2])
    return windows.world_T_camera[:, :3, 3], direction, confidence


def _levelled(direction: NDArray, weight: NDArray
              ) -> tuple[NDArray, tuple[NDArray, NDArray], NDArray]:
    """Components of the rays [...,J] ahead, (to the left, heading [...,2] ahead), and up.

    Ahead is the horizontal direction to the person.
    """
    norm = np.sqrt(np.einsum('...i,...i->...', direction, direction))
    mean = np.einsum('...j,...ji->...i', weight / np.where(norm > 0, norm, 1.0),
                     direction[..., :2])
    length = np.hypot(mean[..., 0], mean[..., 1])
    heading = mean / np.where(length > 0, length, np.nan)[..., None]
    cosine, sine = heading[..., None, 0], heading[..., None, 1]
    forward = direction[..., 0] * cosine + direction[..., 1] * sine
    side = direction[..., 1] * cosine - direction[..., 0] * sine
    return forward, (side, heading), direction[..., 2]


def _distance_from_size(u: NDArray, v: NDArray, weight: NDArray, focal_length: ArrayLike,
                        body: NDArray, known: NDArray, noise: DepthNoise
                        ) -> tuple[NDArray, NDArray]:
    """Distance at which the limbs would have their expected lengths."""
    first, second = BONE_PAIRS.T
    square = (u[..., first] - u[..., second]) ** 2 + (v[..., first] - v[..., second]) ** 2
    share = np.minimum(weight[..., first], weight[..., second]) * BONE_FRACTIONS**2
    ratio = np.sum(share * (square / BONE_FRACTIONS**2) ** (_POWER / 2), axis=-1)
    total = share.sum(axis=-1)
    apparent = (ratio / np.where(total > 0, total, np.nan)) ** (1 / _POWER)
    distance = _SIZE_BIAS * body / np.where(apparent > 1e-4, apparent, np.nan)
    hidden = 1 - np.clip(total / np.sum(BONE_FRACTIONS**2), 0, 1)
    sd = size_depth_sd(distance, 0.6 * body * (1 - 0.8 * hidden), focal_length,
                       np.where(known, 0.0, noise.stature), noise.posture * (1 + 2 * hidden), noise)
    return distance, sd


def _distance_from_feet(height: NDArray, v: NDArray, weight: NDArray, focal_length: ArrayLike,
                        body: NDArray, noise: DepthNoise) -> tuple[NDArray, NDArray]:
    """Distance of the standing foot, or of the mean of both where both may stand."""
    above = height - ANKLE_HEIGHT * body
    above = np.where(above > 0.05, above, np.nan)
    hits, sds = [], []
    for ankle in _ANKLES:
        sinks = (v[..., ankle] < 0) & (weight[..., ankle] > 0)
        hit = -above / np.where(sinks, v[..., ankle], np.nan)
        hit = np.where(hit < MAXIMUM_DISTANCE, hit, np.nan)
        sd = ground_depth_sd(hit, above, focal_length, noise)
        hits.append(hit)
        sds.append(sd / np.sqrt(np.clip(weight[..., ankle], 0.1, 1.0)))
    # A raised foot hits the floor further away than the standing one.
    both = np.exp(-0.5 * ((hits[0] - hits[1]) / np.hypot(0.3, np.hypot(*sds))) ** 2)
    both = np.nan_to_num(both)
    nearer = np.where(np.nan_to_num(hits[0], nan=np.inf) <= np.nan_to_num(hits[1], nan=np.inf),
                      0, 1)
    near, far = (np.where(nearer == 0, *pair) for pair in (hits, hits[::-1]))
    near_sd = np.where(nearer == 0, *sds)
    distance = near + 0.5 * both * np.nan_to_num(far - near)
    return distance, np.hypot(near_sd, _FOOT_OFFSET)


def _root_on_its_ray(p_centre: NDArray, heading: NDArray, u: NDArray, v: NDArray,
                     weight: NDArray, distance: NDArray, body: NDArray) -> NDArray:
    """The mid-hip at a given distance: between the hips, else below or above what is seen."""
    trust = np.where(np.isin(np.arange(u.shape[-1]), _HIPS), 1.0, 1e-3) * weight
    trust = trust / trust.sum(axis=-1, keepdims=True)
    lateral = distance * np.sum(trust * u, axis=-1)
    raised = (distance * np.sum(trust * v, axis=-1)
              - body * np.sum(trust * STANDING_HEIGHTS, axis=-1))
    x = p_centre[..., 0] + distance * heading[..., 0] - lateral * heading[..., 1]
    y = p_centre[..., 1] + distance * heading[..., 1] + lateral * heading[..., 0]
    return np.stack(np.broadcast_arrays(x, y, p_centre[..., 2] + raised), axis=-1)
