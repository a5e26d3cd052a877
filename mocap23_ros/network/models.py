# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Build the network that a configuration names, or that a weights file holds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration, configuration_from
from mocap23_ros.network.lifter_model import LifterModel, LifterOptions
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.network.tiers import Tier, find_tier
from mocap23_ros.network.weights_file import load_weights, read_card
from mocap23_ros.skeletons.formats import find_format
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def configured_tier(configuration: TrainingConfiguration) -> Tier:
    """Tier with the configuration's ground encoder."""
    tier = find_tier(configuration.tier)
    return replace(tier, ground=configuration.ground or tier.ground,
                   pointmap_size=configuration.pointmap_size or tier.pointmap_size)


def configured_skeleton(configuration: TrainingConfiguration) -> SkeletonFormat:
    """Keypoint format by name; InputError for formats that cannot be trained on."""
    return keypoint_layout(find_format(configuration.skeleton)).skeleton


def make_model(configuration: TrainingConfiguration,
               stage: str) -> LifterModel | RayDepthRegressor:
    """Network of a stage with fresh weights; seed torch first."""
    tier, skeleton = configured_tier(configuration), configured_skeleton(configuration)
    if configuration.model == 'ray_depth':
        return RayDepthRegressor(tier, skeleton, 'transformer')
    if configuration.model == 'tcn':
        return RayDepthRegressor(tier, skeleton, 'tcn')
    view_attention = configuration.view_attention and stage != 'pretrain'
    return LifterModel(tier, skeleton, LifterOptions(
        configuration.views, view_attention, configuration.trust_ray, configuration.decouple,
        configuration.triangulation, configuration.proportions))


def load_network(weights: Path) -> tuple[LifterModel | RayDepthRegressor, dict[str, Any]]:
    """Network (lifter or learned baseline) with the weights of a file, and its card."""
    card = read_card(weights)
    try:
        configuration = configuration_from(card.get('configuration'))
    except InputError as error:
        raise InputError(f'{weights}: its card has no usable configuration ({error}); it was '
                         f'written by another version') from None
    model = make_model(configuration, card.get('stage', 'finetune'))
    load_weights(weights, model)
    return model.eval(), card
