# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a video was read to its end, where its container does not count frames."""

import numpy as np
import pytest
from test_video_file import REGULAR, encode, read

UNEVEN = np.cumsum(np.random.default_rng(0).choice([20, 30, 40], 60))  # at 30 Hz for the container


@pytest.mark.parametrize('times', [UNEVEN, REGULAR, REGULAR + 600_000])
def test_a_whole_video_is_whole_whatever_its_rate_and_start(tmp_path, times):
    stamps, _, video = read(encode(tmp_path / 'whole.mkv', times, container='matroska'))
    assert np.allclose(stamps, (times - times[0]) / 600, atol=2e-3)
    assert video.shortfall == ''


@pytest.mark.parametrize('times', [UNEVEN, REGULAR, REGULAR + 600_000])
def test_one_that_breaks_off_is_not(tmp_path, times):
    path = encode(tmp_path / 'cut.mkv', times, container='matroska')
    path.write_bytes(path.read_bytes()[:path.stat().st_size * 7 // 10])
    stamps, _, video = read(path)
    assert 5 < len(stamps) < 0.85 * len(times)
    read_of, said = (int(word) for word in video.shortfall.split() if word.isdecimal())
    assert read_of == len(stamps) and said == pytest.approx(len(times), rel=0.2)
