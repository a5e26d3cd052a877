# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A real Ray cluster of two machines' daemons on this one; workers and a machine are killed."""

import os

import bag_examples as bags
import numpy as np
import pytest
from ray_stub import stub

from mocap23_ros.cli.main import main
from mocap23_ros.evaluation.ray_batch import run_on_ray
from mocap23_ros.evaluation.recording_batch import Manifest, make_jobs
from mocap23_ros.evaluation.recording_evaluation import Configuration

pytest.importorskip('ray', reason='ray is an optional extra')


@pytest.fixture(scope='module')
def cluster():
    """Two raylets with one CPU each."""
    from ray.cluster_utils import Cluster
    root = os.environ.get('PYTHONPATH', '')
    folder = os.path.dirname(__file__)
    os.environ['PYTHONPATH'] = f'{folder}:{root}'  # workers import the stub
    cluster = Cluster(initialize_head=True, head_node_args={
        'num_cpus': 1, 'include_dashboard': False, 'object_store_memory': 80_000_000})
    cluster.second = cluster.add_node(num_cpus=1, object_store_memory=80_000_000)
    cluster.wait_for_nodes()
    yield cluster
    os.environ['PYTHONPATH'] = root
    cluster.shutdown()


def run(cluster, folder, names, done=lambda outcome: None):
    return run_on_ray(make_jobs([folder / name for name in names], [Configuration()]),
                      Manifest(folder / 'rows.jsonl'), cluster.address, done, stub)


def test_lost_workers_cost_what_they_were_doing(cluster, tmp_path):
    outcomes = run(cluster, tmp_path, ['a', 'once', 'bad', 'always', 'b'])
    assert [o.row and o.row['recording'] for o in outcomes] == ['a', 'once', None, None, 'b']
    assert outcomes[2].failure == 'cannot be read'
    assert 'its worker was lost 4 times' in outcomes[3].failure
    calls = []
    again = run(cluster, tmp_path, ['a', 'once', 'b'], calls.append)
    assert not calls and [o.row['recording'] for o in again] == ['a', 'once', 'b']


def test_the_command_lifts_bags_on_the_cluster(cluster, tmp_path, capsys):
    bags.write(tmp_path / 'store' / 'a', [*bags.camera_messages(), *bags.keypoint_messages(25)])
    command = ['lift', '--bags', str(tmp_path / 'store'), '--lifter', 'geometric', '--on', 'ray',
               '--out', str(tmp_path / 'out'), '--address']
    assert main([*command, cluster.address]) == 0, capsys.readouterr().err
    assert np.load(tmp_path / 'out' / 'a.npz')['joints'].shape[:2] == (25, 2)
    assert main([*command[:-2], str(tmp_path / 'other'), '--address', '127.0.0.1:9']) == 2
    assert 'the Ray cluster 127.0.0.1:9 does not answer' in capsys.readouterr().err


def test_a_lost_machine_costs_what_it_was_doing(cluster, tmp_path):
    names = [f'slow{number}' for number in range(6)]
    nodes = set()

    def kill(outcome):
        nodes.add(outcome.row['node'])
        if len(nodes) == 2 and cluster.second is not None:
            cluster.remove_node(cluster.second, allow_graceful=False)
            cluster.second = None

    outcomes = run(cluster, tmp_path, names, kill)
    assert [o.row['recording'] for o in outcomes] == names and cluster.second is None
