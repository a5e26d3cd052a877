# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What is imported of ROS is there in Humble and Jazzy, too, where no test runs each time."""

import ast
from pathlib import Path

# Seen in the sources of rclpy 3.3.15 (Humble), 7.1.3 (Jazzy) and 9.1.2 (Kilted), and of tf2_ros
# beside them. Look there before a name is added.
EVERYWHERE = {
    'rclpy': {'Context', 'init', 'ok', 'shutdown', 'spin', 'try_shutdown'},
    'rclpy.clock': {'Clock', 'ClockType', 'JumpThreshold', 'TimeJump'},
    'rclpy.duration': {'Duration'},
    'rclpy.exceptions': {'InvalidParameterTypeException', 'InvalidParameterValueException',
                         'ParameterAlreadyDeclaredException', 'ParameterException',
                         'ParameterUninitializedException'},
    'rclpy.executors': {'ExternalShutdownException', 'SingleThreadedExecutor'},
    'rclpy.lifecycle': {'LifecycleNode', 'LifecyclePublisher', 'LifecycleState',
                        'TransitionCallbackReturn'},
    'rclpy.node': {'Node'},
    'rclpy.parameter': {'Parameter'},
    'rclpy.publisher': {'Publisher'},
    'rclpy.qos': {'DurabilityPolicy', 'HistoryPolicy', 'QoSPolicyKind', 'QoSProfile',
                  'ReliabilityPolicy'},
    'rclpy.qos_overriding_options': {'QoSOverridingOptions'},
    'rclpy.serialization': {'deserialize_message'},
    'rclpy.signals': {'SignalHandlerOptions'},
    'rclpy.subscription': {'Subscription'},
    'rclpy.time': {'Time'},
    'rclpy.topic_endpoint_info': {'TopicEndpointInfo'},
    'tf2_ros': {'Buffer', 'ExtrapolationException', 'StaticTransformBroadcaster',
                'TransformBroadcaster', 'TransformException', 'TransformListener'},
}
EITHER = Path('mocap23_ros/ros/qos_events.py')  # asks for the one name, then for the other


def test_names_of_ros_are_those_of_every_distribution(root: Path) -> None:
    faults, found = [], set()
    for path in sorted([*(root / 'mocap23_ros').rglob('*.py'), *(root / 'examples').glob('*.py')]):
        if path.relative_to(root) == EITHER:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = [('', '')]
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [(node.module or '', alias.name) for alias in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [(node.value.id, node.attr)]
            for module, name in names:
                if module.partition('.')[0] not in ('rclpy', 'tf2_ros'):
                    continue
                found.add(module)
                if name not in EVERYWHERE.get(module, ()):
                    faults.append(f'{path.relative_to(root)}:{node.lineno}: {module} {name}')
    assert not faults, '\n'.join(faults)
    assert {'rclpy', 'tf2_ros', 'rclpy.node'} < found
