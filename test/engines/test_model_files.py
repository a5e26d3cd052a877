# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of the exported graphs: read as it ships, refused with one line when damaged."""

import json
import shutil

import pytest
from refusals import refused

from mocap23_ros.cli.main import main
from mocap23_ros.engines.model_files import (
    available_tiers,
    engines_folder,
    find_model,
    read_manifest,
)
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.load_lifter import load_lifter

pytestmark = pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')


@pytest.fixture
def folder(tmp_path):
    for name in ('manifest.json', 'lifter_s.onnx', 'lifter_s_warm.onnx'):
        shutil.copy(engines_folder() / name, tmp_path)
    return tmp_path


def changed(*keys, to=None):
    """Set an entry below the tier s, or remove it where ``to`` is None."""
    def change(manifest):
        place = manifest['tiers']['s']
        for key in keys[:-1]:
            place = place[key]
        if to is None:
            place.pop(keys[-1])
        else:
            place[keys[-1]] = to
    return change


def test_the_shipped_manifest_is_complete(folder):
    model = find_model('s', folder)
    assert model.full.parent == folder and model.rate > 0 and model.window_length > 1


CHANGES = {
    'no full graph': (changed('full'), 'tier s: full must name a file'),
    'full graph is a text': (changed('full', to='x'), 'tier s: full must name a file'),
    'no checksum': (changed('warm', 'sha256'), 'tier s: warm must name a file'),
    'fp16 without files': (changed('fp16', to=[]), 'tier s: fp16 full must name a file'),
    'no temperature': (changed('ray_temperature'), 'ray_temperature must be a number'),
    'NaN temperature': (changed('across_temperature', to=float('nan')), 'across_temperature'),
    'negative floor': (changed('ray_floor', to=-1), 'ray_floor must be a number from 0 to 1'),
    'rate 0': (changed('rate', to=0), 'rate must be a number from 0.1'),
    'window as text': (changed('window_length', to='abc'), 'window_length must be a number'),
    'half a step': (changed('steps', to=1.5), 'steps must be a number'),
    'steps as a truth value': (changed('steps', to=True), 'steps must be a number'),
    'skeleton as a number': (changed('skeleton', to=3), 'tier s: no skeleton'),
    'weights as text': (changed('weights', to='x'), 'tier s: weights must name'),
    'tier without entry': (lambda m: m['tiers'].update(s=[]), 'tier s is not an object'),
    'tiers as a list': (lambda m: m.update(tiers=[]), 'no tiers'),
    'later version': (lambda m: m.update(version=9), 'version 9, not 1'),
    'no version': (lambda m: m.pop('version'), 'version None'),
}


def unusable(folder, words):
    with pytest.raises(InputError, match=words) as error:
        find_model('s', folder)
    text = str(error.value)
    assert str(folder / 'manifest.json') in text and '\n' not in text and 'mocap23 export' in text


@pytest.mark.parametrize('case', CHANGES)
def test_a_damaged_entry_is_one_line_that_says_what_to_run(folder, case):
    change, words = CHANGES[case]
    manifest = json.loads((folder / 'manifest.json').read_text())
    change(manifest)
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    unusable(folder, words)


@pytest.mark.parametrize(('content', 'words'), [
    (b'', 'not JSON'), (b'\xff\xfe\x00', 'not JSON'), (b'[]', 'no tiers'), (b'null', 'no tiers'),
    (b'[' * 100_000, 'not JSON'), (b' ' * (1 << 20) + b'{}', 'too large')],
    ids=['empty', 'binary', 'list', 'null', 'nested', 'large'])
def test_another_file_is_one_line(folder, content, words):
    (folder / 'manifest.json').write_bytes(content)
    unusable(folder, words)


def test_a_folder_in_its_place_is_one_line(folder):
    (folder / 'manifest.json').unlink()
    (folder / 'manifest.json').mkdir()
    unusable(folder, 'directory')
    with pytest.raises(InputError):
        available_tiers(folder)


def test_absent_graphs_and_tiers_are_told(folder):
    (folder / 'lifter_s.onnx').unlink()
    with pytest.raises(InputError, match='lifter_s.onnx is missing; run'):
        find_model('s', folder)
    with pytest.raises(InputError, match="no exported graph of tier 'm'.*there are: s"):
        find_model('m', folder)
    with pytest.raises(InputError, match='manifest.json is missing'):
        read_manifest(folder / 'none' / 'manifest.json')


def test_the_file_that_is_parsed_is_the_one_that_was_checked(folder):
    model = find_model('s', folder)
    load_lifter(model, 'onnxruntime').close()
    shutil.copy(model.warm, model.full)  # a graph that runs, but not the one of the manifest
    with pytest.raises(InputError, match='lifter_s.onnx is damaged or another file'):
        load_lifter(model, 'onnxruntime')


@pytest.mark.parametrize('options', [[], ['--check']])
def test_build_engine_tells_a_folder_from_a_missing_engine(tmp_path, options, capsys):
    for graph, words in ((tmp_path, 'is a folder'), (tmp_path / 'none.onnx', 'is no file')):
        refused(main(['build-engine', '--graph', str(graph), *options]), capsys, words, str(graph))
