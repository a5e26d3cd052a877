# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift --bags``: many bags by several processes, a file of motion for each."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mocap23_ros.cli.bag_arguments import lift_settings
from mocap23_ros.cli.batch_arguments import (
    jobs_of,
    name_below,
    run_jobs,
    say_failures,
    shard_suffix,
)
from mocap23_ros.errors import InputError
from mocap23_ros.pipeline.refinement import RefinementSteps
from mocap23_ros.ros.settings import Settings
from mocap23_ros.writable_places import check_writable


@dataclass(frozen=True)
class BagLift:
    """How bags are lifted, and where the results go: below ``out`` as the bags lie below ``root``.

    find_input: whether bags without images are lifted from their keypoints. keypoints: folder for
    what the detector saw, None for nothing.
    """

    settings: Settings
    refinement: RefinementSteps
    root: Path
    out: Path
    find_input: bool = True
    topic: str | None = None
    tf_bags: tuple[Path, ...] = ()
    body_fit: bool = False
    keypoints: Path | None = None
    name: str = 'lift'

    @property
    def files(self) -> tuple[Path, ...]:
        """What else a result depends on."""
        return *self.settings.files, *self.tf_bags


def lift_recording(path: Path, lift: BagLift) -> dict[str, Any]:
    """Lift a bag into its file; returns a row of plain values. Raises InputError."""
    from mocap23_ros.evaluation.recording_evaluation import core_of
    from mocap23_ros.recordings.bag_lifter import BagSource, check_bag, fitting, lift_bag
    settings = fitting(lift.settings, path) if lift.find_input else lift.settings
    source = BagSource(path, lift.topic, lift.tf_bags)
    check_bag(source, settings)
    lifted = lift_bag(source, settings, core_of(settings, lift.refinement))
    name = name_below(lift.root, path)
    motion = lifted.motion.with_body() if lift.body_fit else lifted.motion
    target = lift.out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if lift.keypoints is not None:
        (lift.keypoints / name).parent.mkdir(parents=True, exist_ok=True)
        lifted.observed.save(lift.keypoints / name)
    motion.save(target)
    return {'recording': str(path), 'result': str(target), 'images': lifted.images,
            'refused': sum(lifted.refused.values()), 'people': int(motion.person_ids.size),
            'notes': '; '.join(lifted.notes) or None}


def lift_bags(arguments: argparse.Namespace, lifter: str) -> int:
    """Lift all; exit status 1 where some failed."""
    from mocap23_ros.evaluation.recording_batch import Manifest
    settings = lift_settings(arguments, lifter)
    lift = BagLift(settings, RefinementSteps.without(arguments.without), arguments.bags,
                   arguments.out, arguments.detector is None, arguments.topic,
                   tuple(arguments.tf), arguments.body_fit, arguments.save_keypoints)
    jobs = jobs_of(arguments, [lift])
    names: dict[Path, Path] = {}
    for job in jobs:
        name = name_below(arguments.bags, job.path)
        if name in names:
            raise InputError(f'{names[name]} and {job.path} would both become {name}; list them '
                             'in two files')
        names[name] = job.path
    record = arguments.out / f'lifted{shard_suffix(arguments)}.jsonl'
    check_writable(record)
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(record, lambda row: Path(row['result']).is_file())
    outcomes = run_jobs(arguments, jobs, manifest, lift_recording)
    rows = [outcome.row for outcome in outcomes if outcome.row is not None]
    print(f'{len(rows)} of {len(outcomes)} bags are lifted: '
          f'{sum(row["images"] for row in rows)} images, '
          f'{sum(row["people"] for row in rows)} people')
    return say_failures('lift', {str(outcome.job.path): outcome.failure for outcome in outcomes
                                 if outcome.row is None})
