# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A network of a family, on a backend: crops in, outputs in the family's order."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.cropping import Crop, write_input
from mocap23_ros.detection.network_families import find_family
from mocap23_ros.detection.network_family import CropFamily, PeopleFamily
from mocap23_ros.engines.backend import Backend, TensorSpec
from mocap23_ros.errors import InputError


class LoadedNetwork:
    """A backend with its family, told or found from the outputs, and its input buffer.

    path: of the graph, for messages. Raises InputError where the graph is not of the family.
    """

    def __init__(self, backend: Backend, family: str | None, path: str | Path) -> None:
        self.backend = backend
        spec = backend.inputs[0]
        if len(spec.shape) != 4 or spec.shape[1] not in (3, -1):
            raise InputError(f'{path} does not take one image [N,3,H,W]; export it so')
        if spec.dtype.kind != 'f':
            raise InputError(f'{path} takes {spec.dtype} pixels; export it with a float input')
        self.family = find_family(family, backend.outputs)
        more = [other.name for other in backend.inputs[1:]]
        if more != ([] if self.family.size_input is None else [self.family.size_input]):
            raise InputError(f'{path} takes further inputs ({", ".join(more) or "none"}) than the '
                             f'family {self.family.name} knows; export it as its publisher does')
        width, height = self.family.input_size
        self.input_size = (spec.shape[3] if spec.shape[3] > 0 else width,
                           spec.shape[2] if spec.shape[2] > 0 else height)
        self._fixed_batch = spec.shape[0] if spec.shape[0] > 0 else None
        self._buffer = np.zeros((0, 3, self.input_size[1], self.input_size[0]), spec.dtype)
        self._outputs = self._find_outputs(path)

    def _find_outputs(self, path: str | Path) -> list[TensorSpec]:
        """Outputs in the family's order: by name, else by place."""
        wanted, rank = self.family.outputs, self.family.rank
        specs = {spec.name: spec for spec in self.backend.outputs}
        if len(specs) < len(wanted):
            raise InputError(f'{path} has {len(specs)} outputs; the family {self.family.name} '
                             f'needs {len(wanted)}')
        named = all(name in specs for name in wanted)
        found = [specs[name] if named else self.backend.outputs[place]
                 for place, name in enumerate(wanted)]
        if len(found[0].shape) != rank:
            raise InputError(f'{path} has an output of the shape {list(found[0].shape)}; the '
                             f'family {self.family.name} needs {rank} dimensions')
        return found

    def keypoint_count(self) -> int:
        """Keypoints of a pose network; -1 where it does not say."""
        assert isinstance(self.family, CropFamily | PeopleFamily)
        return self.family.keypoint_count(self._outputs[0].shape)

    def run(self, image_bgr: NDArray[np.uint8], crops: list[Crop]) -> list[NDArray]:
        """Outputs [N,...] for parts of an image."""
        batch = self._fixed_batch or len(crops)
        parts = [self._run(image_bgr, crops[start:start + batch])
                 for start in range(0, len(crops), batch)]
        return [np.concatenate(arrays)[:len(crops)] for arrays in zip(*parts, strict=True)]

    def _run(self, image_bgr: NDArray[np.uint8], crops: list[Crop]) -> list[NDArray]:
        rows = self._fixed_batch or len(crops)
        if len(self._buffer) < rows:
            self._buffer = np.zeros((rows, *self._buffer.shape[1:]), self._buffer.dtype)
        for crop, out in zip(crops, self._buffer, strict=False):
            write_input(image_bgr, crop, self.family.pixels, out)
        inputs = {self.backend.inputs[0].name: self._buffer[:rows]}
        if self.family.size_input is not None:
            inputs[self.family.size_input] = np.tile(np.array(self.input_size, np.int64), (rows, 1))
        result = self.backend.run(inputs)
        # The backend may reuse its arrays at the next call.
        return [np.array(result[spec.name], np.float32) for spec in self._outputs]
