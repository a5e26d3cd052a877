# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The three forms of triangulation: where they agree, how they differ, where svd is refused."""

import dataclasses

import numpy as np
import onnxruntime
import pytest
from reference_geometry import triangulate_dlt
from refusals import refused
from training_helpers import JOINTS, scene, torch, views_of

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.errors import InputError
from mocap23_ros.experiments.ablations import ABLATIONS
from mocap23_ros.experiments.triangulation_study import with_triangulation
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.lifter_graph import LifterGraph
from mocap23_ros.network.lifter_model import LifterModel, LifterOptions
from mocap23_ros.network.models import load_network, make_model
from mocap23_ros.network.tiers import find_tier
from mocap23_ros.network.triangulation import (
    split_planes,
    stack_planes,
    triangulate,
    triangulate_on_ray,
    triangulate_svd,
    triangulate_three_unknowns,
)
from mocap23_ros.network.triangulation_forms import TRIANGULATIONS
from mocap23_ros.network.views import RigJitter, make_views, project
from mocap23_ros.network.weights_file import read_card, save_weights
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.training.export_tier import load_exportable
from mocap23_ros.training.graph_export import (
    OPSET,
    example_inputs,
    export_graph,
    without_exporter_notes,
)
from mocap23_ros.training.run import train_stage
from mocap23_ros.training.run_identity import check_same_run, run_identity


def reference(views, u, v, weight):
    """The numpy SVD of one sample: [T,J,3]."""
    axes = views.axes[0].double().numpy()
    axes[:, 1] *= -1  # right, up, forward -> the image's right, down, forward
    centre = views.centre[0].double().numpy()
    view_T_world = np.tile(np.eye(4), (*centre.shape[:2], 1, 1))  # [V,T,4,4]
    view_T_world[..., :3, :3] = axes[:, None]
    view_T_world[..., :3, 3] = -np.einsum('vij,vtj->vti', axes, centre)
    points = np.stack([u[0].double().numpy(), -v[0].double().numpy()], axis=-1)  # [V,T,J,2]
    return triangulate_dlt(points.transpose(1, 2, 0, 3),
                           view_T_world.transpose(1, 0, 2, 3)[:, None],
                           weight[0].double().numpy().transpose(1, 2, 0))


def noisy_images(joints, views, seed, deviation=0.003):
    generator = torch.Generator().manual_seed(seed)
    u, v, _ = project(views, split_planes(joints))
    return (u + deviation * torch.randn(u.shape, generator=generator, dtype=u.dtype),
            v + deviation * torch.randn(v.shape, generator=generator, dtype=u.dtype))


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('count', [2, 3, 4])
def test_consistent_views_give_the_same_joints_in_every_form(seed, count):
    """Whatever the weights, the cameras, the distance: all views say one point."""
    generator = torch.Generator().manual_seed(seed)
    distance = float(1.5 + 10 * torch.rand(1, generator=generator))
    camera, anchor, joints = scene(seed=seed, distance=distance)
    torch.manual_seed(seed)
    views = views_of(camera, anchor, jitter=RigJitter(), views=count)
    u, v, _ = project(views, split_planes(joints))
    trust = torch.rand(3, 6, JOINTS, generator=generator)
    weight = torch.exp(4 * torch.rand(3, count - 1, 6, JOINTS, generator=generator) - 2)
    # Without the prior, which holds a joint of little weight to the anchor's depth.
    found = {'ray': triangulate_on_ray(views, u, v, weight, prior=0.0)[0],
             **{form: triangulate(form, views, u, v, trust, weight) for form in ('three', 'svd')}}
    for form, planes in found.items():
        error = float((stack_planes(planes) - joints).abs().max())
        assert error < 2e-3, (form, error)
    planes = triangulate('ray', views, u, v, trust, weight)
    assert torch.equal(stack_planes(planes),
                       stack_planes(triangulate_on_ray(views, u, v, weight)[0]))


def test_svd_is_the_reference_in_numpy():
    camera, anchor, joints = scene(batch=1, length=4)
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-3)):
        views = views_of(camera.to(dtype), anchor.to(dtype))
        u, v = noisy_images(joints.to(dtype), views, 1)
        weight = torch.rand(1, 4, 4, JOINTS, generator=torch.Generator().manual_seed(2),
                            dtype=dtype) + 0.1
        found = stack_planes(triangulate_svd(views, u, v, weight))[0].numpy()
        assert found.dtype == np.dtype(str(dtype).removeprefix('torch.'))
        assert np.abs(found - reference(views, u, v, weight)).max() < tolerance


def test_three_unknowns_are_near_the_svd_of_noisy_views():
    camera, anchor, joints = scene(batch=1, length=1)
    views = views_of(camera, anchor)
    u, v = noisy_images(joints, views, 1)
    weight = torch.ones(1, 4, 1, JOINTS)
    closed = stack_planes(triangulate_three_unknowns(views, u, v, weight, split_planes(joints)))
    # Not the same: they weigh the views by depth differently.
    assert np.abs(closed[0].numpy() - reference(views, u, v, weight)).max() < 5e-3


def test_a_wrong_ray_holds_the_joint_only_where_it_is_trusted():
    camera, anchor, joints = scene(batch=1)
    views = views_of(camera, anchor)
    u, v, _ = project(views, split_planes(joints))
    u[:, 0] += 0.1  # 40 cm at 4 m
    weight = torch.ones(1, 3, 6, JOINTS)

    def error(form, trust):
        found = triangulate(form, views, u, v, torch.full((1, 6, JOINTS), trust), weight)
        return float((stack_planes(found) - joints).norm(dim=-1).mean())

    assert error('ray', 0.0) > 0.3  # the ray is followed in any case
    for form in ('three', 'svd'):
        assert error(form, 0.0) < 0.02 < 0.1 < error(form, 1.0) < error('ray', 1.0)


def test_one_unknown_is_the_limit_of_three_for_a_ray_without_doubt():
    camera, anchor, joints = scene(batch=1)
    views = views_of(camera, anchor)
    u, v = noisy_images(joints, views, 3, 0.01)
    weight = torch.ones(1, 4, 6, JOINTS)
    exact = stack_planes(triangulate_on_ray(views, u, v, weight[:, 1:], prior=0.0)[0])

    def distance(first):
        weight[:, 0] = first
        start = split_planes(joints)
        found = stack_planes(triangulate_three_unknowns(views, u, v, weight, start))
        return float((found - exact).norm(dim=-1).mean())

    assert distance(1000.0) < 1e-3 < 5e-3 < distance(1.0)


def lifter(form, **options):
    torch.manual_seed(0)
    model = LifterModel(dataclasses.replace(find_tier('xs'), window_length=4, width=16, layers=1),
                        COCO17, LifterOptions(triangulation=form, **options)).eval()
    with torch.no_grad():  # the output layer begins as zero: views that know nothing of each other
        model.denoiser.output.weight.normal_(std=0.05)
        model.view_trust.weight.normal_(std=0.1)
    return model


@pytest.mark.parametrize('views', [2, 4])
@torch.no_grad()
def test_every_form_lifts_also_people_who_are_not_seen(views):
    model = lifter('ray', views=views)
    observation, camera, anchor, stature = example_inputs(model, 2, False)
    observation = torch.cat([observation, observation.clone().zero_()])
    camera, anchor, stature = (torch.cat([x, x]) for x in (camera, anchor, stature))
    found = {form: with_triangulation(model, form)(observation, camera, anchor, stature).joints
             for form in TRIANGULATIONS}
    assert all(torch.isfinite(joints).all() for joints in found.values())
    assert (found['three'] - found['ray']).abs().max() > 1e-3
    assert (found['svd'] - found['ray']).abs().max() > 1e-3
    for form in TRIANGULATIONS:  # weights are shared, not the choice
        assert with_triangulation(model, form).options.triangulation == form
    assert model.options.triangulation == 'ray'


@pytest.fixture
def weights_of(tmp_path):
    def write(name, **changes):
        configuration = TrainingConfiguration(tier='xs', **changes)
        path = tmp_path / f'{name}.safetensors'
        fields = dataclasses.asdict(configuration)
        if name == 'old':
            del fields['triangulation']
        save_weights(path, make_model(configuration, 'finetune'),
                     {'stage': 'finetune', 'configuration': fields})
        return path
    return write


@pytest.mark.parametrize('form', TRIANGULATIONS)
def test_the_form_is_on_the_card_and_comes_back_with_the_weights(weights_of, form):
    model, card = load_network(weights_of(form, triangulation=form, views=3))
    assert model.options == LifterOptions(views=3, triangulation=form)
    assert card['configuration']['triangulation'] == form


def test_cards_of_before_mean_ray(weights_of):
    path = weights_of('old')
    assert 'triangulation' not in read_card(path)['configuration']
    assert load_network(path)[0].options.triangulation == 'ray'


def test_runs_of_before_are_gone_on_with_by_ray_alone(tmp_path):
    ray = TrainingConfiguration(tier='xs')
    identity = run_identity('finetune', ray, {})
    old = {**identity, 'configuration': {**identity['configuration']}}
    del old['configuration']['triangulation']
    check_same_run(old, identity, tmp_path)
    three = run_identity('finetune', dataclasses.replace(ray, triangulation='three'), {})
    with pytest.raises(InputError, match='triangulation ray, not three'):
        check_same_run(old, three, tmp_path)
    check_same_run({}, three, tmp_path)  # nothing is known of it


def test_svd_is_neither_trained_nor_exported(weights_of, tmp_path, capsys):
    small = TrainingConfiguration(tier='xs', steps=1, batch_size=2, triangulation='svd')
    for stage in ('pretrain', 'finetune'):
        with pytest.raises(InputError, match='gradient is undefined.*take ray or three'):
            train_stage(stage, small, None, tmp_path / 'run')
    assert not (tmp_path / 'run').exists()
    path = weights_of('svd', triangulation='svd')
    with pytest.raises(InputError, match='not for export'):
        load_exportable(path)
    with pytest.raises(InputError, match='not for export'), torch.no_grad():
        export_graph(LifterGraph(lifter('svd'), 1), tmp_path / 'a.onnx')
    refused(main(['export', '--weights', str(path), '--out', str(tmp_path / 'engines')]),
            capsys, 'triangulation svd is for inference')
    assert not (tmp_path / 'engines').exists() and not (tmp_path / 'a.onnx').exists()


def test_three_unknowns_train_and_a_run_is_resumed_with_its_own_form_only(tmp_path):
    assert ABLATIONS['three unknowns'].changes == {'triangulation': 'three'}
    clips = procedural_motion(0.3, seed=0)
    three = TrainingConfiguration(tier='xs', steps=2, batch_size=2, warm_up=1,
                                  checkpoint_seconds=1e9, triangulation='three')
    path = train_stage('finetune', three, clips, tmp_path)
    figures = read_card(path)['last_training_figures']
    assert np.isfinite(list(figures.values())).all()
    assert load_network(path)[0].options.triangulation == 'three'
    with pytest.raises(InputError, match='triangulation three, not ray'):
        train_stage('finetune', dataclasses.replace(three, triangulation='ray', steps=3), clips,
                    tmp_path)


class Triangulation(torch.nn.Module):
    """The part of the graph that differs; a whole one takes a minute to export."""

    def forward(self, camera, anchor, images):
        views = make_views(camera, anchor)
        weight = torch.ones_like(images[:, 0])
        return stack_planes(triangulate('three', views, images[:, 0], images[:, 1],
                                        0.3 * weight[:, 0], weight[:, 1:]))


def test_three_unknowns_are_exported(tmp_path):
    def inputs(batch):
        camera, anchor, joints = scene(batch=batch)
        u, v = noisy_images(joints, views_of(camera, anchor), 1)
        return camera, anchor, torch.stack([u, v], dim=1)

    path, names = tmp_path / 'three.onnx', ('camera', 'anchor', 'images')
    people = torch.export.Dim('people', min=1, max=64)
    with torch.no_grad(), without_exporter_notes():
        torch.onnx.export(Triangulation().eval(), inputs(3), path, dynamo=True, opset_version=OPSET,
                          input_names=names, output_names=['joints'],
                          dynamic_shapes=tuple({0: people} for _ in names), verbose=False)
    session = onnxruntime.InferenceSession(str(path))
    given = inputs(5)
    found = session.run(None, {name: value.numpy()
                               for name, value in zip(names, given, strict=True)})[0]
    assert np.allclose(found, Triangulation()(*given).numpy(), atol=1e-3)
