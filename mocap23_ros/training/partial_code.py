# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion codes of people with missing joints, and which of their channels are valid.

Root and scale tie all channels together: the root is the middle of the hips, the scale the RMS
radius of all joints. A sample without hips therefore has no code. Where other joints are missing,
the scale follows from the known ones and their share of the squared radius in the training motion.
"""

import torch
from torch import Tensor

from mocap23_ros.network.motion_code import MotionCode
from mocap23_ros.network.views import Views

_MINIMUM_SHARE = 0.5  # of the squared radius; with less known, the scale is a guess


def encode_known(code: MotionCode, u: Tensor, v: Tensor, known: Tensor, views: Views,
                 kind: Tensor) -> tuple[Tensor, Tensor]:
    """Standardised code [B,1,T,2J+3] of image planes u, v [B,1,T,J], and its channels that hold.

    known: bool [B,1,T,J]; the values of other joints have no influence. kind [B] as in
    ``MotionCode.encode``, whose result this is where everything is known. Channels that do not
    hold are interpolated over time, and the mean where they never hold; the second result, bool
    [B,1,T,2J+3], leaves them out of the loss.
    """
    left, right = code.hips
    share_of_joint = _radius_shares(code, kind)
    weight = known.to(u.dtype)
    share = (share_of_joint * weight).sum(-1, keepdim=True)
    usable = known[..., left:left + 1] & known[..., right:right + 1] & (share >= _MINIMUM_SHARE)

    # Unknown joints get the radius with which the RMS over all joints is what the known ones say.
    root_u = 0.5 * (u[..., left:left + 1] + u[..., right:right + 1])
    root_v = 0.5 * (v[..., left:left + 1] + v[..., right:right + 1])
    zero = torch.zeros_like(u)
    square = torch.where(known, (u - root_u) ** 2 + (v - root_v) ** 2, zero)
    absent = (1 - weight).sum(-1, keepdim=True).clamp(min=1)
    radius = torch.sqrt(square.sum(-1, keepdim=True) * (1 - share).clamp(min=0)
                        / (share.clamp(min=_MINIMUM_SHARE) * absent))
    u = torch.where(usable, torch.where(known, u, root_u + radius), zero)
    v = torch.where(usable, torch.where(known, v, root_v), zero)

    clean = code.encode(u, v, views, kind)
    joints = known & usable
    holds = torch.cat([joints, joints, usable, usable, usable], dim=-1)
    return interpolate_unknown(clean, holds), holds


def _radius_shares(code: MotionCode, kind: Tensor) -> Tensor:
    """Mean share [B,1,1,J] of every joint in the sum of squared radii, from the statistics."""
    joints = code.joints
    if code.decouple:
        power = (code.mean[kind] ** 2 + code.deviation[kind] ** 2)
        power = power[:, :joints] + power[:, joints:2 * joints]
    else:  # the statistics are of another quantity
        power = torch.ones_like(code.mean[kind][:, :joints])
    return (power / power.sum(-1, keepdim=True))[:, None, None]


def interpolate_unknown(values: Tensor, known: Tensor) -> Tensor:
    """Fill values [...,T,C] over time, linearly between known ones, held beyond; else 0.

    known: bool [...,T,C]. Known values stay as they are.
    """
    length = values.shape[-2]
    index = torch.arange(length, device=values.device)[:, None].expand_as(values)
    before = torch.where(known, index, -1).cummax(dim=-2).values
    after = torch.where(known, index, length).flip(-2).cummin(dim=-2).values.flip(-2)
    ever = (before >= 0) | (after < length)
    start = torch.where(before >= 0, before, after).clamp(max=length - 1)
    end = torch.where(after < length, after, before).clamp(min=0)
    fraction = (index - start).to(values.dtype) / (end - start).clamp(min=1)
    first, last = values.gather(-2, start), values.gather(-2, end)
    filled = torch.where(ever, first + fraction * (last - first), torch.zeros_like(values))
    return torch.where(known, values, filled)
