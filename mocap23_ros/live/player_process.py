# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The life of a process that publishes what a camera would, at the word of its parent."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException
from rclpy.publisher import Publisher

from mocap23_ros.errors import InputError
from mocap23_ros.live.child_process import say
from mocap23_ros.reporting import Progress

PROGRESS_EVERY = 15  # images
_ACKNOWLEDGED = 20.0  # s until everybody should have a message


class Player(Protocol):
    """A node that publishes images or keypoints of a camera, and all that belongs to them."""

    def is_heard(self) -> bool:
        """Whether everybody listens who has to: what is published earlier would be lost."""

    def greet(self) -> None:
        """Publish what a camera would have sent before, until everybody has it."""

    def play(self, advance: Progress) -> dict[str, NDArray]:
        """Publish everything in real time; returns ``stamps_ns`` and ``frames`` [N].

        advance: called with images sent, images in all.
        """

    def listeners(self) -> dict[str, int]:
        """How many subscriptions each topic has."""

    def destroy_node(self) -> None:
        """End it."""


def run_player(make: Callable[[], Player], stamps: Path) -> int:
    """Make a player, play when the parent says so, and save what was sent; returns exit status.

    Says on standard output, one JSON object a line, what it does. stamps: npz written at the end.
    """
    player = None
    try:
        rclpy.init(args=[])
        player = make()
        while not player.is_heard():
            time.sleep(0.1)
        player.greet()
        say(event='ready')
        if not sys.stdin.readline():
            return 1  # the parent is gone
        sent = player.play(_advance)
        with stamps.open('wb') as stream:
            np.savez(stream, allow_pickle=False, **sent)
        say(event='done', listeners=player.listeners())
        sys.stdin.readline()  # stay for late acknowledgements until the parent says so
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    except RuntimeError:
        if rclpy.ok():  # else: ended in the middle of a publish
            raise
        return 130
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if player is not None:
            player.destroy_node()
        rclpy.try_shutdown()
    return 0


def publish_surely(publisher: Publisher, message: Any) -> None:
    """Publish until all reliable readers have it: one that has just been discovered may not yet
    have discovered the publisher, for more than a second, and would miss what comes meanwhile.
    """
    publisher.publish(message)
    if not publisher.wait_for_all_acked(Duration(seconds=_ACKNOWLEDGED)):
        print(f'{publisher.topic_name}: not received everywhere after {_ACKNOWLEDGED} s; what '
              'comes first may be lost', file=sys.stderr)


def _advance(sent: int, total: int) -> None:
    if sent == total or sent % PROGRESS_EVERY == 1:
        say(event='progress', sent=sent, total=total)
