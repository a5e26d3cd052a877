# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Throughput of ``mocap23 lift --bags`` by workers, as a row of docs/SCALING.md for each.

    python test/evaluation/measure_scaling.py --bag out/demo/bag --copies 4 --workers 1 2 4

Wall times mean something on an idle machine only: the load before each run stands beside them.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mocap23_ros.evaluation.machine_description import commit_line, hardware_line
from mocap23_ros.recordings.bag_camera import COMPRESSED, IMAGE, KEYPOINTS
from mocap23_ros.recordings.bag_reader import BagReader

IDLE = 0.3  # load average below which a machine does nothing else


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bag', type=Path, required=True)
    parser.add_argument('--copies', type=int, default=4, help='bags in the store')
    parser.add_argument('--workers', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--floor-height', default='0.05', help='of the demo')
    arguments = parser.parse_args()
    with BagReader(arguments.bag) as bag:
        topics = bag.of_type(IMAGE, COMPRESSED) or bag.of_type(KEYPOINTS)
        images = arguments.copies * sum(map(bag.count, topics))
    print(f'{hardware_line()}, {commit_line()}, {arguments.copies} bags, {images} images\n')
    print('| workers | load before | wall time | images per second | CPU time '
          '| images per second of CPU time |\n|---|---|---|---|---|---|', flush=True)
    with tempfile.TemporaryDirectory(prefix='mocap23-scaling-') as folder:
        store = Path(folder, 'store')
        for number in range(arguments.copies):
            shutil.copytree(arguments.bag, store / f'bag{number}')
        for workers in arguments.workers:
            load = os.getloadavg()[0]
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run(
                [sys.executable, '-m', 'mocap23_ros', 'lift', '--bags', store, '--out',
                 Path(folder, f'out{workers}'), '--workers', str(workers), '--floor-height',
                 arguments.floor_height],
                stdout=subprocess.DEVNULL)
            wall = time.monotonic() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            busy = '' if load < IDLE else ' (busy)'
            print(f'| {workers} | {load:.1f}{busy} | {wall:.0f} s | {images / wall:.1f} '
                  f'| {cpu:.0f} s | {images / cpu:.1f} |', flush=True)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == '__main__':
    sys.exit(main())
