# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Is what goes in and comes out possible? Names the mistakes that set-ups are made with."""
