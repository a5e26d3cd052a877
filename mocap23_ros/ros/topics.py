# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Names and qualities of service of the topics."""

from collections.abc import Iterator
from contextlib import contextmanager

from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from mocap23_ros.errors import InputError

# What the node publishes below its namespace; /tf and /diagnostics it shares with others.
OUTPUT_TOPICS = ('skeletons', 'skeleton_info', 'keypoints_2d', 'markers', 'poses', 'detections',
                 'mocap_markers')
# What REP 155 has people publish on, and the ids of this node's people there, as a pattern.
BODIES, BODY_ID = '/humans/bodies', r'\w*mocap\d+'


def sensor_data_qos(depth: int = 5) -> QoSProfile:
    """Return what cameras are listened to with; a new object, since overrides change it."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


def output_qos(depth: int = 10) -> QoSProfile:
    """Return what results are published with: reliable, which best-effort readers accept too."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE)


def latched_qos(depth: int = 1) -> QoSProfile:
    """Return what constant facts are published with: who joins late gets the last one."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL)


@contextmanager
def named_overrides(topic: str, kind: str) -> Iterator[None]:
    """Turn what goes wrong while rclpy applies overrides of a topic's quality into an InputError.

    ``kind``: publisher or subscription. rclpy raises errors of many types, some without the topic.
    """
    try:
        yield
    except (ParameterException, RuntimeError, OverflowError, TypeError, ValueError) as error:
        text = ' '.join(str(error).split()).rstrip('.')
        raise InputError(
            f'the parameters qos_overrides.{topic}.{kind}.* cannot be used: {text}') from error


def image_topic(node: Node, image_transport: str) -> str:
    """Return the full name of the image topic.

    A remapping of ``image`` holds for ``image/compressed`` too, unless that one is remapped.
    """
    if image_transport == 'raw':
        return node.resolve_topic_name('image')
    if _is_remapped(node, 'image/compressed'):
        return node.resolve_topic_name('image/compressed')
    return node.resolve_topic_name('image') + '/compressed'


def camera_info_topic(node: Node) -> str:
    """Return the full name of the CameraInfo topic: the sibling of the image unless remapped."""
    if _is_remapped(node, 'camera_info') or not _is_remapped(node, 'image'):
        return node.resolve_topic_name('camera_info')
    return node.resolve_topic_name('image').rsplit('/', 1)[0] + '/camera_info'


def frame_prefix(node: Node, setting: str) -> str:
    """Return what the names of the node's TF frames begin with; auto: its namespace.

    TF names are global: without it two robots that see people would publish the same frames.
    """
    if setting != 'auto':
        return setting
    namespace = node.get_namespace().strip('/')
    return f'{namespace}/' if namespace else ''


def _is_remapped(node: Node, name: str) -> bool:
    return node.resolve_topic_name(name) != node.resolve_topic_name(name, only_expand=True)
