# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""npz files of unknown origin: read, or refused with one line before anything is allocated."""

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocap23_ros.errors import InputError
from mocap23_ros.npz_files import open_npz


def npy(shape, data=b'', descr='<f4', version=b'\x01\x00'):
    """The bytes of an npy member with a made-up header."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b'\x93NUMPY' + version + len(header).to_bytes(2, 'little') + header + data


def archive(path, **members):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name.replace('__', '.'), content)
    return path


def test_arrays_come_back(tmp_path):
    arrays = {'a': np.arange(6.0).reshape(2, 3).T, 'b': np.array('text'), 'c': np.zeros((0, 3))}
    np.savez(tmp_path / 'plain.npz', **arrays)
    np.savez_compressed(tmp_path / 'packed.npz', **arrays)
    for name in ('plain.npz', 'packed.npz'):
        with open_npz(tmp_path / name) as opened:
            assert set(opened.names) == {'a', 'b', 'c'}
            for key, value in arrays.items():
                np.testing.assert_array_equal(opened.read(key), value)


REFUSED = {
    'no npy inside': (npy((2,))[6:] + b'junk', 'not a readable npz'),
    'shorter than its header says': (npy((4,), bytes(8)), 'a is damaged'),
    'longer than its header says': (npy((1,), bytes(8)), 'a is damaged'),
    'negative': (npy((-2,), bytes(8)), 'a is damaged'),
    'terabytes': (npy((10**12,)), 'a unpacks to 4e.03 GB'),
    'more than a number can hold': (npy((10**30, 10**30)), 'a unpacks to'),
    'objects': (npy((1,), bytes(8), '|O'), 'a holds Python objects'),
    'unknown version': (npy((2,), bytes(8), version=b'\x07\x00'), 'not read|not a readable'),
    'header that ends in a string': (npy("(2,), '"), 'not a readable npz'),
    'header that ends in a bracket': (npy('((((2,)'), 'not a readable npz'),
    'header of indents': (npy('(2,)}\n   \n  {'), 'not a readable npz'),
    'nested header': (npy('(' * 5000 + ')' * 5000), 'not a readable npz'),
    'no such type': (npy((2,), bytes(8), 'Zf4'), 'not a readable npz'),
    'half a type': (npy((2,), bytes(8), ('a', 'b', 3)), 'a is damaged|not a readable npz'),
    'no shape': (npy('7'), 'not a readable npz'),
    'gigabytes of header': (b'\x93NUMPY\x02\x00' + (2**32 - 1).to_bytes(4, 'little')
                            + b' ' * 50_000_000, 'not a readable npz'),
    'shape that is code': (npy('__import__("os")'), 'not a readable npz'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_bad_members_are_one_line(tmp_path, case):
    content, words = REFUSED[case]
    path = archive(tmp_path / 'a.npz', a__npy=content)
    with pytest.raises(InputError, match=words) as error, open_npz(path) as opened:
        opened.read('a')
    assert '\n' not in str(error.value)


def test_headers_of_any_bytes_are_an_array_or_one_line(tmp_path):
    source = npy((3, 2), bytes(24))

    @settings(max_examples=200)
    @given(st.integers(0, len(source)), st.binary(max_size=12) | st.text(
        "()[]{}'\\\\\\n#:,0x", max_size=12).map(str.encode), st.integers(0, 20))
    def check(place, inserted, removed):
        content = source[:place] + inserted + source[place + removed:]
        path = archive(tmp_path / 'a.npz', a__npy=content)
        try:
            with open_npz(path) as opened:
                assert isinstance(opened.read('a'), np.ndarray)
        except InputError as error:
            assert '\n' not in str(error)
    check()


def test_faults_of_the_reader_are_not_taken_for_damage(tmp_path):
    path = archive(tmp_path / 'a.npz', a__npy=npy((2,), bytes(8)))
    with pytest.raises(ZeroDivisionError), open_npz(path):
        raise ZeroDivisionError


def test_arrays_together_are_bounded(tmp_path):
    np.savez(tmp_path / 'a.npz', a=np.zeros(60, np.uint8), b=np.zeros(60, np.uint8))
    with open_npz(tmp_path / 'a.npz', largest=100) as opened:
        opened.read('a')
        with pytest.raises(InputError, match='b unpacks to'):
            opened.read('b')


def test_other_files_are_one_line(tmp_path):
    np.save(tmp_path / 'single.npy', np.zeros(3))
    (tmp_path / 'renamed.npz').write_bytes((tmp_path / 'single.npy').read_bytes())
    (tmp_path / 'empty.npz').write_bytes(b'')
    whole = archive(tmp_path / 'whole.npz', a__npy=npy((2,), bytes(8))).read_bytes()
    (tmp_path / 'cut.npz').write_bytes(whole[:len(whole) // 2])
    for name, words in (('absent.npz', 'no such file'), ('', 'folder'),
                        ('renamed.npz', 'not a readable npz'), ('empty.npz', 'not a readable npz'),
                        ('cut.npz', 'not a readable npz')):
        with pytest.raises(InputError, match=words), open_npz(tmp_path / name):
            pass
    # Members that are no *.npy are no arrays.
    with open_npz(archive(tmp_path / 'raw.npz', a='text')) as opened:
        assert opened.names == ()
        with pytest.raises(InputError, match='the key a is missing; it has none'):
            opened.read('a')
