# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the player is given, unpacked again; the page itself: test_report_in_browser.py."""

import base64
import gzip

import numpy as np
import pytest

from mocap23_ros.evaluation import report_player
from mocap23_ros.evaluation.report_figures import thinned
from mocap23_ros.evaluation.report_player import pack_scene
from mocap23_ros.evaluation.report_scene import Scene, ScenePeople

FRAMES, RATE = 1500, 15.0


@pytest.fixture
def scene():
    """A truth of one; an estimate of two over 150 m, the second of whom comes late."""
    rng = np.random.default_rng(0)
    walk = np.linspace(0, 150, FRAMES)[:, None, None, None] * (1, 0, 0)
    joints = rng.normal(0, 0.3, (FRAMES, 2, 17, 3)) + (0, 0, 1) + walk
    joints[:800, 1] = np.nan
    factor = rng.normal(0, 0.05, (FRAMES, 2, 17, 3, 3))
    return Scene(np.arange(FRAMES) / RATE,
                 [ScenePeople('found', joints, [3, 8], factor @ np.swapaxes(factor, -1, -2))],
                 ScenePeople('truth', joints[:, :1] + 0.1, [1]),
                 rng.normal(0, 0.3, (FRAMES, 5, 3)) + walk[:, 0])


def unpack(head, number, text):
    """Channels [C,T] of a chunk."""
    data = np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8)
    low, high = data.reshape(2, -1).astype(np.uint16)
    steps = (low | high << 8).reshape(-1, head['chunks'][number]['frames'])
    return np.cumsum(steps, axis=1, dtype=np.uint16).astype(np.int16)


def test_a_millimetre_is_lost_at_most_and_absent_people_take_no_room(scene):
    head, texts = pack_scene(scene)
    assert [chunk['frames'] for chunk in head['chunks']] == [600, 600, 300]
    assert [chunk['people'] for chunk in head['chunks']] == [[[1], [3]], [[1], [3, 8]],
                                                             [[1], [3, 8]]]
    for number, chunk in enumerate(head['chunks']):
        channels = unpack(head, number, texts[number]).astype(float)
        channels[channels == head['unknown']] = np.nan
        rows = slice(chunk['first'], chunk['first'] + chunk['frames'])
        people = len(chunk['people'][1])
        sizes = np.cumsum([51, 51 * people, 102 * people, 15])
        truth, found, axes, camera, rest = np.split(channels, sizes)
        assert not len(rest) and 0.001 <= chunk['unit'] < 0.002

        def metres(part, chunk=chunk):
            return (part.T.reshape(chunk['frames'], -1, 3) * chunk['unit']
                    + np.array(chunk['origin']))
        for part, wanted in ((truth, scene.truth.joints), (camera, scene.frustum[:, None]),
                             (found, scene.people[0].joints[:, :people])):
            wanted = wanted[rows].reshape(chunk['frames'], -1, 3)
            assert np.allclose(metres(part), wanted, atol=0.51 * chunk['unit'], equal_nan=True)
        root = np.zeros((chunk['frames'], people, 17, 3, 3))
        values = head['axes_unit'] * axes.T.reshape(chunk['frames'], people, 17, 6)
        for place, (a, b) in enumerate(zip(*np.triu_indices(3), strict=True)):
            root[..., a, b] = root[..., b, a] = values[..., place]
        known = np.isfinite(root)
        wanted = scene.people[0].covariance[rows, :people]
        error = np.abs(root @ root - wanted)[known]
        assert error.max() < 2 * 0.002 * np.sqrt(np.abs(wanted).max()) + 1e-4


def test_long_recordings_lose_frames_not_peaks(scene, monkeypatch):
    monkeypatch.setattr(report_player, 'MOST_POSES', 500)
    head, texts = pack_scene(scene)
    stamps = np.frombuffer(base64.b64decode(head['stamps']), '<f4')
    assert len(stamps) == len(np.arange(0, FRAMES, 8)) and len(texts) == 1
    assert np.allclose(np.diff(stamps), 8 / RATE, atol=1e-4)
    values = np.zeros(100_000)
    values[70_001], values[5:9] = 400, np.nan
    kept, peaks = thinned(np.arange(100_000.0), values, 'max')
    assert len(kept) <= 3000 and peaks[kept == 70_001] == 400 and np.isfinite(peaks).all()
