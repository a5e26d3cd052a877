# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of the learned lifter, as data."""

from dataclasses import dataclass

from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class Tier:
    """One size of the multi-view denoiser and the windows that it works on.

    width, layers, heads, feedforward: transformer sizes.
    window_length: samples T of a window; rate: samples per second.
    ground: how the floor enters: ``vector`` (camera vector only), ``grid`` (analytic pointmap
        tokens, grid_size x grid_size per view) or ``resnet18`` (the paper's pointmap encoder on
        maps of pointmap_size x pointmap_size pixels).
    views: the real view and the virtual ones.
    """

    name: str
    width: int
    layers: int
    heads: int
    feedforward: int
    window_length: int
    rate: float
    ground: str = 'vector'
    grid_size: int = 4
    pointmap_size: int = 224
    views: int = 4


TIERS = {
    tier.name: tier
    for tier in (
        Tier('xs', 96, 3, 4, 192, 24, 15.0),
        Tier('s', 128, 4, 4, 384, 32, 20.0),
        Tier('m', 256, 6, 4, 768, 64, 30.0, ground='grid'),
        Tier('l', 512, 8, 8, 1024, 96, 30.0, ground='grid', grid_size=7),
        # The released network of the paper: one token per frame of 10 s, ResNet-18 pointmaps.
        Tier('paper', 512, 8, 4, 1024, 300, 30.0, ground='resnet18'),
    )
}


def find_tier(name: str) -> Tier:
    """Return a tier by name; InputError names the known ones."""
    try:
        return TIERS[name]
    except KeyError:
        known = ', '.join(TIERS)
        raise InputError(f'there is no tier {name!r}; choose one of {known}') from None


@dataclass(frozen=True)
class Temperatures:
    """Factors on the standard deviations along and across the viewing ray."""

    ray: float
    across: float
