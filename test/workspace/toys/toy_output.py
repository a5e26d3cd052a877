# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""An output of the node: how many people there are."""

from std_msgs.msg import Int32


class ToyOutput:
    """The topic toy."""

    def __init__(self, context):
        self._publisher = context.create(Int32, 'toy')

    def publish(self, result, header, settings):
        """Publish the number of people."""
        self._publisher.publish(Int32(data=len(result.estimates)))

    def clear(self, header):
        """Nobody is followed."""
        self._publisher.publish(Int32(data=0))
