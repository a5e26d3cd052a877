# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One table of parameters: node, parameter files and documentation agree."""

import dataclasses
import re
from pathlib import Path

import pytest
import rclpy
import yaml
from rclpy.node import Node
from rclpy.parameter import Parameter

from mocap23_ros.errors import InputError
from mocap23_ros.ros.parameter_entries import misspelt_parameters, parameter_table
from mocap23_ros.ros.parameters import (
    declare_parameters,
    read_settings,
    warn_of_other_files,
)
from mocap23_ros.ros.settings import Settings

ROOT = Path(__file__).parents[2]
ENTRIES = {entry.name: entry for entry in parameter_table()}


@pytest.fixture
def context():
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.try_shutdown(context=context)


def make_node(context, *overrides):
    node = Node('parameters', context=context, parameter_overrides=list(overrides))
    try:
        declare_parameters(node)
    except InputError:
        node.destroy_node()
        raise
    return node


@pytest.mark.parametrize('path', sorted((ROOT / 'config').glob('*.yaml')), ids=lambda p: p.name)
def test_parameter_files_hold_what_the_node_declares(path):
    content = yaml.safe_load(path.read_text())
    assert list(content) == ['/**'], 'launch renames nodes: files must be keyed /**'
    for name, value in content['/**']['ros__parameters'].items():
        assert name in ENTRIES, f'{name} is no parameter of the node'
        entry = ENTRIES[name]
        assert type(value) is type(entry.default), f'{name}: 5 is not a double, write 5.0'
        assert entry.check(value) == ''
        if entry.minimum is not None:
            assert entry.minimum <= value <= entry.maximum


def test_default_file_lists_every_parameter_with_its_default():
    content = yaml.safe_load((ROOT / 'config' / 'lifter.yaml').read_text())
    assert content['/**']['ros__parameters'] == dataclasses.asdict(Settings())


def test_documented_table_is_the_declared_one():
    text = (ROOT / 'docs' / 'NODE.md').read_text()
    section = text.split('## Parameters')[1].split('\n## ')[0]
    rows = re.findall(r'^\| `(\w+)` ' + 5 * r'\| (.*?) ' + r'\|$', section, re.M)
    documented = [row[:5] for row in rows]
    declared = [
        (e.name, e.type_name, f'`{documented_default(e.default)}`', e.range_text,
         'start' if e.read_only else 'any time') for e in ENTRIES.values()]
    assert documented == declared


def documented_default(value):
    if isinstance(value, bool):
        return str(value).lower()
    return value if value != '' else "''"


def test_node_has_defaults_descriptions_and_ranges(context):
    node = make_node(context)
    assert read_settings(node) == Settings()
    for name, entry in ENTRIES.items():
        descriptor = node.describe_parameter(name)
        assert descriptor.description == entry.description
        assert descriptor.read_only == entry.read_only
        ranges = list(descriptor.floating_point_range) + list(descriptor.integer_range)
        assert bool(ranges) == (entry.minimum is not None)
    node.destroy_node()


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('detector', 'openpose', 'one of blazepose, mediapipe, onnx, external'),
    ('tf_timeout', 99.0, 'tf_timeout'),
    ('floor_height', float('nan'), 'nan'),
    ('max_people', 0, 'max_people'),
    ('floor_height', 1, 'write 5.0, not 5'),
    ('world_frame', 5, 'must be of type string'),
    ('world_frame', ' ', 'must name a TF frame, and is empty'),
    ('world_frame', '/map', 'must not begin with a slash; write "map"'),
    ('frame_prefix', '/robot/', 'must not begin with a slash; write "robot/"'),
    ('camera_pose', '1 2 3', 'must be seven numbers "x y z qx qy qz qw"'),
    ('camera_pose', '0 0 1.5 0 0 0 one', 'must be seven numbers'),
    ('camera_pose', '0 0 1.5 0 0 0 0.5', 'of length 0.5; it must be 1'),
    ('camera_pose', '0 0 1.5 0 0 0 0', 'length zero'),
    ('camera_pose', '0 0 inf 0 0 0 1', 'finite'),
    ('camera_pose', '0 0 1e6 0 0 0 1', 'm from the origin'),
    ('camera_pose', ' ', 'must be seven numbers'),
])
def test_bad_value_at_start_is_one_clear_line(context, name, value, reason):
    with pytest.raises(InputError, match=reason) as raised:
        make_node(context, Parameter(name, value=value))
    assert name in str(raised.value) and '\n' not in str(raised.value)


def test_dynamic_ones_change_and_read_only_ones_do_not(context):
    node = make_node(context)
    assert node.set_parameters([Parameter('floor_height', value=0.25)])[0].successful
    assert read_settings(node).floor_height == 0.25
    for name, value in (('world_frame', 'odom'), ('floor_height', float('inf')),
                        ('tf_timeout', 99.0)):
        result = node.set_parameters([Parameter(name, value=value)])[0]
        assert not result.successful and result.reason
    assert read_settings(node) == dataclasses.replace(Settings(), floor_height=0.25)
    node.destroy_node()


def test_misspelt_names_are_told_from_those_of_other_nodes():
    given = ['detectr', 'world-frame', 'floor_heigth', 'max_people', 'use_sim_time', 'exposure',
             'qos_overrides./image.subscription.depth', 'map_frame']
    assert misspelt_parameters(given) == {
        'detectr': 'detector', 'world-frame': 'world_frame', 'floor_heigth': 'floor_height'}


@pytest.mark.parametrize('namespace', ['/', '/robot', '/fleet/robot'])
@pytest.mark.parametrize('key', [
    'lifter', 'lifter_node', '/lifter_node', '/**', '/*', '/*/lifter_node', 'robot/lifter_node',
    '/**/lifter_node', '/robot/*', 'robot: {lifter_node'])
def test_files_for_nodes_of_other_names_are_told_as_rcl_has_it(tmp_path, capfd, key, namespace):
    path = tmp_path / 'lifter.yaml'
    path.write_text(f'{key}: {{ros__parameters: {{world_frame: odom}}}}{"}" * key.count("{")}')
    others = tmp_path / 'others.yaml'
    others.write_text('ekf: {ros__parameters: {world_frame: odom, rate: 30.0, two_d: true}}')
    arguments = ['--ros-args', '-r', f'__ns:={namespace}', '--params-file', str(path),
                 '--params-file', str(others)]
    context = rclpy.Context()
    rclpy.init(args=arguments, context=context)
    node = Node('lifter_node', context=context)
    declare_parameters(node)
    warn_of_other_files(node, arguments)
    took_it = read_settings(node).world_frame == 'odom'
    node.destroy_node()
    rclpy.shutdown(context=context)
    said = [line for line in capfd.readouterr().err.splitlines() if 'has no effect' in line]
    assert len(said) == (not took_it)
    if said:
        name = key.replace(': {', '/')
        assert 'lifter.yaml' in said[0] and f'those of "{name}"' in said[0]
