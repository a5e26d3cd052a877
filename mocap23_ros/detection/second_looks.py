# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Looks again at people whose pose leapt, or whose sides another network contradicts.

Where left and right are hard to tell (a hidden face, a body that leans), the landmark network
exchanges them from one image to the next, and is as sure as ever. From a region that is turned or
mirrored it then mostly tells the right pose: among such looks that one counts which goes on from
the last image, for nobody turns round within one; or, where another network says that the sides
are exchanged, one in which they are not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.keypoint_similarity import joints_area, keypoint_similarity
from mocap23_ros.detection.regions import PersonLandmarks
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.exchanged_sides import exchanged_sides
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17

_LEAP = 0.55  # OKS to the last image, below which a pose leapt: walkers have 0.6 at 15 Hz
_CLEARLY = 0.1  # OKS by which a second look must go on better than the first
_DOUBT = 15  # images in which somebody is looked at twice after a second look was better
_TURN = 0.25  # rad
_LEAST_TURN = 0.15  # rad, to which a region is turned back
_BODY = slice(5, 17)  # of COCO-17: shoulders and below
CHANGES = 4


def follow(network: BlazePose, image_bgr: NDArray[np.uint8], last: Sequence[PersonLandmarks],
           looks: Sequence[Look]) -> list[PersonLandmarks | None]:
    """Return the poses of P people in an image uint8 [H,W,3]; None who is not seen.

    last: their poses in the image before; looks: one for each.
    """
    doubted = [index for index, pose in enumerate(last) if pose.doubt]
    seen = network.run(image_bgr, [*looks, *(
        changes(looks[index])[last[index].change] for index in doubted)])
    poses = seen[:len(looks)]
    for index, again in zip(doubted, seen[len(looks):], strict=True):
        poses[index] = _going_on(last[index], poses[index], {last[index].change: again})
    leapt = [index for index, pose in enumerate(poses)
             if pose is not None and _likeness(last[index], pose) < _LEAP]
    seen = network.run(image_bgr, [
        change for index in leapt for change in changes(looks[index])])
    for number, index in enumerate(leapt):
        poses[index] = _going_on(last[index], poses[index], dict(enumerate(
            seen[CHANGES * number:CHANGES * (number + 1)])))
    return poses


def put_right(network: BlazePose, image_bgr: NDArray[np.uint8], look: Look, pose: PersonLandmarks,
              wrong: NDArray[np.bool_]) -> PersonLandmarks | None:
    """Return a pose with the sides of arms, legs (wrong, [2]) exchanged against ``pose``.

    None where no second look has one. look: that saw ``pose`` in the image uint8 [H,W,3].
    """
    own = _keypoints(pose)
    for change, again in enumerate(network.run(image_bgr, changes(look))):
        if again is not None and (
                exchanged_sides(own[:, :2], _keypoints(again)) == wrong).all():
            return replace(again, doubt=_DOUBT, change=change)
    return None


def changes(look: Look) -> list[Look]:
    """The same look with its region turned back, turned to and fro, and mirrored."""
    region = look.region
    turns = (float(np.clip(region.rotation, -_LEAST_TURN, _LEAST_TURN)),
             region.rotation - _TURN, region.rotation + _TURN)
    return [*(replace(look, region=replace(region, rotation=turn)) for turn in turns),
            replace(look, mirrored=not look.mirrored)]


def _going_on(last: PersonLandmarks, first: PersonLandmarks | None,
              others: dict[int, PersonLandmarks | None]) -> PersonLandmarks | None:
    """The one of the looks at an image that goes on best from the last image."""
    if first is None:
        return None
    best = replace(first, doubt=max(last.doubt - 1, first.doubt, 0), change=last.change,
                   unjudged=last.unjudged + 1)
    reached = _likeness(last, first) + _CLEARLY
    for change, other in others.items():
        if other is not None and (likeness := _likeness(last, other)) > reached:
            best, reached = replace(other, doubt=_DOUBT, change=change,
                                   unjudged=last.unjudged + 1), likeness
    return best


def _likeness(last: PersonLandmarks, pose: PersonLandmarks) -> float:
    """OKS of the bodies, wherever in the image they are."""
    both = np.stack([_keypoints(last), _keypoints(pose)])[..., :2]
    both -= both[:, _BODY].mean(axis=1, keepdims=True)
    return float(keypoint_similarity(both[:1], both[1:], joints_area(both[:1]))[0, 0])


def _keypoints(pose: PersonLandmarks) -> NDArray:
    return convert_keypoints(pose.landmarks[None, :, :3], BLAZEPOSE33, COCO17)[0]
