# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the topics of a bag to replay: all but what this node published into it."""

import re
from pathlib import Path

import yaml

from mocap23_ros.ros.topics import BODIES, BODY_ID, OUTPUT_TOPICS

_OWN_TYPES = 'mocap23_msgs/msg/'
_LARGEST_METADATA = 4_000_000  # bytes


def topics_to_play(bag: Path, keypoints: str) -> list[str]:
    """Return the topics that a replay may play; an empty list where it may play all.

    ``keypoints``: full name of the topic that the replayed node listens to; it is replayed. The
    bag's metadata show earlier results: a topic with a type of this package and the name of one of
    the node's topics, the node's other topics beside it, and bodies with ids of this node.
    """
    types = _recorded(bag)
    nodes = {name.rsplit('/', 1)[0] for name, kind in types.items()
             if kind.startswith(_OWN_TYPES) and name.rsplit('/', 1)[1] in OUTPUT_TOPICS}
    results = {f'{node}/{topic}' for node in nodes for topic in OUTPUT_TOPICS} - {keypoints}
    bodies = {name for name in types if re.match(rf'{BODIES}/{BODY_ID}/', name)}
    results |= bodies | ({f'{BODIES}/tracked'} if bodies else set())
    kept = [name for name in types if name not in results]
    return kept if len(kept) < len(types) else []


def _recorded(bag: Path) -> dict[str, str]:
    """Return the types of the topics in a bag, as far as its metadata are there."""
    path = (bag if bag.is_dir() else bag.parent) / 'metadata.yaml'
    try:
        if path.stat().st_size > _LARGEST_METADATA:
            return {}
        # BaseLoader: all scalars stay text.
        content = yaml.load(path.read_text(encoding='utf-8'), yaml.BaseLoader)
        entries = content['rosbag2_bagfile_information']['topics_with_message_count']
        metadata = [entry['topic_metadata'] for entry in entries]
        topics = {entry['name']: entry['type'] for entry in metadata}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, RecursionError):
        return {}  # rosbag2 itself says what is wrong with a bag
    return {name: kind for name, kind in topics.items()
            if isinstance(name, str) and isinstance(kind, str) and name.startswith('/')}
