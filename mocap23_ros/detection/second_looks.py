# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Looks again at people whose pose leapt, or whose sides another network contradicts.

Where left and right are hard to tell (a hidden face, a body that leans), the landmark network
exchanges them from one image to the next, at full confidence. From a region that is turned or
mirrored it then mostly gives the right pose. Among such looks the one that continues the last image
counts, for nobody turns round within one image; or, where another network says that the sides are
exchanged, one in which they are not. A pose that leapt and that no other look confirms is dropped:
the person counts as unseen in that image and is searched for in the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.blazepose import BlazePose, Look
from mocap23_ros.detection.keypoint_similarity import joints_area, keypoint_similarity
from mocap23_ros.detection.regions import PersonLandmarks, coco_keypoints
from mocap23_ros.skeletons.exchanged_sides import exchanged_sides

_LEAP = 0.55  # OKS to the last image, below which a pose leapt: walkers have 0.6 at 15 Hz
_SURE = 0.8  # OKS that needs no second look: a leap of sides has less
_CLEARLY = 0.1  # OKS by which a second look must continue better than the first
_DOUBT = 15  # images in which somebody is looked at twice after a second look was better
_TURN = 0.25  # rad
_LEAST_TURN = 0.15  # rad, to which a region is turned back
_CONFIRMED = 0.7  # OKS of two looks at an image, from which a pose that leapt is one
_MOST_HELD = 5  # images in a row without such a pose, after which somebody is lost
_BODY = slice(5, 17)  # of COCO-17: shoulders and below
CHANGES = 4


def follow(network: BlazePose, image_bgr: NDArray[np.uint8], last: Sequence[PersonLandmarks],
           looks: Sequence[Look]) -> list[PersonLandmarks | None]:
    """Return the poses of P people in an image uint8 [H,W,3]; None for those who are lost.

    last: their poses in the image before; looks: one for each. People held keep the last pose.
    """
    poses = [None if pose is None else _next(before, pose)
             for before, pose in zip(last, network.run(image_bgr, looks), strict=True)]
    doubted = [index for index in _below(_SURE, last, poses) if last[index].doubt]
    _choose(network, image_bgr, last, poses, {
        index: {last[index].change: changes(looks[index])[last[index].change]}
        for index in doubted})
    seen = _choose(network, image_bgr, last, poses, {
        index: dict(enumerate(changes(looks[index]))) for index in _below(_LEAP, last, poses)})
    for index in _below(_LEAP, last, poses):
        pose = poses[index]
        assert pose is not None
        if not _is_confirmed(pose, seen[index]):
            held = last[index].held + 1
            poses[index] = replace(last[index], held=held) if held <= _MOST_HELD else None
    return poses


def put_right(network: BlazePose, image_bgr: NDArray[np.uint8], look: Look, pose: PersonLandmarks,
              wrong: NDArray[np.bool_]) -> PersonLandmarks | None:
    """Return a pose with the sides of arms, legs (wrong, [2]) exchanged against ``pose``.

    None where no second look has one. look: that saw ``pose`` in the image uint8 [H,W,3].
    """
    own, = coco_keypoints([pose])
    for change, again in enumerate(network.run(image_bgr, changes(look))):
        if again is not None and (
                exchanged_sides(own[:, :2], coco_keypoints([again])[0]) == wrong).all():
            return replace(again, doubt=_DOUBT, change=change)
    return None


def changes(look: Look) -> list[Look]:
    """The same look with its region turned back, turned to and fro, and mirrored."""
    region = look.region
    turns = (float(np.clip(region.rotation, -_LEAST_TURN, _LEAST_TURN)),
             region.rotation - _TURN, region.rotation + _TURN)
    return [*(replace(look, region=replace(region, rotation=turn)) for turn in turns),
            replace(look, mirrored=not look.mirrored)]


def _next(last: PersonLandmarks, pose: PersonLandmarks) -> PersonLandmarks:
    return replace(pose, doubt=max(last.doubt - 1, 0), change=last.change,
                   unjudged=last.unjudged + 1)


def _below(least: float, last: Sequence[PersonLandmarks],
           poses: Sequence[PersonLandmarks | None]) -> list[int]:
    """Numbers of the people who are seen and are less alike to the last image than that."""
    seen = [index for index, pose in enumerate(poses) if pose is not None]
    likeness = _likeness([last[index] for index in seen],
                         [pose for pose in poses if pose is not None])
    return [index for index, alike in zip(seen, likeness, strict=True) if alike < least]


def _choose(network: BlazePose, image_bgr: NDArray[np.uint8], last: Sequence[PersonLandmarks],
            poses: list[PersonLandmarks | None], looks: Mapping[int, Mapping[int, Look]]
            ) -> dict[int, list[PersonLandmarks]]:
    """Replace poses by those of other looks, {person: {change: look}}, that continue better.

    Returns what all looks at each person saw.
    """
    seen = {}
    others = iter(network.run(image_bgr, [
        look for own in looks.values() for look in own.values()]))
    for index, own in looks.items():
        best = poses[index]
        assert best is not None
        candidates = [(change, pose) for change in own if (pose := next(others)) is not None]
        likeness = _likeness([last[index]] * (len(candidates) + 1),
                             [best, *(pose for _, pose in candidates)])
        reached = likeness[0] + _CLEARLY
        seen[index] = [best, *(pose for _, pose in candidates)]
        for (change, pose), alike in zip(candidates, likeness[1:], strict=True):
            if alike > reached:
                best, reached = replace(pose, doubt=_DOUBT, change=change,
                                        unjudged=last[index].unjudged + 1), alike
        poses[index] = best
    return seen


def _is_confirmed(pose: PersonLandmarks, seen: Sequence[PersonLandmarks]) -> bool:
    """Whether another of the looks saw the same."""
    others = [other for other in seen if other.landmarks is not pose.landmarks]
    if not others:
        return False
    points = coco_keypoints([pose, *others])
    alike = keypoint_similarity(points[:1], points[1:], joints_area(points[:1, :, :2]))
    return bool(np.nan_to_num(alike).max() >= _CONFIRMED)


def _likeness(last: Sequence[PersonLandmarks], poses: Sequence[PersonLandmarks]
              ) -> NDArray[np.float64]:
    """OKS [P] of the bodies, wherever in the image they are."""
    if not last:
        return np.zeros(0)
    points = coco_keypoints([*last, *poses])[..., :2]
    points -= points[:, _BODY].mean(axis=1, keepdims=True)
    before, now = points[:len(last)], points[len(last):]
    return np.diagonal(keypoint_similarity(before, now, joints_area(before)))
