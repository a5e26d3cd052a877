# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Files appear whole or not at all, and leave nothing temporary behind."""

import os

import cv2
import numpy as np
import pytest
from refusals import one_line

from mocap23_ros.atomic_files import replacing, write_npz, write_text
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_output_folder, check_writable


def test_the_file_takes_its_name_only_when_all_is_written(tmp_path):
    path = tmp_path / 'new' / 'folder' / 'a.txt'
    with replacing(path) as temporary:
        temporary.write_text('whole')
        assert not path.exists() and temporary.parent == path.parent
    assert path.read_text() == 'whole' and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text('half')
        raise error
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]


def test_half_written_files_are_not_found_by_their_suffix(tmp_path):
    with replacing(tmp_path / 'a.npz') as temporary:
        temporary.write_bytes(b'half')
        assert not list(tmp_path.glob('*.npz'))


def test_libraries_that_insist_on_a_suffix_get_it(tmp_path):
    with replacing(tmp_path / 'a.png', keep_suffix=True) as temporary:
        assert cv2.imwrite(str(temporary), np.zeros((2, 2, 3), np.uint8))
    assert cv2.imread(str(tmp_path / 'a.png')).shape == (2, 2, 3)


def test_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    path = tmp_path / 'a.txt'
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text('1')
        second.write_text('2')
    assert path.read_text() == '1' and list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_was_written(tmp_path):
    write_text(tmp_path / 'a', 'ö')
    (tmp_path / 'plain').write_text('ö', encoding='utf-8')
    assert (tmp_path / 'a').stat().st_mode == (tmp_path / 'plain').stat().st_mode
    assert (tmp_path / 'a').read_text(encoding='utf-8') == 'ö'


@pytest.mark.parametrize('write', [lambda path: write_text(path, 'a'),
                                   lambda path: write_npz(path, {'a': np.zeros(2)})])
def test_a_place_that_cannot_be_written_gives_one_clear_line(tmp_path, write):
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match=r'file.a\.npz cannot be written \(.*\); choose'):
        write(tmp_path / 'file' / 'a.npz')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(InputError, match='folder cannot be written'):
        write(tmp_path / 'folder')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['file', 'folder']


@pytest.mark.parametrize('kind', ['pipe', 'link to a device', 'folder'])
def test_what_is_no_regular_file_is_never_replaced(tmp_path, kind):
    path = tmp_path / 'target'
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'folder':
        path.mkdir()
    else:
        path.symlink_to(os.devnull)
    before = path.lstat().st_ino  # not all: who looks at a link changes its time of access
    for write in (lambda: write_text(path, 'a'), lambda: write_npz(path, {'a': np.zeros(2)}),
                  lambda: check_writable(path)):
        with one_line('target cannot be written .it is a'):
            write()
    assert path.lstat().st_ino == before and list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_file_is_replaced(tmp_path):
    (tmp_path / 'old').write_text('old')
    (tmp_path / 'link').symlink_to(tmp_path / 'old')
    check_writable(tmp_path / 'link')
    write_text(tmp_path / 'link', 'new')
    assert (tmp_path / 'link').read_text() == 'new'


def test_writability_is_tried_and_leaves_nothing(tmp_path):
    (tmp_path / 'file').write_text('')
    check_writable(tmp_path / 'new' / 'folder' / 'a.npz')
    check_writable(tmp_path / 'file')
    # Even an administrator may make no files in /proc.
    for path in ('/proc/x', '/proc/folder/x.npz', tmp_path / 'file' / 'x', tmp_path / ('x' * 300)):
        with pytest.raises(InputError, match='cannot be written'):
            check_writable(path)
    assert [p.name for p in tmp_path.iterdir()] == ['file']


def test_folders_are_tried_too(tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'nowhere').symlink_to(tmp_path / 'absent')
    before = sorted(tmp_path.iterdir())
    for path in (tmp_path, tmp_path / 'new' / 'folder', tmp_path / ('x' * 240)):
        check_output_folder(path)
    for path in (tmp_path / 'file', tmp_path / 'file' / 'x', tmp_path / 'nowhere',
                 tmp_path / 'nowhere' / 'x'):
        with pytest.raises(InputError, match='folder of the results: .* is not a folder'):
            check_output_folder(path)
    for path in ('/proc/x', '/proc', tmp_path / ('x' * 300), tmp_path / 'a\0b'):
        with pytest.raises(InputError, match='cannot be the folder of the results .* choose'):
            check_output_folder(path)
    for path in (tmp_path / 'nowhere' / 'x', tmp_path / 'a\0b'):
        with pytest.raises(InputError, match='cannot be written'):
            check_writable(path)
    assert sorted(tmp_path.iterdir()) == before


def test_archives_are_read_back_without_pickle(tmp_path):
    write_npz(tmp_path / 'a.npz', {'joints': np.arange(6).reshape(2, 3)})
    with np.load(tmp_path / 'a.npz', allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive['joints'], [[0, 1, 2], [3, 4, 5]])
