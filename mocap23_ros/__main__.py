# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m mocap23_ros`` is the mocap23 command."""

import sys

from mocap23_ros.cli.main import main

sys.exit(main())
