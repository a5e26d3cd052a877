# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A backend: every joint at the anchor, whatever the network."""

import numpy as np


class ToyBackend:
    """Stands in for a library that runs graphs."""

    name = 'toy'
    inputs = outputs = ()

    def __init__(self, model_path):
        self.model_path = model_path

    def run(self, inputs):
        """The outputs of the lifter's graph."""
        people, length, joints, _ = inputs['observation'].shape
        p_window = np.zeros((people, length, joints, 3), np.float32)
        p_window[..., 0] = inputs['anchor'][:, None, None, 0]
        p_window[..., 2] = inputs['anchor'][:, None, None, 1]
        covariance = np.tile(np.float32([.01, 0, 0, .01, 0, .01]), (people, length, joints, 1))
        return {'joints': p_window, 'covariance': covariance,
                'contact': np.zeros((people, length, 2), np.float32),
                'stature_estimate': np.tile(np.float32([1.7, 0.1]), (people, 1))}

    def close(self):
        """Nothing to free."""
