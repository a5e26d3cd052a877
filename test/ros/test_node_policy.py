# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The SROS 2 policy allows what the node does, and nothing besides."""

import signal
import xml.etree.ElementTree
from pathlib import Path

from node_harness import NodeProcess

POLICY = Path(__file__).parents[2] / 'config' / 'lifter.policy.xml'
# Of other settings than those of the test, and of the real tf2_ros.
ELSEWHERE = {'/image', '/image/compressed', '/detections', '/mocap_markers',
             '/humans/bodies/*', '/tf2_frames'}


def allowed(kind, permission):
    profile = xml.etree.ElementTree.parse(POLICY).find('enclaves/enclave/profiles/profile')
    assert profile.attrib == {'ns': '/', 'node': 'lifter_node'}
    names = [entry.text for group in profile.findall(f'{kind}s')
             if group.get(permission) == 'ALLOW' for entry in group.findall(kind)]
    return {'/' + name.replace('~', 'lifter_node').lstrip('/') for name in names}


def test_everything_that_a_running_node_does_is_allowed(peer):
    node = NodeProcess(detector='external', lifter='geometric', use_sim_time=True,
                       publish_poses=True)
    try:
        peer.wait_for_status(lambda s: ('state', 'active') in [
            (v.key, v.value) for v in s.values], 'active node', node)
        graph = peer.node
        for ask, kind, permission in (
                (graph.get_publisher_names_and_types_by_node, 'topic', 'publish'),
                (graph.get_subscriber_names_and_types_by_node, 'topic', 'subscribe'),
                (graph.get_service_names_and_types_by_node, 'service', 'reply')):
            may = allowed(kind, permission)

            def done(ask=ask):
                return {name for name, _ in ask('lifter_node', '/')}

            # Since Jazzy a node need not listen to /parameter_events, nor describe its types.
            optional = ELSEWHERE | {'/parameter_events', '/lifter_node/get_type_description'}
            peer.wait_until(lambda may=may, done=done, optional=optional: may - optional <= done(),
                            f'all that may be {permission}')
            assert done() <= may, f'{permission}: missing in the policy'
        assert not graph.get_client_names_and_types_by_node('lifter_node', '/')
        assert node.stop(signal.SIGINT) == 0
    finally:
        node.stop(signal.SIGKILL)
