#!/bin/sh
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# For a ROS 2 workspace: makes ./venv over the system's Python, with what rosdep does not know.
# Debian 12 and Ubuntu 24.04 let pip install nowhere else. Run colcon with its Python.
set -eu
requirements=$(dirname -- "$(readlink -f -- "$0")")/../requirements
python3 -m venv --system-site-packages venv
touch venv/COLCON_IGNORE
venv/bin/python3 -m pip install --disable-pip-version-check \
    --require-hashes -r "$requirements/locked-run-ros-installation.txt"
