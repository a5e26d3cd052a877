# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every exported graph: what torch computes, in FP16 too, and nothing that TensorRT cannot take."""

import numpy as np
import pytest

from mocap23_ros.engines.model_files import available_tiers, engines_folder, find_model
from mocap23_ros.engines.onnxruntime_backend import OnnxRuntimeBackend
from mocap23_ros.engines.tensorrt_builder import BuildOptions, build_engine
from mocap23_ros.engines.tensorrt_graph import layer_summary, parse_graph
from mocap23_ros.engines.tensorrt_library import load_tensorrt
from mocap23_ros.errors import InputError

GRAPHS = [(tier, kind) for tier in available_tiers() for kind in ('full', 'warm')]
EDGES = ('random', 'far', 'horizon', 'empty', 'behind')
pytestmark = pytest.mark.skipif(not GRAPHS, reason='no exported graph in engines/')


def make_inputs(backend, edge, people=3):
    """Inputs of a standing camera as lifting/network_inputs.py makes them."""
    generator = np.random.default_rng(5)
    arrays = {spec.name: generator.random((people, *spec.shape[1:]), np.float32)
              for spec in backend.inputs}
    observation, camera = arrays['observation'], arrays['camera']
    observation[..., :2] = 0.3 * observation[..., :2] - 0.15
    camera[:] = 0
    camera[..., 2:4] = 1.5, 1.0
    arrays['anchor'][:] = 4.0, 0.95, 0.2
    arrays['stature'][:] = 0
    distance = 4.0
    if edge == 'far':
        distance = arrays['anchor'][:, 0] = 24.5
        observation[..., :2] *= 0.15
    elif edge == 'horizon':
        observation[..., 1] = 0.001 * generator.random(observation.shape[:-1])
    elif edge in ('empty', 'behind'):  # nobody seen: zeros, never NaN
        observation[:] = 0
        distance = arrays['anchor'][:, 0] = 0.8 if edge == 'behind' else 4.0
    if 'previous' in arrays:
        arrays['previous'][:] = arrays['previous'] + np.array([distance, -0.5, 0.4], np.float32)
    return arrays


def distance_mm(a, b):
    return 1e3 * np.linalg.norm(a['joints'] - b['joints'], axis=-1)


@pytest.mark.parametrize('tier, kind', GRAPHS)
def test_graphs_agree_with_torch(tier, kind):
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    from mocap23_ros.engines.torch_backend import TorchBackend
    weights = engines_folder() / f'lifter_{tier}.safetensors'
    if not weights.exists():
        pytest.skip(f'{weights.name} is not here')
    model = find_model(tier)
    exported = OnnxRuntimeBackend(getattr(model, kind), threads=1)
    reference = TorchBackend(weights, model.steps, kind == 'warm', model.ray_temperature,
                             model.across_temperature)
    for edge in EDGES:
        arrays = make_inputs(exported, edge)
        want, have = reference.run(arrays), exported.run(arrays)
        assert all(np.isfinite(value).all() for value in have.values()), edge
        assert distance_mm(want, have).max() < 0.1, edge
        for name in ('contact', 'stature_estimate'):
            np.testing.assert_allclose(have[name], want[name], rtol=1e-3, atol=1e-4)
        # Packed xx xy xz yy yz zz: a far person's variance is square metres, so the errors of
        # the small elements are measured against the trace of their matrix.
        trace = want['covariance'][..., [0, 3, 5]].sum(-1, keepdims=True)
        np.testing.assert_allclose(have['covariance'] / trace, want['covariance'] / trace,
                                   rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize('tier, kind', GRAPHS)
def test_half_precision_stays_within_millimetres(tier, kind):
    single = OnnxRuntimeBackend(getattr(find_model(tier), kind), threads=1)
    half = OnnxRuntimeBackend(getattr(_half(tier), kind), threads=1)
    # Both have FP32 borders, so that one lifter feeds either.
    assert half.inputs == single.inputs and half.outputs == single.outputs
    for edge in EDGES:
        arrays = make_inputs(single, edge)
        have = half.run(arrays)
        assert all(np.isfinite(value).all() for value in have.values()), edge
        # 2 mm, or 0.2 mm for each metre of distance, of which half precision has fewer digits.
        allowed = max(2.0, 0.2 * float(arrays['anchor'][:, 0].max()))
        assert distance_mm(single.run(arrays), have).mean() < allowed, edge


@pytest.mark.parametrize('tier, kind', GRAPHS)
def test_people_of_a_batch_do_not_touch_each_other(tier, kind):
    backend = OnnxRuntimeBackend(getattr(find_model(tier), kind), threads=1)
    arrays = make_inputs(backend, 'random', people=4)
    together = {name: value.copy() for name, value in backend.run(arrays).items()}
    alone = backend.run({name: value[2:3] for name, value in arrays.items()})
    np.testing.assert_allclose(alone['joints'][0], together['joints'][2], atol=1e-4)


@pytest.mark.timeout(600)
@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('tier, kind', GRAPHS)
def test_tensorrt_takes_every_graph_and_builds_them(tier, kind, precision, tmp_path):
    try:
        library = load_tensorrt('tensorrt_rtx')
    except InputError as error:
        pytest.skip(str(error))
    graph = getattr(find_model(tier) if precision == 'fp32' else _half(tier), kind)
    _, network, _parser = parse_graph(library, graph)
    layers = layer_summary(network)
    assert layers['MATRIX_MULTIPLY'] > 10 and 'PLUGIN_V3' not in layers
    # The geometry is FP32 in every graph, the network FP16 where the file says so.
    types = {str(network.get_layer(index).get_output(0).dtype).rsplit('.', 1)[-1]
             for index in range(network.num_layers)
             if str(network.get_layer(index).type).endswith('MATRIX_MULTIPLY')}
    assert types == ({'FLOAT'} if precision == 'fp32' else {'FLOAT', 'HALF'})
    if (kind == 'full') != (precision == 'fp16'):
        return  # a build takes ten seconds: one for each precision and kind
    target = tmp_path / 'lifter.engine'
    manifest = build_engine(library, graph, target, BuildOptions(1, precision, '8.6'), None)
    assert manifest.engine_bytes == target.stat().st_size > 100_000
    assert manifest.profiles == (1,) and manifest.graph == graph.name


def _half(tier):
    try:
        return find_model(tier, precision='fp16')
    except InputError as error:
        pytest.skip(str(error))
