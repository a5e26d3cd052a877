# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate --bag`` for the images of a bag: configurations side by side."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mocap23_ros.cli.batch_arguments import jobs_of, run_jobs, say_failures, shard_suffix
from mocap23_ros.cli.evaluate_bag_arguments import configurations
from mocap23_ros.cli.progress import progress, say
from mocap23_ros.cli.viewer_arguments import save_viewers, wants_viewer
from mocap23_ros.writable_places import check_writable

if TYPE_CHECKING:
    from mocap23_ros.evaluation.recording_evaluation import Configuration, JudgedBag
    from mocap23_ros.live.bag_run import BagRun


def evaluate_bag(arguments: argparse.Namespace) -> int:
    """Lift the bags with every configuration and write the report."""
    from mocap23_ros.evaluation import recording_evaluation as evaluation
    from mocap23_ros.evaluation.recording_report import NO_TRUTH, names_of, write_recording_report
    judged: dict[str, JudgedBag] = {}
    wanted = configurations(arguments)
    for bag, place in names_of(arguments.bag).items():
        known_people, known = evaluation.FoundPeople(), None
        for configuration in wanted:
            if len(arguments.bag) > 1:
                named = configuration.name if arguments.configurations else ''
                configuration = replace(configuration, name=': '.join(filter(None, [place, named])))
            # All configurations are judged by the same truth.
            configuration = replace(configuration, align=replace(configuration.align, known=known))
            with progress(f'{bag.name}: {configuration.name}') as report:
                result = evaluation.judge_bag(bag, configuration, report, known_people)
            judged[configuration.name] = result
            if result.comparison is not None:
                known = next(iter(result.comparison.alignments.values()), None)
    live = _play(arguments, wanted)
    floor = wanted[0].settings.floor_height
    document = write_recording_report(judged, arguments.out, live, floor)
    for note in document['notes']:
        if note != NO_TRUTH:
            say(f'mocap23 evaluate: {note}')
    if wants_viewer(arguments):
        from mocap23_ros.recordings.bag_images import bag_images
        lifted = judged[wanted[0].name].lifted
        save_viewers(arguments, {name: result.lifted.motion.raised(-floor)
                                 for name, result in judged.items()},
                     lifted.observed, bag_images(arguments.bag[0], lifted.topics.input))
    if arguments.overlay:
        _draw_overlays(arguments, judged, floor)
    for name, result in judged.items():
        print(f'{name}: {evaluation.text_of_figures(result.figures)}')
        if live:
            print(f'{name}, live: {_live_text(live[name].figures)}')
    return 0


def _draw_overlays(arguments: argparse.Namespace, judged: dict[str, 'JudgedBag'],
                   floor_height: float) -> None:
    from mocap23_ros.recordings.bag_images import bag_images
    from mocap23_ros.recordings.overlay_file import save_overlay
    for name, result in judged.items():
        lifted = result.lifted
        suffix = '' if len(judged) == 1 else '-' + re.sub(r'[^\w.=,-]', '_', name)
        with progress(f'{result.bag.name}: {name}, overlay') as report:
            save_overlay(arguments.out / f'overlay{suffix}.mp4', name,
                         lifted.motion.raised(-floor_height), lifted.observed,
                         bag_images(result.bag, lifted.topics.input), report)


def _play(arguments: argparse.Namespace, wanted: Sequence['Configuration']
          ) -> dict[str, 'BagRun']:
    """Play the bag through the node with every configuration; nothing without --live."""
    if arguments.live is None:
        return {}
    from mocap23_ros.evaluation.recording_evaluation import settings_of
    from mocap23_ros.live.bag_run import play_bag
    from mocap23_ros.recordings.bag_lifter import BagSource
    runs, bag = {}, arguments.bag[0]
    for number, configuration in enumerate(wanted):
        source = BagSource(bag, configuration.topic, configuration.tf_bags)
        with progress(f'{bag.name}: {configuration.name}, live') as report:
            runs[configuration.name] = play_bag(
                source, settings_of(bag, configuration),
                arguments.out / 'logs' / f'live-{number + 1}', arguments.live, report)
    return runs


def _live_text(figures: dict[str, Any]) -> str:
    latency = figures['latency_ms']
    times = ', '.join(f'{name} -' if value is None else f'{name} {value:.0f} ms'
                      for name, value in latency.items())
    memory = figures['memory_mb']['peak']
    return (f'latency {times}; {figures["frames_out"]} of {figures["frames_in"]} images published; '
            f'{figures["node_cpu_cores"]:.2f} cores'
            + ('' if memory is None else f', {memory:.0f} MB'))


def evaluate_bags(arguments: argparse.Namespace) -> int:
    """Lift and judge many bags; exit status 1 where some failed."""
    from mocap23_ros.evaluation import batch_report, recording_batch
    from mocap23_ros.evaluation.recording_evaluation import evaluate_recording
    batch_report.check_parquet()
    jobs = jobs_of(arguments, configurations(arguments))
    suffix = shard_suffix(arguments)
    check_writable(arguments.out / f'rows{suffix}.parquet')
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = recording_batch.Manifest(arguments.out / f'rows{suffix}.jsonl')
    outcomes = run_jobs(arguments, jobs, manifest, evaluate_recording)
    batch_report.write_rows(outcomes, arguments.out / f'rows{suffix}.parquet')
    document = batch_report.write_report(outcomes, arguments.bags.name, arguments.out, suffix)
    for name, values in document['recordings'].items():
        text = ', '.join(f'{key} {value:.4g}' for key, value in values.items()
                         if value is not None)
        print(f'{name}: {text}')
    return say_failures('evaluate', document['failures'])
