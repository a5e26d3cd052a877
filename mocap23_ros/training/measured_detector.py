# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A detector's own errors as a share of what a network is trained on."""

from dataclasses import dataclass, replace
from typing import Any

from mocap23_ros.checksum import file_sha256
from mocap23_ros.datasets.augmentation import Augmentation
from mocap23_ros.detection.detector_noise import DetectorNoise
from mocap23_ros.detection.detector_noise_file import find_detector_noise, load_detector_noise
from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class MeasuredDetector:
    """share: of the windows with errors, that have those of the detector; the others have the
    general ones, so that other detectors stay usable. sha256: of the file.
    """

    noise: DetectorNoise
    share: float
    sha256: str

    @classmethod
    def load(cls, name_or_path: str, share: float) -> 'MeasuredDetector':
        """Of a file of ``mocap23 detector-noise``, or a detector whose file ships; InputError."""
        if not 0 < share <= 1:
            raise InputError(f'--detector-share must be over 0 and at most 1, not {share:g}')
        path = find_detector_noise(name_or_path)
        return cls(load_detector_noise(path), share, file_sha256(path))

    def added_to(self, augmentation: Augmentation) -> Augmentation:
        """The augmentation with the detector's errors in their share of the windows."""
        return replace(augmentation, detector=self.noise, detector_share=self.share)

    def summary(self) -> dict[str, Any]:
        """What the card of the weights says of it."""
        return {'detector': self.noise.detector, 'share': self.share, 'sha256': self.sha256}
