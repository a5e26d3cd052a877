# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of training windows: what the camera sees, and the truth from the side and above."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.training_windows import TrainingBatch
from mocap23_ros.skeletons.coco17 import ANKLES, BONES, HIPS, LEFT

# BGR: left, right, truth, grid, text
_COLOURS = {'left': (60, 60, 220), 'right': (200, 120, 20), 'truth': (150, 190, 150),
            'guess': (0, 190, 255), 'line': (205, 205, 205), 'text': (60, 60, 60)}
_PANEL = 300


def _bones(panel: NDArray[np.uint8], points: NDArray[np.float64], valid: NDArray[np.bool_],
           colour: tuple[int, int, int] | None, width: int = 1) -> None:
    for a, b in BONES:
        if valid[a] and valid[b]:
            own = colour or _COLOURS['left' if b in LEFT else 'right']
            first, second = (tuple(int(round(v * 8)) for v in points[k]) for k in (a, b))
            cv2.line(panel, first, second, own, width, cv2.LINE_AA, 3)


def _write(panel: NDArray[np.uint8], row: int, text: str) -> None:
    cv2.putText(panel, text, (6, 14 + 15 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.38,
                _COLOURS['text'], 1, cv2.LINE_AA)


def _image_panel(batch: TrainingBatch, b: int) -> NDArray[np.uint8]:
    panel = np.full((_PANEL, _PANEL, 3), 255, np.uint8)
    size, focal = batch.image_size[b].astype(float), float(batch.focal_length[b])
    zoom = (_PANEL - 8) / size.max()
    middle = np.array([_PANEL, _PANEL]) / 2
    corner = [tuple(int(v) for v in middle + s * size * zoom / 2) for s in (-1, 1)]
    cv2.rectangle(panel, corner[0], corner[1], _COLOURS['line'], 1)
    p_camera = (batch.joints[b] - batch.world_T_camera[b][:, None, :3, 3]) \
        @ batch.world_T_camera[b][:, :3, :3]
    in_front = p_camera[..., 2] > 0.15
    true = p_camera[..., :2] / np.maximum(p_camera[..., 2:], 0.15) * focal * zoom + middle
    true = np.clip(true, -4000, 4000)
    seen = batch.keypoints[b, ..., :2] * focal * zoom + middle
    for t in {0, len(true) // 2, len(true) - 1}:
        _bones(panel, true[t], in_front[t], _COLOURS['truth'], 3)
        _bones(panel, seen[t], batch.kind[b, t] < 2, None)
    for t in range(len(true)):
        for j in np.flatnonzero(batch.kind[b, t] < 2):
            colour = 'guess' if batch.kind[b, t, j] == 1 else 'left' if j in LEFT else 'right'
            strength = float(batch.keypoints[b, t, j, 2])
            shade = tuple(int(255 - strength * (255 - c)) for c in _COLOURS[colour])
            cv2.circle(panel, tuple(int(v) for v in seen[t, j]), 1, shade, -1)
    _write(panel, 0, f'{size[0]:.0f}x{size[1]:.0f} f {focal:.0f} px, camera at '
                     f'{batch.world_T_camera[b, -1, 2, 3]:.2f} m')
    _write(panel, 1, f'seen {np.mean(batch.kind[b] < 2):.0%}, confidence '
                     f'{batch.keypoints[b, ..., 2][batch.kind[b] < 2].mean():.2f}'
           if (batch.kind[b] < 2).any() else 'nothing seen')
    return panel


def _world_panel(batch: TrainingBatch, b: int, side: bool) -> NDArray[np.uint8]:
    panel = np.full((_PANEL, _PANEL, 3), 255, np.uint8)
    joints, camera = batch.joints[b], batch.world_T_camera[b]
    across = camera[-1, :2, 2] / max(np.linalg.norm(camera[-1, :2, 2]), 1e-6)
    root = joints[:, HIPS, :2].mean(axis=(0, 1))
    if side:                                   # seen from the camera's right: away, up
        flat = np.stack([(joints[..., :2] - root) @ across, 1.0 - joints[..., 2]], -1)
        zoom = _PANEL / 3.0
    else:                                      # from above, away from the camera upwards
        right = np.array([across[1], -across[0]])
        flat = np.stack([(joints[..., :2] - root) @ right, -(joints[..., :2] - root) @ across], -1)
        zoom = _PANEL / max(3.0, 2.4 * float(np.abs(flat).max()))
    points = flat * zoom + _PANEL / 2
    if side:
        floor = int(1.0 * zoom + _PANEL / 2)
        cv2.line(panel, (0, floor), (_PANEL, floor), _COLOURS['line'], 1)
    for t in np.unique(np.linspace(0, len(points) - 1, 4).astype(int)):
        _bones(panel, points[t], np.ones(17, bool), None)
    if side:
        for t in range(len(points)):
            for foot in range(2):
                if batch.contact[b, t, foot]:
                    cv2.circle(panel, tuple(int(v) for v in points[t, ANKLES[foot]]), 2,
                               (0, 160, 0), -1)
        _write(panel, 0, f'side; stature {batch.stature[b]:.2f} m'
                         + (f' (given {batch.stature_known[b]:.2f})'
                            if np.isfinite(batch.stature_known[b]) else ''))
        _write(panel, 1, 'green: foot on the floor' if batch.contact_mask[b]
               else 'floor not flat: contact unused')
    else:
        distance = np.linalg.norm(root - camera[-1, :2, 3])
        moved = np.linalg.norm(camera[-1, :3, 3] - camera[0, :3, 3])
        _write(panel, 0, f'above; {distance:.1f} m away, camera moves {moved:.2f} m')
    return panel


def draw_batch(batch: TrainingBatch) -> NDArray[np.uint8]:
    """Draw the windows of a batch, two in a row.

    Per window three panels: the image (grey-green truth; left red, right blue, fainter with less
    confidence; amber = hidden but guessed), the truth from the side, and from above.
    Returns a BGR picture, uint8 [height,width,3].
    """
    blocks = [np.hstack([_image_panel(batch, b), _world_panel(batch, b, True),
                         _world_panel(batch, b, False)]) for b in range(len(batch.stamps))]
    for block in blocks:
        cv2.rectangle(block, (0, 0), (block.shape[1] - 1, block.shape[0] - 1),
                      _COLOURS['text'], 1)
    if len(blocks) % 2:
        blocks.append(np.full_like(blocks[0], 255))
    return np.vstack([np.hstack(blocks[k:k + 2]) for k in range(0, len(blocks), 2)])
