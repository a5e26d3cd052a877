# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lines of native libraries become log lines; everything else on stderr passes through."""

import os

import pytest

from mocap23_ros.ros.native_output import native_lines_to

NATIVE = ['INFO: Created TensorFlow Lite XNNPACK delegate for CPU.',
          'W0000 00:00:1795766425.466744   15323 feedback.cc:114] Feedback manager is off',
          'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR']
OTHERS = ['[WARN] [1795766425.098593361] [lifter_node]: a strange principal point', 'Killed', '']


@pytest.mark.parametrize('fails', [False, True])
def test_lines_are_told_apart_also_where_loading_fails(capfd, fails):
    logged = []
    try:
        with native_lines_to(logged.append):
            for line in [*NATIVE, *OTHERS]:
                os.write(2, (line + '\n').encode())
            if fails:
                raise RuntimeError('no model')
    except RuntimeError:
        assert fails
    os.write(2, (NATIVE[0] + '\n').encode())
    assert logged == NATIVE
    assert capfd.readouterr().err.splitlines() == [*OTHERS, NATIVE[0]]


def test_no_descriptor_is_left_open():
    before = len(os.listdir('/proc/self/fd'))
    for _ in range(20):
        with native_lines_to(lambda line: None):
            os.write(2, b'INFO: x\n')
    assert len(os.listdir('/proc/self/fd')) == before
