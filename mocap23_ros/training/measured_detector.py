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

# Of a measured detector's exchanges, what a lifter still meets: the side filter
# (tracking/side_filter.py) puts nearly all of those right that pass within a window.
_EXCHANGES_LEFT = 0.1


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
        """Load a file of ``mocap23 detector-noise``, or the one that ships; InputError."""
        if not 0 < share <= 1:
            raise InputError(f'--detector-share must be over 0 and at most 1, not {share:g}')
        path = find_detector_noise(name_or_path)
        return cls(load_detector_noise(path), share, file_sha256(path))

    def added_to(self, augmentation: Augmentation) -> Augmentation:
        """The augmentation with the errors that the detector leaves in a share of the windows."""
        exchanges = {name: replace(exchange, share=_EXCHANGES_LEFT * exchange.share)
                     for name, exchange in self.noise.exchanges.items()}
        return replace(augmentation, detector=replace(self.noise, exchanges=exchanges),
                       detector_share=self.share)

    def summary(self) -> dict[str, Any]:
        """What the card of the weights says about the detector."""
        return {'detector': self.noise.detector, 'share': self.share, 'sha256': self.sha256}
