# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Triangulation of the views' predictions in planes, in three forms.

``ray``, the default: one unknown per joint, its depth along the real ray. ``three``: three
unknowns, all views weighted. Both are closed forms (no SVD, no matrix inverse), and two passes
refresh their perspective weights. ``svd``: the paper's homogeneous form, for comparison.
"""

import torch
from torch import Tensor

from mocap23_ros.network.views import Views, axis_columns

Planes = tuple[Tensor, Tensor, Tensor]
_LEAST_TRUST = 0.02  # of view 0 in three and svd: with one virtual view, nothing else is there
_DAMPING = 1e-6
_FARTHEST = 50.0  # metres, where views that contradict each other may put a joint


def triangulate(form: str, views: Views, u: Tensor, v: Tensor, trust: Tensor,
                weight: Tensor) -> Planes:
    """Joints [B,1,T,J] in the window frame from image planes u, v [B,V,T,J], by one of the forms.

    trust: [B,T,J], share of the observed ray in the ray of view 0. ``three`` and ``svd`` weigh view
    0 with it; ``ray`` always follows view 0. weight: [B,V-1,T,J] of the virtual views.
    """
    if form == 'ray':
        return triangulate_on_ray(views, u, v, weight)[0]
    weight = torch.cat([trust.unsqueeze(1).clamp(min=_LEAST_TRUST), weight], dim=1)
    if form == 'svd':
        x, y, z = triangulate_svd(views, u, v, weight)
    else:
        # From where the ray of view 0 passes the anchor; the linear answer does not depend on it.
        origin, depth = views.centre[:, :1], views.anchor_depth[:, :1, :, None]
        start = (origin[..., 0, None] + depth + torch.zeros_like(u[:, :1]),
                 origin[..., 1, None] - depth * u[:, :1],
                 origin[..., 2, None] + depth * v[:, :1])
        x, y, z = triangulate_three_unknowns(views, u, v, weight, start)
    return (x.clamp(-_FARTHEST, _FARTHEST), y.clamp(-_FARTHEST, _FARTHEST),
            z.clamp(-_FARTHEST, _FARTHEST))


def triangulate_on_ray(views: Views, u: Tensor, v: Tensor, weight: Tensor,
                       prior: float = 1e-3) -> tuple[Planes, Tensor]:
    """Depth of every joint along the ray of view 0 that the virtual views agree on best.

    u, v: [B,V,T,J] image planes; view 0 defines the rays. weight: [B,V-1,T,J] trust in the
    virtual views. ``prior`` ties a joint that no view constrains to the anchor's depth.
    Returns planes [B,1,T,J] in the window frame and the information about the depth, [B,1,T,J].
    """
    # Rays of view 0 in the window frame: levelled, forward = +x, right = -y, up = +z.
    direction_y, direction_z = -u[:, :1], v[:, :1]
    origin = views.centre[:, :1]
    anchor_depth = views.anchor_depth[:, :1, :, None]
    offset = (origin - views.centre[:, 1:])[:, :, None, :, :, None]  # [B,V-1,1,T,3,1]
    # Right, up and forward components in the virtual views: [B,V-1,3,T,J] and [B,V-1,3,T,1].
    x, y, z = axis_columns(views.axes[:, 1:])
    along = x + y * direction_y.unsqueeze(2) + z * direction_z.unsqueeze(2)
    start = x * offset[..., 0, :] + y * offset[..., 1, :] + z * offset[..., 2, :]
    q, p = (along[:, :, 0], along[:, :, 1], along[:, :, 2]), (
        start[:, :, 0], start[:, :, 1], start[:, :, 2])
    u_virtual, v_virtual = u[:, 1:], v[:, 1:]
    alpha_u, alpha_v = q[0] - u_virtual * q[2], q[1] - v_virtual * q[2]
    beta_u, beta_v = u_virtual * p[2] - p[0], v_virtual * p[2] - p[1]
    numerator = weight * (alpha_u * beta_u + alpha_v * beta_v)
    information = weight * (alpha_u * alpha_u + alpha_v * alpha_v)
    depth = anchor_depth
    total = information
    for _ in range(2):
        perspective = 1 / (p[2] + depth * q[2]).clamp(min=0.5) ** 2
        total = (perspective * information).sum(1, keepdim=True) + prior
        depth = ((perspective * numerator).sum(1, keepdim=True) + prior * anchor_depth) / total
        depth = depth.clamp(0.3, 40.0)
    planes = (origin[..., 0, None] + depth, origin[..., 1, None] + depth * direction_y,
              origin[..., 2, None] + depth * direction_z)
    return planes, total


def triangulate_three_unknowns(views: Views, u: Tensor, v: Tensor, weight: Tensor,
                               start: Planes) -> Planes:
    """Weighted linear triangulation of all views by the cofactor inverse of the 3x3 normal matrix.

    u, v, weight: [B,V,T,J]; view 0 counts like any other, so a doubtful ray is only a vote.
    start: planes [B,1,T,J] near the answer; centres the equations for float32.
    """
    x, y, z = start
    for _ in range(2):
        rows = []
        rel = [x - views.centre[..., 0, None], y - views.centre[..., 1, None],
               z - views.centre[..., 2, None]]
        axes = views.axes[:, :, :, :, None, None]
        camera = [axes[:, :, r, 0] * rel[0] + axes[:, :, r, 1] * rel[1] + axes[:, :, r, 2] * rel[2]
                  for r in range(3)]
        w = weight / camera[2].clamp(min=0.2) ** 2
        for image, row in ((u, 0), (v, 1)):
            a = [axes[:, :, row, i] - image * axes[:, :, 2, i] for i in range(3)]
            rows.append((a, image * camera[2] - camera[row]))

        def normal(i: int, j: int, w: Tensor = w, rows: list = rows) -> Tensor:
            return (w * (rows[0][0][i] * rows[0][0][j] + rows[1][0][i] * rows[1][0][j])
                    ).sum(1, keepdim=True)

        n00, n11, n22 = (normal(i, i) + _DAMPING for i in range(3))
        n01, n02, n12 = normal(0, 1), normal(0, 2), normal(1, 2)
        r = [(w * (rows[0][0][i] * rows[0][1] + rows[1][0][i] * rows[1][1])).sum(1, keepdim=True)
             for i in range(3)]
        c00, c01, c02 = n11 * n22 - n12 * n12, n02 * n12 - n01 * n22, n01 * n12 - n02 * n11
        c11, c12, c22 = n00 * n22 - n02 * n02, n01 * n02 - n00 * n12, n00 * n11 - n01 * n01
        determinant = n00 * c00 + n01 * c01 + n02 * c02
        x = x + (c00 * r[0] + c01 * r[1] + c02 * r[2]) / determinant
        y = y + (c01 * r[0] + c11 * r[1] + c12 * r[2]) / determinant
        z = z + (c02 * r[0] + c12 * r[1] + c22 * r[2]) / determinant
    return x, y, z


def triangulate_svd(views: Views, u: Tensor, v: Tensor, weight: Tensor) -> Planes:
    """Homogeneous linear triangulation (DLT) by SVD, as in the paper: algebraic error, one pass.

    u, v, weight: [B,V,T,J]; weight on the squares of the equations, not divided by the depth.
    No gradient: that of the SVD is undefined where singular values are equal.
    """
    shape = u.shape
    with torch.no_grad():
        root = torch.sqrt(weight)
        rows = []
        for image, axis in ((u, 0), (v, 1)):
            # (image * forward - right or up) . (X - centre) = 0, all [B,V,T,J].
            normal = [root * (image * views.axes[:, :, 2, i, None, None]
                              - views.axes[:, :, axis, i, None, None]) for i in range(3)]
            centre = [normal[i] * views.centre[..., i, None] for i in range(3)]
            rows.append(torch.stack([*normal, -(centre[0] + centre[1] + centre[2])], dim=-1))
        equations = torch.stack(rows, dim=2)  # [B,V,2,T,J,4]
        equations = equations.permute(0, 3, 4, 1, 2, 5).reshape(
            shape[0], shape[2], shape[3], 2 * shape[1], 4)
        solution = torch.linalg.svd(equations, full_matrices=False)[2][..., -1, :]
        scale = solution[..., 3]
        smallest = torch.finfo(scale.dtype).tiny
        scale = torch.where(scale.abs() < smallest, torch.full_like(scale, smallest), scale)
        x, y, z = (solution[..., :3] / scale[..., None]).nan_to_num(_FARTHEST).unbind(-1)
    return x.unsqueeze(1), y.unsqueeze(1), z.unsqueeze(1)


def stack_planes(planes: Planes) -> Tensor:
    """Planes [B,1,T,J] to joints [B,T,J,3]."""
    return torch.cat([plane.unsqueeze(-1) for plane in planes], dim=-1).squeeze(1)


def split_planes(joints: Tensor) -> Planes:
    """Joints [B,T,J,3] to planes [B,1,T,J]."""
    return joints[..., 0].unsqueeze(1), joints[..., 1].unsqueeze(1), joints[..., 2].unsqueeze(1)
