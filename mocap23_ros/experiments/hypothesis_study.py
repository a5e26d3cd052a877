# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Several hypotheses of windows that one image can mean in several ways: does the best help?

    python -m mocap23_ros.experiments.hypothesis_study --windows 512

Hypotheses are draws of the noise, which a diffusion lifter gives for more time, and one evaluation
from the published motion with all depths mirrored at the pelvis. The truth says which windows
are ambiguous (``ambiguous_windows.py``); the weights of hypotheses come from what run time knows:
how far they miss the keypoints, and how far they are from the motion before.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.engines.model_files import engines_folder
from mocap23_ros.engines.torch_backend import TorchBackend
from mocap23_ros.experiments.ambiguous_windows import AMBIGUITIES, image_of, kinds_of
from mocap23_ros.lifting.proportions import takes_proportions
from mocap23_ros.markdown import markdown_table
from mocap23_ros.network.lifter_graph import INPUT_NAMES
from mocap23_ros.network.lifter_model import WARM_START_TIME, LifterModel
from mocap23_ros.network.models import load_network
from mocap23_ros.network.noise_schedule import draw_world_noise, time_grid
from mocap23_ros.skeletons.coco17 import HIPS
from mocap23_ros.training.stream_windows import StreamWindows, stream_windows

DRAWS = 8
_STEPS = 2
_MISS, _MOVE = 0.02, 0.05  # m: deviations of a right hypothesis from keypoints and from before
_COUNT = 17                # joints, whose errors count as independent; those of samples do not

Arrays = dict[str, NDArray[np.float64]]


@torch.inference_mode()
def hypotheses(model: LifterModel, part: StreamWindows, generator: torch.Generator
               ) -> NDArray[np.float64]:
    """Joints [1 + DRAWS + 1, B,T,J,3] of the published draw, others, and the mirrored start."""
    batch, length, joints = part.joints.shape[:3]
    observation, camera, anchor, stature = (
        torch.from_numpy(part.full[name]) for name in INPUT_NAMES)
    condition = model.condition(observation, camera, anchor, stature)
    times = time_grid(_STEPS)
    published = model.sample(condition, times).joints
    drawn = [model.sample(condition, times, draw_world_noise(batch, length, joints, generator)
                          ).joints for _ in range(DRAWS)]
    mirrored = model.sample(condition, (WARM_START_TIME,),
                            previous=_mirrored(published, camera[..., None, :3])).joints
    return torch.stack([published, *drawn, mirrored]).double().numpy()


def _mirrored(joints: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
    """The same image with depths mirrored at the pelvis: [B,T,J,3], camera [B,T,1,3]."""
    offset = joints - camera
    distance = offset.norm(dim=-1, keepdim=True)
    middle = distance[:, :, HIPS.tolist()].mean(dim=2, keepdim=True)
    return camera + offset * ((2 * middle - distance) / distance).clamp(min=0.05)


def log_weights(joints: NDArray, part: StreamWindows) -> NDArray[np.float64]:
    """Log weights [K,B] of hypotheses [K,B,T,J,3] by reprojection and time."""
    seen = part.full['observation'][..., 2] > 0
    point, depth = image_of(joints, part.full['camera'])
    off = ((point - part.full['observation'][..., :2]) ** 2).sum(-1) * depth**2
    miss = (off * seen).sum((-1, -2)) / np.maximum(seen.sum((-1, -2)), 1)
    # The newest sample was not lifted before.
    moved = ((joints - part.previous)[..., :-1, :, :] ** 2).sum(-1).mean((-1, -2))
    return -0.5 * _COUNT * (miss / _MISS**2 + moved / _MOVE**2)


def errors(joints: NDArray, part: StreamWindows) -> Arrays:
    """Millimetres at the newest sample of each window [B], by row and figure, ``row/figure``."""
    truth = part.joints[:, -1]
    weight = log_weights(joints, part)
    newest = joints[..., -1, :, :]
    draws, both = slice(1, 1 + DRAWS), [0, 1 + DRAWS]
    out: Arrays = {}
    for figure, centre in (('MPJPE', HIPS), ('Abs', None)):
        def error(points: NDArray, centre: NDArray | None = centre) -> NDArray[np.float64]:
            if centre is not None:
                points = points - points[..., centre, :].mean(axis=-2, keepdims=True)
            true = truth if centre is None else truth - truth[:, centre].mean(axis=1, keepdims=True)
            return 1e3 * np.asarray(np.linalg.norm(points - true, axis=-1).mean(axis=-1))

        rows = {'published': error(newest[0]), 'one draw': error(newest[draws]).mean(axis=0)}
        for k in (4, DRAWS):
            rows[f'best of {k}'] = error(newest[1:1 + k]).min(axis=0)
            rows[f'{k} weighed'] = error(_mean(newest[1:1 + k], weight[1:1 + k]))
        rows[f'{DRAWS}, mean'] = error(newest[draws].mean(axis=0))
        rows['mirrored start'] = error(newest[-1])
        rows['better of published and mirrored'] = error(newest[both]).min(axis=0)
        rows['both weighed'] = error(_mean(newest[both], weight[both]))
        rows['spread of draws'] = _spread(newest[draws], centre)
        out |= {f'{row}/{figure}': values for row, values in rows.items()}
    return out


def _mean(points: NDArray, log_weight: NDArray) -> NDArray[np.float64]:
    """Weighed mean [B,J,3] of [K,B,J,3], logarithms of weights [K,B]."""
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return np.asarray(np.einsum('kb,kbji->bji', weight / weight.sum(axis=0), points))


def _spread(points: NDArray, centre: NDArray | None) -> NDArray[np.float64]:
    """Standard deviation of draws [K,B,J,3] in space, mean over joints, millimetres [B]."""
    if centre is not None:
        points = points - points[..., centre, :].mean(axis=-2, keepdims=True)
    return 1e3 * np.asarray(np.sqrt(points.var(axis=0, ddof=1).sum(axis=-1)).mean(axis=-1))


def study(weights: Path, count: int, seed: int, data: Path | None) -> dict[str, Arrays]:
    """Errors of the windows of every kind; ``count`` windows are drawn for each augmentation."""
    model, _ = load_network(weights)
    assert isinstance(model, LifterModel)
    model.eval()
    lift = TorchBackend(weights, _STEPS)
    generator = torch.Generator().manual_seed(seed)
    collected: dict[str, dict[str, list[NDArray]]] = {}
    for augmentation, kinds in AMBIGUITIES:
        for part in stream_windows(
                load_cmu('validation', data), augmentation,
                WindowSpec(model.tier.window_length, model.tier.rate), model.skeleton,
                lambda arrays: lift.run(arrays)['joints'], count, seed, takes_proportions(lift)):
            found = kinds_of(part)
            windows = errors(hypotheses(model, part, generator), part)
            for kind in kinds:
                for key, values in windows.items():
                    collected.setdefault(kind, {}).setdefault(key, []).append(values[found[kind]])
    return {kind: {key: np.concatenate(values) for key, values in rows.items()}
            for kind, rows in collected.items()}


def table(found: dict[str, Arrays]) -> str:
    """MPJPE / Abs by hypotheses and kind of window, Markdown."""
    rows = list(dict.fromkeys(key.partition('/')[0] for key in next(iter(found.values()))))
    heading = ['', *(f'{kind} ({len(windows["published/Abs"])})'
                     for kind, windows in found.items())]
    return '\n'.join(markdown_table(heading, [
        [row, *(f'{windows[f"{row}/MPJPE"].mean():.1f} / {windows[f"{row}/Abs"].mean():.1f}'
                for windows in found.values())] for row in rows]))


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument('--weights', type=Path, default=engines_folder() / 'lifter_s.safetensors')
    parser.add_argument('--windows', type=int, default=512, help='for each augmentation')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--data', type=Path, help='motion data folder (default: MOCAP23_DATA)')
    arguments = parser.parse_args(words)
    print(table(study(arguments.weights, arguments.windows, arguments.seed, arguments.data)))


if __name__ == '__main__':
    main()
