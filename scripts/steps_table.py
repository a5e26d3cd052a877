# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Error against the number of denoising steps, on single windows of the validation subjects.

usage: python scripts/steps_table.py WEIGHTS.safetensors [BATCHES]   (needs the training set-up)
"""

import sys
from pathlib import Path

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.training.export_tier import load_network
from mocap23_ros.training.noise_schedule import time_grid
from mocap23_ros.training.validation import validate


def main() -> None:
    """Print one line per step count."""
    model, _ = load_network(Path(sys.argv[1]))
    batches = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    spec = WindowSpec(model.tier.window_length, model.tier.rate)
    clips = load_cmu('validation')
    for steps in (1, 2, 4, 10, 50):
        source = WindowSource(clips, spec, preset('noisy'), 4242, skeleton=model.skeleton)
        errors = validate(model, source, model.skeleton, time_grid(steps), batches)
        print(steps, {name: round(value, 2) for name, value in errors.items()}, flush=True)


if __name__ == '__main__':
    main()
