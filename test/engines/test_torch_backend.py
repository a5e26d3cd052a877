# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The development backend: weights in torch through the same registry and the same lifter."""

import shutil
import sys

import numpy as np
import pytest
from synthetic_people import look_at, walking_person, windows_of

from mocap23_ros.engines.backends import create_backend
from mocap23_ros.engines.model_files import available_tiers, engines_folder, find_model
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifters import create_lifter

WEIGHTS = engines_folder() / 'lifter_s.safetensors'
pytestmark = pytest.mark.skipif('s' not in available_tiers() or not WEIGHTS.exists(),
                                reason='no weights and graphs of tier s')
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))


def lifted(backend, steps=None, length=32):
    """Two windows of a walking person, the second one warm."""
    lifter = create_lifter('diffusion', tier='s', backend=backend, steps=steps)
    motions = []
    for start in (0.0, 1 / 20):
        stamps = start + np.arange(length) / 20
        person = walking_person(stamps, (4.0, -0.5), heading=1.4)
        motions.append(lifter.lift(windows_of([person], POSE, stamps)))
    lifter.close()
    return np.stack([motion.joints for motion in motions]), motions[1].covariance


def test_the_lifter_gives_what_the_exported_graphs_give():
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    joints, covariance = lifted('torch')
    expected, expected_covariance = lifted('onnxruntime')
    assert np.isfinite(joints).all()
    np.testing.assert_allclose(joints, expected, atol=1e-3)
    # The temperatures of the calibration are applied, too.
    np.testing.assert_allclose(covariance, expected_covariance, rtol=0.02, atol=1e-5)
    assert np.abs(lifted('torch', steps=5)[0] - joints)[0].max() > 1e-4


def test_weights_need_not_have_been_exported(tmp_path, monkeypatch):
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    shutil.copy(WEIGHTS, tmp_path)
    monkeypatch.setenv('MOCAP23_ENGINES', str(tmp_path))
    assert np.isfinite(lifted('torch')[0]).all()
    with pytest.raises(InputError, match='there are no weights at .*lifter_xs.safetensors'):
        create_lifter('diffusion', tier='xs', backend='torch')
    with pytest.raises(InputError, match="no tier 'zz'"):
        create_lifter('diffusion', tier='zz', backend='torch')


def test_the_registry_makes_it_and_refuses_graphs(tmp_path):
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    backend = create_backend('torch', WEIGHTS, steps=1, warm=True)
    assert backend.name == 'torch'
    assert [spec.name for spec in backend.inputs][-1] == 'previous'
    with pytest.raises(InputError, match='runs weights .*not the graph'):
        create_backend('torch', find_model('s').full)
    with pytest.raises(InputError, match='no option threads'):
        create_backend('torch', WEIGHTS, threads=1)
    (tmp_path / 'bad.safetensors').write_bytes(b'bad')
    with pytest.raises(InputError, match='bad.safetensors'):
        create_backend('torch', tmp_path / 'bad.safetensors')


def test_without_torch_one_line_says_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(
            ('mocap23_ros.training', 'mocap23_ros.engines.torch_backend'))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'torch', None)
    for make in (lambda: create_backend('torch', WEIGHTS),
                 lambda: create_lifter('diffusion', tier='s', backend='torch')):
        with pytest.raises(InputError, match='needs the package torch; .* make setup FOR=train'
                           ) as error:
            make()
        assert '\n' not in str(error.value)


def test_torch_refuses_other_precisions():
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    with pytest.raises(InputError, match='runs the weights in fp32, not int8'):
        create_lifter('diffusion', tier='s', backend='torch', precision='int8')
