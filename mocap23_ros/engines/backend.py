# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The protocol of what runs a network: ONNX Runtime, TensorRT, TensorRT-RTX or torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TensorSpec:
    """Name, numpy dtype and shape of an input or output; -1 marks a dynamic dimension."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]


class Backend(Protocol):
    """A loaded network. Not thread safe: one backend belongs to one worker."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; the arrays returned are valid until the next call."""

    def close(self) -> None:
        """Free device memory; the backend cannot be used afterwards."""
