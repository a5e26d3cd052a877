# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The subscriptions of frames and CameraInfo: as their publishers offer them, aware of loss."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from rclpy.exceptions import ParameterAlreadyDeclaredException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSPolicyKind, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo

from mocap23_ros.errors import InputError
from mocap23_ros.ros.other_publishers import OutlivesLease
from mocap23_ros.ros.qos_events import SubscriptionEventCallbacks, UnsupportedEventTypeError
from mocap23_ros.ros.topics import named_overrides, sensor_data_qos

_Quality: TypeAlias = tuple[ReliabilityPolicy, DurabilityPolicy]

_CHOICES = ('auto', 'reliable', 'best_effort')
_WINDOW = 10  # checks
_LOST_SHARE, _LOST_AT_LEAST = 0.1, 5  # fewer losses are not worth a word


class InputSubscription:
    """Subscribes to the frames until ``close``; call ``check`` once a second.

    ``reliability``: auto, reliable or best_effort; auto asks the publishers what they offer, and
    subscribes anew where that changes. An override of the topic's reliability wins. What all
    publishers keep for those who come late is taken as well. ``topic``: its full name. ``lost``:
    frames that were sent and did not arrive, as far as the middleware tells. Raises InputError for
    overrides that cannot be used.
    """

    def __init__(
        self, node: Node, message_type: type, topic: str, callback: Callable[[Any], None],
        reliability: str, depth: int = 5, *, reliable_first: bool = False,
    ) -> None:
        """reliable_first: auto asks for reliable until a publisher is there, so that none is lost
        to the change."""
        self._node = node
        self._type = message_type
        self.topic = topic
        self._callback = callback
        self._depth = depth
        self._reliable_first = reliable_first
        self._wish = _override(node, topic, reliability)
        self._received = self.lost = 0
        self._several = OutlivesLease()
        self._totals: deque[tuple[int, int]] = deque([(0, 0)], maxlen=_WINDOW + 1)
        self._quality = self._wanted()
        self._subscription = self._subscribe()

    def close(self) -> None:
        """Stop taking frames."""
        self._node.destroy_subscription(self._subscription)

    def check(self) -> str:
        """Follow the publishers; return how many frames get lost and what to do, or ''."""
        wanted = self._wanted()
        if wanted != self._quality:
            self._node.destroy_subscription(self._subscription)
            self._quality = wanted
            self._subscription = self._subscribe()
            self._node.get_logger().info(
                f'{self.topic} is taken with quality of service {_text(wanted)}, as its '
                'publishers offer it')
        self._totals.append((self._received, self.lost))
        received, lost = (now - then for now, then in zip(
            self._totals[-1], self._totals[0], strict=True))
        if lost < _LOST_AT_LEAST or lost < _LOST_SHARE * (received + lost):
            return ''
        return (f'{lost} of {received + lost} messages on {self.topic} got lost on the way to '
                f'this node in the last {len(self._totals) - 1} s; {self._mend()}')

    def silence(self) -> str:
        """Why nothing may come although the topic has publishers, or ''."""
        mine = f'{self._type.__module__.split(".")[0]}/msg/{self._type.__name__}'
        others = sorted({info.topic_type for info in self._publishers()} - {mine})
        if others:
            return (f'they send {", ".join(others)}, and {mine} is taken: '
                    'remap the topic, or set image_transport (raw or compressed) or detector '
                    '(external for keypoints)')
        if self._is_reliable and not all(map(_is_reliable, self._publishers())):
            return ('they offer best effort, and reliable is asked for: set qos_image to auto, or '
                    'remove the override of its reliability')
        return ''

    def several(self, moment: float) -> str:
        """Which publishers send here at once, and what to do; '' for one alone.

        moment: of a steady clock, s.
        """
        names = sorted(f'{info.node_namespace.rstrip("/")}/{info.node_name}'
                       for info in self._publishers())
        if not self._several.check(len(names) > 1, moment):
            return ''
        return (f'{self.topic} has {len(names)} publishers ({", ".join(names)[:200]}): images of '
                'two cameras under one pose put people where nobody is. Stop all but one, or remap '
                'their topics')

    def _mend(self) -> str:
        if self._is_reliable:
            return 'this machine or the network is too slow for it: lower rate or size of images'
        if all(map(_is_reliable, self._publishers())):
            return 'set qos_image to auto: its publishers offer reliable'
        return ('let the camera publish reliably (often qos_overrides.<topic>.publisher.reliability'
                ' of its node), or take smaller or compressed images (image_transport)')

    def _publishers(self) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(self.topic)

    @property
    def _is_reliable(self) -> bool:
        return self._quality[0] is ReliabilityPolicy.RELIABLE

    def _wanted(self) -> _Quality:
        publishers = self._publishers()
        reliable = (bool(publishers) or self._reliable_first) and all(
            map(_is_reliable, publishers))
        kept = bool(publishers) and all(
            info.qos_profile.durability is DurabilityPolicy.TRANSIENT_LOCAL
            for info in publishers)
        # Best effort and volatile go with every publisher.
        reliability = 'RELIABLE' if reliable else 'BEST_EFFORT'
        return (ReliabilityPolicy[reliability if self._wish == 'auto' else self._wish.upper()],
                DurabilityPolicy.TRANSIENT_LOCAL if kept else DurabilityPolicy.VOLATILE)

    def _subscribe(self) -> Subscription:
        arguments: dict[str, Any] = {'event_callbacks': SubscriptionEventCallbacks(
            message_lost=self._on_lost)}
        try:
            return self._create(**arguments)
        except UnsupportedEventTypeError:  # by this middleware
            return self._create()

    def _create(self, **arguments: Any) -> Subscription:
        profile = sensor_data_qos(self._depth)
        profile.reliability, profile.durability = self._quality
        with named_overrides(self.topic, 'subscription'):
            return self._node.create_subscription(
                self._type, self.topic, self._on_message, profile,
                qos_overriding_options=QoSOverridingOptions(
                    (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH)), **arguments)

    def _on_message(self, message: Any) -> None:
        self._received += 1
        self._callback(message)

    def _on_lost(self, event: Any) -> None:
        self.lost += max(0, int(event.total_count_change))


def _override(node: Node, topic: str, wish: str) -> str:
    """Return the reliability that the override of the topic says, or ``wish``."""
    # Declared here, since rclpy would keep the first reliability when it subscribes anew.
    name = f'qos_overrides.{topic}.subscription.reliability'
    with named_overrides(topic, 'subscription'):
        value: Any
        try:
            value = node.declare_parameter(name, wish).value
        except ParameterAlreadyDeclaredException:
            value = node.get_parameter(name).value
    if value not in _CHOICES:
        raise InputError(f'parameter {name} must be one of {", ".join(_CHOICES)}, not "{value}"')
    return str(value)


def _is_reliable(publisher: TopicEndpointInfo) -> bool:
    return publisher.qos_profile.reliability is ReliabilityPolicy.RELIABLE


def _text(quality: _Quality) -> str:
    return ', '.join(policy.name.lower().replace('_', ' ') for policy in quality)
