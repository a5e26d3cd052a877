# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Projected times on machines that were not measured, from counted work; always labelled so."""

from typing import Any

from mocap23_ros.benchmarks.network_cost import lifter_cost
from mocap23_ros.network.tiers import find_tier

# Dense FP16 operations per second (tensor cores x 512 x clock) and memory bytes per second, from
# the data sheets at their highest clocks.
DEVICES = {
    'Jetson AGX Orin 64 GB': (64 * 512 * 1.3e9, 204.8e9),
    'Jetson Orin NX 16 GB': (32 * 512 * 0.918e9, 102.4e9),
    'Jetson Orin Nano 8 GB': (32 * 512 * 0.625e9, 68e9),
}
# Small products reach a fraction of the peak, and every kernel waits to be launched; both are
# assumptions, not measurements.
_EFFICIENCY = 0.15
_KERNELS = {'xs': 90, 's': 110, 'm': 200, 'l': 260}  # fused, per evaluation
_LAUNCH = 3e-3  # ms per kernel inside a CUDA graph


def project(tiers: tuple[str, ...] = ('s', 'm'), persons: tuple[int, ...] = (1, 4),
            evaluations: int = 1) -> list[dict[str, Any]]:
    """Milliseconds per call: max(compute, memory) + launches, FP16."""
    rows = []
    for device, (flops, bandwidth) in DEVICES.items():
        for name in tiers:
            for count in persons:
                cost = lifter_cost(find_tier(name), count, evaluations, value_bytes=2)
                work = 1e3 * max(cost.flops / (flops * _EFFICIENCY), cost.moved_bytes / bandwidth)
                launches = _KERNELS[name] * evaluations * _LAUNCH
                rows.append({'device': device, 'tier': name, 'persons': count,
                             'steps': evaluations, 'projected_ms': round(work + launches, 3),
                             'floor_ms': round(1e3 * max(cost.flops / flops,
                                                         cost.moved_bytes / bandwidth), 4)})
    return rows
