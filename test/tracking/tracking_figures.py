# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how well ids are kept in scenes of wandering people; needs ``pip install motmetrics``.

    PYTHONPATH=.:test/tracking:test/lifting python test/tracking/tracking_figures.py
"""

import time

import motmetrics
import numpy as np
from tracking_scenes import VIEW, detections_of, wandering

from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker

METRICS = ['num_switches', 'idf1', 'mota', 'num_false_positives', 'num_misses']
SEEDS = range(4)


def accumulate(scene, images, view):
    """Matches between true and tracked people of a scene, and milliseconds an image took."""
    tracker, matches = Tracker(), motmetrics.MOTAccumulator(auto_id=True)
    started, ids = time.process_time(), set()
    everything = [tracker.update([d for _, d in found], stamp, view)
                  for found, stamp in zip(images, scene.stamps, strict=True)]
    took = 1e3 * (time.process_time() - started) / len(images)
    for found, tracks in zip(images, everything, strict=True):
        tracks = [t for t in tracks if t.state == TrackState.TRACKED]
        true = [(i, d) for i, d in found if i is not None]
        same = [[0.0 if np.array_equal(t.keypoints, d.keypoints, equal_nan=True) else np.nan
                 for t in tracks] for _, d in true]
        matches.update([i for i, _ in true], [t.person_id for t in tracks],
                       np.array(same).reshape(len(true), len(tracks)))
        ids |= {t.person_id for t in tracks}
    return matches, len(ids), took


def main():
    """Print a table by number of people, without and with the camera known."""
    print('| people | camera | switches | IDF1 | MOTA | false | missed | ids | ms |')
    print('|---|---|---|---|---|---|---|---|---|')
    for people in (2, 4, 6):
        scenes = [wandering(people, seed=seed) for seed in SEEDS]
        images = [detections_of(scene, seed) for seed, scene in zip(SEEDS, scenes, strict=True)]
        for name, view in (('unknown', None), ('known', VIEW)):
            parts = [accumulate(scene, seen, view)
                     for scene, seen in zip(scenes, images, strict=True)]
            table = motmetrics.metrics.create().compute_many(
                [part[0] for part in parts], metrics=METRICS, generate_overall=True)
            row = table.loc['OVERALL']
            print(f'| {people} | {name} | {row.num_switches:.0f} | {row.idf1:.3f} | '
                  f'{row.mota:.3f} | {row.num_false_positives:.0f} | {row.num_misses:.0f} | '
                  f'{np.mean([part[1] for part in parts]):.1f} | '
                  f'{np.mean([part[2] for part in parts]):.2f} |', flush=True)


if __name__ == '__main__':
    main()
