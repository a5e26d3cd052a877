# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Loaders of data sets that users obtain under their own licences; none ships with the project."""
