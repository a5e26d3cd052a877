# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a lookup can raise, with the names and the tree of tf2_py."""


class TransformException(Exception):
    """Base of all errors of a lookup."""


class ConnectivityException(TransformException):
    """The two frames are in trees that nothing connects."""


class LookupException(TransformException):
    """A frame is not known, or the frames form a loop."""


class ExtrapolationException(TransformException):
    """The time asked for lies outside what is stored."""


class InvalidArgumentException(TransformException):
    """A frame name is empty or begins with a slash."""


class TimeoutException(TransformException):
    """An answer did not come in time; raised by action clients of upstream only."""
