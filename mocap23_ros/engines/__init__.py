# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Inference backends behind one protocol, engine building and manifests."""
