# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how well ids are kept in scenes of wandering people; needs ``pip install trackeval``.

    PYTHONPATH=.:test/tracking:test/lifting python test/tracking/tracking_figures.py
"""

import time

import numpy as np
from trackeval.metrics import CLEAR, HOTA, Identity
from tracking_scenes import VIEW, detections_of, wandering

from mocap23_ros.tracking.track import TrackState
from mocap23_ros.tracking.tracker import Tracker

SEEDS = range(4)
QUIET = {'PRINT_CONFIG': False}


def track(scene, images, view):
    """True and tracked people of a scene as TrackEval wants them, and milliseconds an image."""
    tracker = Tracker()
    started = time.process_time()
    everything = [tracker.update([d for _, d in found], stamp, view)
                  for found, stamp in zip(images, scene.stamps, strict=True)]
    took = 1e3 * (time.process_time() - started) / len(images)
    true_ids, ids, alike = [], [], []
    for found, tracks in zip(images, everything, strict=True):
        tracks = [t for t in tracks if t.state == TrackState.TRACKED]
        true = [(i, d) for i, d in found if i is not None]
        true_ids.append([i for i, _ in true])
        ids.append([t.person_id for t in tracks])
        alike.append(np.array([[float(np.array_equal(t.keypoints, d.keypoints, equal_nan=True))
                                for t in tracks] for _, d in true]).reshape(len(true), len(tracks)))
    (true_ids, true_count), (ids, count) = counted(true_ids), counted(ids)
    return {'gt_ids': true_ids, 'num_gt_ids': true_count, 'tracker_ids': ids,
            'num_tracker_ids': count, 'num_gt_dets': sum(map(len, true_ids)),
            'num_tracker_dets': sum(map(len, ids)), 'num_timesteps': len(images),
            'similarity_scores': alike}, took


def counted(ids):
    """Ids of images as numbers from 0 without gaps, and how many."""
    names = sorted(set().union(*ids))
    return [np.array([names.index(i) for i in some], int) for some in ids], len(names)


def judged(metric, sequences):
    return metric.combine_sequences({str(n): metric.eval_sequence(s)
                                     for n, s in enumerate(sequences)})


def main():
    """Print a table by number of people, without and with the camera known."""
    print('| people | camera | HOTA | IDF1 | MOTA | switches | false | missed | ids | ms |')
    print('|---|---|---|---|---|---|---|---|---|---|')
    for people in (2, 4, 6):
        scenes = [wandering(people, seed=seed) for seed in SEEDS]
        images = [detections_of(scene, seed) for seed, scene in zip(SEEDS, scenes, strict=True)]
        for name, view in (('unknown', None), ('known', VIEW)):
            parts = [track(scene, seen, view) for scene, seen in zip(scenes, images, strict=True)]
            sequences = [sequence for sequence, _ in parts]
            # Who is matched is the same detection, so that HOTA is the same for every threshold.
            hota = judged(HOTA(), sequences)['HOTA'].mean()
            clear, identity = judged(CLEAR(QUIET), sequences), judged(Identity(QUIET), sequences)
            print(f'| {people} | {name} | {hota:.3f} | {identity["IDF1"]:.3f} | '
                  f'{clear["MOTA"]:.3f} | {clear["IDSW"]:.0f} | {clear["CLR_FP"]:.0f} | '
                  f'{clear["CLR_FN"]:.0f} | '
                  f'{np.mean([s["num_tracker_ids"] for s in sequences]):.1f} | '
                  f'{np.mean([ms for _, ms in parts]):.2f} |', flush=True)


if __name__ == '__main__':
    main()
