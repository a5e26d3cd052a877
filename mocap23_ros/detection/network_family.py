# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How the networks of each family are fed and read, as data."""

from collections.abc import Sequence
from dataclasses import dataclass

from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.formats import COCO17, HALPE26
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


@dataclass(frozen=True)
class NetworkFamily:
    """One kind of network.

    task: ``pose`` (one person's crop), ``people`` (a whole image to keypoints of everybody) or
        ``boxes`` (a whole image to boxes). output: the decoder, see decoding.py.
    input_size: width, height px, where the network does not fix them itself.
    mean, scale: value = (pixel - mean) * scale, per channel in the network's order.
    rgb: order of the channels. padding: factor on a person's box (pose). udp: the corners of
        pixels, not their edges, are aligned (unbiased data processing).
    centred: the image is padded on all sides (people, boxes), else at right and bottom.
    split: bins per input px (simcc).
    """

    name: str
    task: str
    output: str
    input_size: tuple[int, int]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    rgb: bool = True
    padding: float = 1.25
    udp: bool = False
    centred: bool = True
    split: float = 2.0


_IMAGENET_MEAN = (123.675, 116.28, 103.53)
_IMAGENET_SCALE = (1 / 58.395, 1 / 57.12, 1 / 57.375)
_UNIT = (1 / 255, 1 / 255, 1 / 255)

FAMILIES = {family.name: family for family in (
    NetworkFamily('rtmpose', 'pose', 'simcc', (192, 256), _IMAGENET_MEAN, _IMAGENET_SCALE),
    NetworkFamily('vitpose', 'pose', 'heatmap', (192, 256), _IMAGENET_MEAN, _IMAGENET_SCALE,
                  udp=True),
    NetworkFamily('yolo-pose', 'people', 'yolo_pose', (640, 640), scale=_UNIT),
    NetworkFamily('yolo-pose-end2end', 'people', 'yolo_pose_final', (640, 640), scale=_UNIT),
    NetworkFamily('yolo', 'boxes', 'yolo_boxes', (640, 640), scale=_UNIT),
    NetworkFamily('yolox-nms', 'boxes', 'final_boxes', (640, 640), rgb=False, centred=False),
)}


def find_family(name: str | None, outputs: Sequence[TensorSpec]) -> NetworkFamily:
    """Return the named family, or the one that a network's outputs show.

    Raises InputError for an unknown name or outputs that fit no family, or several.
    """
    if name is not None:
        if name not in FAMILIES:
            raise InputError(f'there is no network family {name!r}; choose one of '
                             f'{", ".join(FAMILIES)}')
        return FAMILIES[name]
    shapes = [spec.shape for spec in outputs]
    names = {spec.name for spec in outputs}
    if {'simcc_x', 'simcc_y'} <= names:
        return FAMILIES['rtmpose']
    if {'dets', 'labels'} <= names:
        return FAMILIES['yolox-nms']
    if len(shapes) == 1 and len(shapes[0]) == 4:
        return FAMILIES['vitpose']
    if len(shapes) == 1 and len(shapes[0]) == 3:
        _, rows, columns = shapes[0]
        if columns == 57:
            return FAMILIES['yolo-pose-end2end']
        if rows == 56:
            return FAMILIES['yolo-pose']
        if rows in (5, 84):  # one class, or the 80 of COCO
            return FAMILIES['yolo']
    listed = ', '.join(f'{spec.name} {list(spec.shape)}' for spec in outputs)
    raise InputError(f"the network's outputs ({listed}) fit no known family; name it with the "
                     f'option family: {", ".join(FAMILIES)}')


def keypoint_format(count: int) -> SkeletonFormat:
    """Return the format of networks with so many keypoints."""
    formats = {len(form): form for form in (COCO17, HALPE26)}
    if count not in formats:
        raise InputError(f'the network has {count} keypoints; known are networks with 17 (COCO) '
                         'and 26 (Halpe)')
    return formats[count]
