# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of a live run: latency, rate, what was lost where, memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.report import plain
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun


def live_figures(live: LiveRun, run: RecordedRun) -> dict[str, Any]:
    """Top-level figures of report.json.

    frames_in are the images sent, frames_out those with a skeleton message (of their very stamp),
    so that losses on the way to the node count as dropped, too. Latency is the node's own figure
    where somebody was published, else None.
    """
    published = np.isin(live.stamps_ns, run.stamps_ns)
    settled = live.stamps_ns >= live.stamps_ns[0] + 1_000_000_000
    received = run.received_ns[np.isin(run.stamps_ns, live.stamps_ns)]
    latency = 1000 * run.latency[np.isfinite(run.latency)]
    percentiles = {f'p{share}': float(np.percentile(latency, share)) if len(latency) else None
                   for share in (50, 95, 99)}
    span = float(received[-1] - received[0]) * 1e-9 if len(received) > 1 else np.nan
    sent_span = float(live.stamps_ns[-1] - live.stamps_ns[0]) * 1e-9
    figures = {
        'latency_ms': percentiles,
        'rate_hz': (len(received) - 1) / span if span > 0 else None,
        'input_rate_hz': (len(live.stamps_ns) - 1) / sent_span if sent_span > 0 else None,
        'frames_in': len(live.stamps_ns), 'frames_out': int(published.sum()),
        'frames_dropped': int((~published).sum()),
        'published_share': float(published[settled].mean()) if settled.any() else None,
        'memory_mb': memory_figures(live.memory_mb),
        'node_cpu_cores': live.node_cpu,
        'recorded_messages': run.counts,
        'node_diagnostics': run.node,
    }
    return plain(figures)


def memory_figures(memory_mb: NDArray[np.float64]) -> dict[str, float | None]:
    """Resident memory of the node in MB: start, end, peak, and growth over the second half.

    Growth compares the medians of the third and the last quarter: start-up is over by then.
    """
    if len(memory_mb) < 8:
        return {'start': None, 'end': None, 'peak': None, 'growth': None}
    values = memory_mb[:, 1]
    quarter = len(values) // 4
    third, last = values[2 * quarter:3 * quarter], values[3 * quarter:]
    return {'start': float(values[0]), 'end': float(values[-1]), 'peak': float(values.max()),
            'growth': float(np.median(last) - np.median(third))}
