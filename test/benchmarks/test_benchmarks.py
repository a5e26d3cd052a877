# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark counts right, measures real calls and writes what it measured."""

import importlib.util
import json
import time

import pytest
from refusals import refused

from mocap23_ros.benchmarks.detector_speed import benchmark_detectors
from mocap23_ros.benchmarks.lifter_benchmark import largest_difference
from mocap23_ros.benchmarks.machine_limits import MachineLimits
from mocap23_ros.benchmarks.network_cost import lifter_cost, paper_cost
from mocap23_ros.benchmarks.path_benchmark import benchmark_mediapipe
from mocap23_ros.benchmarks.peers import compare_work
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.cache import cache_folder
from mocap23_ros.cli.main import main
from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.model_files import available_tiers, find_model
from mocap23_ros.network.tiers import TIERS, find_tier


@pytest.mark.parametrize('tier', ['s', 'm'])
@pytest.mark.parametrize('persons, steps', [(1, 1), (3, 2)])
def test_counted_operations_agree_with_torch(tier, persons, steps):
    torch = pytest.importorskip('torch', reason='counting needs torch (requirements/train.txt)')
    from torch.utils.flop_counter import FlopCounterMode

    from mocap23_ros.network.configuration import TrainingConfiguration
    from mocap23_ros.network.models import make_model
    from mocap23_ros.network.noise_schedule import time_grid
    from mocap23_ros.training.graph_export import example_inputs
    model = make_model(TrainingConfiguration(tier=tier), 'finetune').eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(*example_inputs(model, persons, False), times=time_grid(steps))
    counted = lifter_cost(find_tier(tier), persons, steps).flops
    # torch also counts what the graph folds: the first code projection and the time embedding,
    # and repeats the conditions in every evaluation.
    assert 0.9 < counted / counter.get_total_flops() < 1.02


def test_the_work_grows_as_it_should_and_is_far_below_the_papers():
    one, four = (lifter_cost(TIERS['s'], persons) for persons in (1, 4))
    assert four.flops == pytest.approx(4 * one.flops)
    assert one.moved_bytes < four.moved_bytes < 4 * one.moved_bytes
    assert 1.8e13 < paper_cost().flops < 2.4e13  # 20.6 TFLOP per 10 s window
    rows = {row['name']: row['times_less'] for row in compare_work()}
    assert rows['m, 2 steps'] > 500
    # Streaming computes most of a window again: T / 2 times the work of windows side by side.
    by_name = {row['name']: row for row in compare_work()}
    for name, length in (('s', 32), ('m', 64)):
        row = by_name[f'{name}, 2 steps']
        assert row['times_less'] / row['times_less_streamed'] == pytest.approx(length / 2, rel=0.06)


def test_the_floor_is_the_slower_of_products_and_copies():
    limits = MachineLimits(flops=1e9, bandwidth=1e9)
    assert limits.floor(2e6, 1e6) == pytest.approx(2.0)
    assert limits.floor(1e6, 5e6) == pytest.approx(5.0)


def test_measure_counts_calls_and_keeps_the_first_apart():
    calls = []

    def call():
        calls.append(1)
        if len(calls) == 1:
            time.sleep(0.05)

    timing = measure(call, calls=30, seconds=0.01)
    assert len(calls) == 1 + 3 + timing.calls and 20 <= timing.calls <= 30
    assert timing.first >= 50 > timing.median
    assert timing.median <= timing.p95 <= timing.p99
    assert measure(lambda: time.sleep(0.01), seconds=0.001).calls == 3


@pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
def test_backends_are_compared_on_the_same_inputs():
    graphs = [find_model('s', precision=precision).warm for precision in ('fp32', 'fp16')]
    full, half = (create_backend('onnxruntime', path) for path in graphs)
    assert largest_difference(full, full, 2) == 0.0
    assert 0.0 < largest_difference(half, full, 2) < 20.0


def test_the_command_writes_both_files(tmp_path, capsys):
    words = ['bench', '--no-path', '--no-peers', '--persons', '1', '2', '--seconds', '0.01',
             '--backends', 'onnxruntime', '--out', str(tmp_path)]
    tiers = available_tiers()[:1]
    assert main([*words, *(['--tiers', *tiers] if tiers else [])]) == 0
    result = json.loads((tmp_path / 'bench.json').read_text())
    assert result['limits']['gflops'] > 0 and result['commit'] and result['hardware']
    assert len(result['lifter']) == 4 * len(tiers)
    for row in result['lifter']:
        assert 0 < row['median'] <= row['p99'] and row['memory_mib'] > 0 and row['share'] > 0
    text = (tmp_path / 'bench.md').read_text()
    assert 'Projection, not measured' in text and 'GFLOP/s' in text
    assert main([*words, '--persons', '0']) == 2
    assert '--persons' in capsys.readouterr().err


def test_mediapipe_is_timed_on_the_sample_or_says_why_not():
    row = benchmark_mediapipe()
    if not any(cache_folder().glob('sample-*')):
        assert 'run mocap23 demo once' in row['reason']
    else:
        assert 0 < row['median'] <= row['p99'] and row['image'] == [1088, 1920]


def test_detectors_are_timed_by_number_of_people_or_say_why_not():
    rows = benchmark_detectors(0.01, counts=(1, 4), sizes=((1280, 720),))
    ours = [row for row in rows if row['detector'] == 'blazepose']
    if 'reason' in ours[0]:
        assert 'run mocap23' in ours[0]['reason'] or 'run: mocap23' in ours[0]['reason']
    else:
        assert ours[0]['found'] == 1 and 2 <= ours[1]['found'] <= 4  # the search has 15 s
        assert all(0 < row['median'] <= row['p95'] and row['cpu'] > 0 for row in ours)


@pytest.mark.skipif(not available_tiers(), reason='there are no exported graphs')
@pytest.mark.parametrize(('options', 'words'), [
    (['--backends', 'tensorrt'], 'none of --backends runs here: tensorrt: '),
    (['--tiers', 'zz'], "no exported graph of tier 'zz'"),
    (['--out', '/proc/bench'], 'cannot be written')])
def test_what_cannot_run_is_one_line_before_anything_is_measured(options, words, tmp_path, capsys):
    if 'tensorrt' in options and importlib.util.find_spec('tensorrt'):
        pytest.skip('TensorRT is installed')
    refused(main(['bench', '--no-path', '--no-peers', '--out', str(tmp_path / 'out'), *options]),
            capsys, words)
    assert not (tmp_path / 'out').exists()
