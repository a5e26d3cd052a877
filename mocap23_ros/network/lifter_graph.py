# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The whole few-step lifter from its inputs to what run time reads, as it is exported."""

import torch
from torch import Tensor, nn

from mocap23_ros.network.lifter_model import WARM_START_TIME, LifterModel
from mocap23_ros.network.noise_schedule import time_grid
from mocap23_ros.network.prediction import Prediction
from mocap23_ros.network.regressors import RayDepthRegressor
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE

INPUT_NAMES = ('observation', 'camera', 'anchor', 'stature')
OUTPUT_NAMES = ('joints', 'covariance', 'contact', 'stature_estimate')


class LifterGraph(nn.Module):
    """What is exported: network inputs to joints, covariance, contact and stature.

    joints: [P,T,J,3] metres, window frame. covariance: [P,T,J,6] m^2, xx xy xz yy yz zz, window
    frame, calibrated. contact: [P,T,2] probabilities. stature_estimate: [P,2] metres, relative sd.
    """

    def __init__(self, model: LifterModel | RayDepthRegressor, steps: int = 2,
                 ray_temperature: float = 1.0, across_temperature: float = 1.0) -> None:
        super().__init__()
        self.model, self.times = model, time_grid(steps)
        self.ray_temperature, self.across_temperature = ray_temperature, across_temperature

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                previous: Tensor | None = None) -> tuple[Tensor, ...]:
        """Full start from noise."""
        del previous
        prediction = self.model(observation, camera, anchor, stature, self.times)
        return self.outputs(prediction, camera)

    def outputs(self, prediction: Prediction, camera: Tensor) -> tuple[Tensor, ...]:
        """Pack a prediction."""
        ray_variance = torch.exp(2 * prediction.log_sigma_ray) * self.ray_temperature ** 2
        across_variance = torch.exp(2 * prediction.log_sigma_across) * self.across_temperature ** 2
        offset = prediction.joints - camera[:, :, None, :3]
        direction = offset / torch.sqrt((offset * offset).sum(-1, keepdim=True) + 1e-6)
        x, y, z = direction[..., 0], direction[..., 1], direction[..., 2]
        excess = ray_variance - across_variance
        covariance = torch.stack([
            across_variance + excess * x * x, excess * x * y, excess * x * z,
            across_variance + excess * y * y, excess * y * z,
            across_variance + excess * z * z], dim=-1)
        stature = torch.stack([MEAN_STATURE * torch.exp(prediction.log_stature),
                               torch.exp(prediction.log_stature_sigma)], dim=-1)
        return prediction.joints, covariance, torch.sigmoid(prediction.contact), stature


class WarmLifterGraph(LifterGraph):
    """One evaluation from the previous window's motion [P,T,J,3], shifted to this window."""

    def forward(self, observation: Tensor, camera: Tensor, anchor: Tensor, stature: Tensor,
                previous: Tensor | None = None) -> tuple[Tensor, ...]:
        """Warm start."""
        prediction = self.model(observation, camera, anchor, stature, (WARM_START_TIME,), previous)
        return self.outputs(prediction, camera)
