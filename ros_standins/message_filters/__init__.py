# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Stand-in for message_filters where the real package is absent; see ros_standins/README.md."""

from message_filters.cache import Cache
from message_filters.filters import SimpleFilter, Subscriber

__all__ = [
    'Cache', 'SimpleFilter', 'Subscriber',
]
