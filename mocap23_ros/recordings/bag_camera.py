# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the camera of a bag: its topics, its CameraInfo and its TF, over the whole bag."""

import bisect
import contextlib
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import pose_from_translation_quaternion, transform_points
from mocap23_ros.geometry.transform_tree import TransformTree
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.marker_tracks import MarkerTracks
from mocap23_ros.ros.camera_poses import NoTransformError, camera_frame_of
from mocap23_ros.ros.camera_source import info_content
from mocap23_ros.ros.given_camera import difference
from mocap23_ros.ros.image_decoding import DEPTH_TYPES
from mocap23_ros.ros.stamps import nanoseconds

if TYPE_CHECKING:
    from std_msgs.msg import Header

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
KEYPOINTS = 'mocap23_msgs/msg/Keypoints2DArray'
_CAMERA_INFO, TF = 'sensor_msgs/msg/CameraInfo', 'tf2_msgs/msg/TFMessage'
_MOST_POSES = 5_000_000
_MOST_NAMED = 12  # frames or topics in one line


class CameraTopics(NamedTuple):
    """input: images or keypoints. info: CameraInfo, '' where a file stands for it."""

    input: str
    info: str


def find_topics(bag: BagReader, path: Path, topic: str | None = None, keypoints: bool = False,
                info_needed: bool = True) -> CameraTopics:
    """Choose the topics of one camera by their types.

    topic: the one of the images (or of the keypoints), needed where there are several cameras.
    keypoints: whether keypoints of another detector are wanted. Raises InputError that names what
    is missing or what there is to choose from.
    """
    kinds = (KEYPOINTS,) if keypoints else (IMAGE, COMPRESSED)
    what = 'keypoints (mocap23_msgs/Keypoints2DArray)' if keypoints else 'images'
    if topic is not None:
        if bag.topics.get(topic) not in kinds:
            raise InputError(f'{path}: {topic} carries no {what}; there is '
                             f'{_listed(bag.of_type(*kinds))}')
        chosen = topic
    else:
        found = [t for t in bag.of_type(*kinds) if keypoints or not _is_depth(bag, t)]
        # The same images raw and compressed are one camera: the raw ones lost nothing.
        cameras = {_base(t): t for t in sorted(found, key=lambda t: bag.topics[t] == IMAGE)}
        if len(cameras) != 1:
            raise InputError(
                f'{path}: ' + (f'several topics carry {what}: {_listed(sorted(found))}; choose '
                               'one with --topic' if cameras else
                               f'no topic carries {what}; there is {_listed(sorted(bag.topics))}'))
        chosen = next(iter(cameras.values()))
    return CameraTopics(chosen, _find_info(bag, path, chosen) if info_needed else '')


def _find_info(bag: BagReader, path: Path, topic: str) -> str:
    infos = bag.of_type(_CAMERA_INFO)
    beside = f'{_base(topic).rpartition("/")[0]}/camera_info'
    if beside in infos:
        return beside
    if len(infos) == 1:
        return infos[0]
    if infos:
        frame = _first(bag, topic).header.frame_id
        same = [info for info in infos if _first(bag, info).header.frame_id == frame]
        if len(same) == 1:
            return same[0]
    raise InputError(
        f'{path}: ' + (f'none of {_listed(infos)} stands beside {topic} or has its frame_id; give '
                       if infos else 'holds no CameraInfo; record camera_info too, or give ')
        + 'the calibration with --camera CAMERA.yaml')


def _base(topic: str) -> str:
    return re.sub(r'/compressed$', '', topic)


def _first(bag: BagReader, topic: str) -> Any:
    message = next(iter(bag.messages([topic])), None)
    if message is None:
        raise InputError(f'no message of {topic} can be read')
    return message.message


def _is_depth(bag: BagReader, topic: str) -> bool:
    message = _first(bag, topic)
    if bag.topics[topic] == IMAGE:
        return message.encoding in DEPTH_TYPES
    return 'compressedDepth' in message.format


def _listed(names: Sequence[str]) -> str:
    more = f' and {len(names) - _MOST_NAMED} more' if len(names) > _MOST_NAMED else ''
    return ', '.join(name[:80] for name in names[:_MOST_NAMED]) + more or 'none'


class BagCameraInfos:
    """The CameraInfo of an image: of its stamp or the last before, else the first of the bag."""

    def __init__(self, bag: BagReader, topic: str) -> None:
        self._stamps: list[int] = []
        self._infos: list[Any] = []
        last: Any = None
        for item in bag.messages([topic], by_stamp=True):
            info = item.message
            this = info.header.frame_id, info_content(info)
            if this != last:  # most cameras repeat themselves with every image
                self._stamps.append(nanoseconds(info.header.stamp))
                self._infos.append(info)
                last = this

    def find(self, header: 'Header') -> Any:
        """Return the message; None where the bag has none."""
        if not self._infos:
            return None
        return self._infos[max(0, bisect.bisect_right(self._stamps, nanoseconds(header.stamp)) - 1)]


class BagTransforms:
    """TF at the stamp of an image, looked up in whole bags: nothing has to be waited for."""

    def __init__(self) -> None:
        self._tree = TransformTree()
        self._static: dict[str, tuple[str, NDArray[np.float64]]] = {}
        self._replaced: dict[str, str] = {}  # static frames of two places, and how they differ

    @classmethod
    def of(cls, bag: BagReader, others: Sequence[Path]) -> 'BagTransforms':
        """TF of a bag, together with that of further bags."""
        transforms = cls()
        for path in others:
            with BagReader(path) as other:
                transforms.add(other)
        transforms.add(bag)
        return transforms

    def add(self, bag: BagReader) -> None:
        """Take in the transforms of a bag; what is on a topic ``tf_static`` holds for all time."""
        for topic, _, message in bag.messages(bag.of_type(TF)):
            is_static = topic.rpartition('/')[2] == 'tf_static'
            for transform in message.transforms:
                t, q = transform.transform.translation, transform.transform.rotation
                self._tree.add(transform.header.frame_id, transform.child_frame_id,
                               None if is_static else nanoseconds(transform.header.stamp),
                               (t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
                if is_static:
                    self._compare(transform)

    def _compare(self, transform: Any) -> None:
        """Note where a static frame had another place before."""
        parent, child = (name.removeprefix('/') for name in (
            transform.header.frame_id, transform.child_frame_id))
        t, q = transform.transform.translation, transform.transform.rotation
        with contextlib.suppress(InputError):  # no rotation: said when it is needed
            pose = pose_from_translation_quaternion((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
            before, there = self._static.get(child, (parent, pose))
            apart = difference(there, pose) if before == parent else (
                f'one in "{before[:60]}" and one in "{parent[:60]}"')
            if apart:
                self._replaced[child] = apart
            self._static[child] = parent, pose

    def doubt(self, world_frame: str, header: 'Header') -> str:
        """Which frame between camera and world has two places that are each for all time; or ''."""
        between = set(self._tree.carriers(world_frame)) ^ set(
            self._tree.carriers(header.frame_id))
        return next((
            f'/tf_static has two places of "{child[:60]}", {apart}, and the last one counts for '
            'the whole bag: two nodes publish it, or the camera was moved in between. Leave one '
            'out, or split the bag' for child, apart in sorted(self._replaced.items())
            if child in between), '')

    def check_world(self, world_frame: str, bag: BagReader, topic: str) -> 'Header':
        """Return the header of the topic's first frame.

        Raises NoTransformError where no frame of the topic can ever have a pose, so that the error
        comes before hours of images are processed.
        """
        header: Header = _first(bag, topic).header
        if world_frame.removeprefix('/') not in self._tree.frames:
            self.camera_pose(world_frame, header)
        return header

    def camera_pose(self, world_frame: str, header: 'Header') -> NDArray[np.float64]:
        """Return world_T_camera [4,4] at the header's stamp; see CameraPoses."""
        camera_frame = camera_frame_of(header)
        missing = f'no transform from camera "{camera_frame[:80]}" to world_frame "{world_frame}"'
        if not self._tree.frames:
            raise NoTransformError(
                f'{missing}: the bag holds no TF; give another bag that does with --tf, or a '
                'calibration with the pose of the camera with --camera')
        try:
            return self._tree.pose(world_frame, camera_frame, nanoseconds(header.stamp))
        except InputError as error:
            raise NoTransformError(
                f'{missing} at the stamp of the image: {error} (frames: '
                f'{_listed(self._tree.frames)}); give --world-frame, a bag with the missing TF '
                'with --tf, or --camera') from None

    def tracks(self, world_frame: str, choose: Callable[[Sequence[str]], Collection[str]]
               ) -> MarkerTracks:
        """Origins of frames that move, in the world frame, at the stamps of the one that has most.

        choose: given the names of all, returns those wanted. Raises InputError where none is
        connected to the world.
        """
        moving = [frame for frame in self._tree.frames if self._tree.stamps(frame)]
        names = sorted(choose(moving))
        stamps: list[int] = []
        for name in names:
            stamps = max(stamps, sorted(set(self._tree.stamps(name))), key=len)
        if len(stamps) * len(names) > _MOST_POSES:
            raise InputError(f'{len(names)} frames at {len(stamps)} stamps are too many; split the '
                             'bag')
        points = np.full((len(stamps), len(names), 3), np.nan)
        for column, name in enumerate(names):
            for row, stamp in enumerate(stamps):
                # A frame that is not connected to the world at this time counts as unobserved.
                with contextlib.suppress(InputError):
                    points[row, column] = self._tree.pose(world_frame, name, stamp)[:3, 3]
        if not np.isfinite(points).any():
            raise InputError(f'no frame that moves is connected to "{world_frame}" (frames: '
                             f'{_listed(self._tree.frames)}); give --world-frame')
        return MarkerTracks(points, 1e-9 * np.array(stamps, np.float64), tuple(names), 'm')

    def in_world(self, world_frame: str, frame: str, stamps: Sequence[int],
                 points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [F,M,3] of a frame at stamps [ns], in the world frame; InputError."""
        poses = np.stack([self._tree.pose(world_frame, frame, stamp) for stamp in stamps])
        return transform_points(poses, points)

    def clear(self) -> None:
        """Keep everything: a bag has one time."""
