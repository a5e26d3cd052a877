# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""RViz is told to show topics that a running node has, with displays that take their types."""

import signal

import yaml
from node_harness import ROOT, NodeProcess

# Of rviz_default_plugins and rviz_common: what a class shows, '' where that is no topic.
DISPLAYS = {'Grid': '', 'TF': '', 'MarkerArray': 'visualization_msgs/msg/MarkerArray',
            'Image': 'sensor_msgs/msg/Image'}
OTHERS = {'rviz_common/Displays', 'rviz_common/Views', 'rviz_default_plugins/MoveCamera',
          'rviz_default_plugins/FocusCamera', 'rviz_default_plugins/Measure',
          'rviz_default_plugins/Orbit', 'rviz_default_plugins/TF', ''}


def classes(part):
    """Every value of ``Class`` in a part of the file."""
    if isinstance(part, dict):
        return {part.get('Class', '')}.union(*map(classes, part.values()))
    return set().union(*map(classes, part)) if isinstance(part, list) else set()


def test_its_displays_and_topics_exist(peer):
    file = yaml.safe_load((ROOT / 'rviz' / 'mocap23.rviz').read_text())
    manager = file['Visualization Manager']
    displays = manager.pop('Displays')
    assert classes(file) <= OTHERS
    shown = {}
    for display in displays:
        package, _, name = display['Class'].partition('/')
        assert package == 'rviz_default_plugins' and name in DISPLAYS
        assert bool(DISPLAYS[name]) == ('Topic' in display)
        if DISPLAYS[name]:
            shown[f'/{display["Topic"]["Value"]}'] = DISPLAYS[name]
    assert len(shown) == 2
    node = NodeProcess(lifter='geometric')
    try:
        peer.wait_until(lambda: all(kind in dict(peer.node.get_topic_names_and_types()).get(
            topic, []) for topic, kind in shown.items()), f'{shown}')
        assert node.stop() == 0
    finally:
        node.stop(signal.SIGKILL)
    assert manager['Global Options']['Fixed Frame'] == 'map'  # world_frame of the node
