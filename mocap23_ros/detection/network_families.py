# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The families of ONNX networks that the onnx detector knows, and which one a network is of."""

from collections.abc import Sequence

from mocap23_ros.detection.families.detrpose import DetrPose
from mocap23_ros.detection.families.rfdetr_keypoint import RfDetrKeypoint
from mocap23_ros.detection.families.rtmdet import RtmDet
from mocap23_ros.detection.families.rtmo import Rtmo
from mocap23_ros.detection.families.rtmpose import RtmPose
from mocap23_ros.detection.families.rtmw import Rtmw
from mocap23_ros.detection.families.vitpose import VitPose
from mocap23_ros.detection.families.yolo import Yolo
from mocap23_ros.detection.families.yolo_pose import YoloPose
from mocap23_ros.detection.families.yolo_pose_end2end import YoloPoseEnd2end
from mocap23_ros.detection.families.yolox_nms import YoloxNms
from mocap23_ros.detection.network_family import NetworkFamily
from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.formats import COCO17, COCO23, HALPE26
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

# Where the outputs fit two families, the first counts: the one that requires more.
FAMILIES: dict[str, NetworkFamily] = {family.name: family for family in (
    Rtmw(), RtmPose(), VitPose(), RfDetrKeypoint(), DetrPose(), Rtmo(), YoloPose(),
    YoloPoseEnd2end(), Yolo(), YoloxNms(), RtmDet())}


def find_family(name: str | None, outputs: Sequence[TensorSpec]) -> NetworkFamily:
    """Return the named family, or the one that a network's outputs show.

    Raises InputError for an unknown name or outputs that fit no family.
    """
    if name is not None:
        if name not in FAMILIES:
            raise InputError(f'there is no network family {name!r}; choose one of '
                             f'{", ".join(FAMILIES)}')
        return FAMILIES[name]
    for family in FAMILIES.values():
        if family.matches(outputs):
            return family
    listed = ', '.join(f'{spec.name} {list(spec.shape)}' for spec in outputs)
    raise InputError(f"the network's outputs ({listed}) fit no known family; name it with the "
                     f'option family: {", ".join(FAMILIES)}')


def keypoint_format(count: int) -> SkeletonFormat:
    """Return the format of the first of so many keypoints; COCO where a network has -1.

    Faces and hands are left out: lifters do not know them.
    """
    formats = {-1: COCO17, 17: COCO17, 26: HALPE26, 133: COCO23}
    if count not in formats:
        raise InputError(f'the network has {count} keypoints; known are networks with 17 (COCO), '
                         '26 (Halpe) and 133 (COCO-WholeBody)')
    return formats[count]
