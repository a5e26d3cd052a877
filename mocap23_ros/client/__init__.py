# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""For programs that use skeletons: people as arrays with names, distances with uncertainty."""

from mocap23_ros.client.people import Clearance, People, Person

__all__ = ['Clearance', 'People', 'Person']
