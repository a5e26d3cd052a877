# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Networks, diffusion and training stages; the only folder that imports torch."""
