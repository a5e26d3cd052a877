# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A calibrated camera: pixels to rays and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.distortion import Distortion
from mocap23_ros.geometry.lens_checks import check_distortion, check_intrinsics, make_lens

ASPECT_TOLERANCE = 0.02  # a larger change of shape is a crop, not a resize


def resized_pixels(p_pixel: NDArray, scale: NDArray) -> NDArray:
    """Pixels [...,2] in an image ``scale`` (x, y) times as large; whole numbers are centres."""
    return (p_pixel + 0.5) * scale - 0.5


@dataclass(frozen=True, eq=False)
class CameraModel:
    """Pinhole camera with lens distortion; make it with ``from_calibration``.

    K: float64 [3,3] pixels, for images of ``image_size``; pixel centres are whole numbers.
    distortion: float64 [N] coefficients of ``distortion_model`` in OpenCV's order; N = 0: none.
    image_size: (width, height) px.
    rectification: float64 [3,3] rotation from the lens to the camera frame (CameraInfo R);
        identity for all but one camera of a stereo pair.
    counterpart: from the same CameraInfo, of rectified images where this one is of raw ones, and
        the other way round; None where that would be the same camera, or is not known.
    """

    K: NDArray[np.float64]
    distortion: NDArray[np.float64]
    distortion_model: str
    image_size: tuple[int, int]
    rectification: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    counterpart: 'CameraModel | None' = None

    def __post_init__(self) -> None:
        for array in (self.K, self.distortion, self.rectification):
            array.setflags(write=False)
        turned = not np.allclose(self.rectification, np.eye(3), rtol=0, atol=1e-12)
        object.__setattr__(self, '_turn', self.rectification if turned else None)
        object.__setattr__(self, '_lens', make_lens(self.distortion_model, self.distortion))

    _lens: Distortion | None = field(init=False, repr=False)
    _turn: NDArray[np.float64] | None = field(init=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CameraModel) and self is other or (
            isinstance(other, CameraModel)
            and self.image_size == other.image_size
            and self.distortion_model == other.distortion_model
            and np.array_equal(self.K, other.K)
            and np.array_equal(self.distortion, other.distortion)
            and np.array_equal(self.rectification, other.rectification))

    def __hash__(self) -> int:
        return hash((self.image_size, self.distortion_model, self.K.tobytes()))

    @classmethod
    def from_calibration(cls, K: ArrayLike, distortion: ArrayLike = (),
                         distortion_model: str = 'plumb_bob',
                         image_size: Sequence[int] = (0, 0)) -> 'CameraModel':
        """Camera from intrinsics [3,3] or 9 numbers and distortion coefficients.

        Raises InputError for an uncalibrated camera (K[0] = 0), an unknown model, a wrong number
        of coefficients, numbers that are not finite, and sizes that are not positive.
        """
        matrix = check_intrinsics(K)
        model, coefficients = check_distortion(distortion_model, distortion)
        width, height = (int(n) for n in image_size)
        if width <= 0 or height <= 0:
            raise InputError(f'image_size must be two positive numbers of pixels (width, height), '
                             f'not {width} x {height}')
        return cls(matrix, coefficients, model, (width, height))

    @property
    def focal_length(self) -> float:
        """Geometric mean of fx and fy, pixels."""
        return float(np.sqrt(self.K[0, 0] * self.K[1, 1]))

    def undistort(self, p_pixel: ArrayLike) -> NDArray[np.float64]:
        """Pixels [...,2] of the raw image to normalised coordinates: (x, y, 1) is the ray.

        NaN for NaN and for pixels outside the field in which the lens model has an inverse.
        """
        offset = np.asarray(p_pixel, np.float64) - self.K[:2, 2]
        shape = offset.shape
        if self.K[0, 1]:
            offset = offset @ np.linalg.inv(self.K[:2, :2]).T
        else:
            offset /= self.K.diagonal()[:2]
        if self._lens is None and self._turn is None:
            return offset
        points = offset.reshape(-1, 2).view(np.complex128)[:, 0]
        if self._lens is not None:
            points = self._lens.undistort(points)
        if self._turn is not None:
            points = _turn_rays(self._turn, points)
        return points.view(np.float64).reshape(shape)

    def distort(self, normalised: ArrayLike) -> NDArray[np.float64]:
        """Normalised coordinates [...,2] to raw pixels: the inverse of ``undistort``.

        NaN for NaN and beyond the field in which the lens model is one to one.
        """
        normalised = np.ascontiguousarray(normalised, np.float64)
        points = normalised.reshape(-1, 2).view(np.complex128)[:, 0]
        if self._turn is not None:
            points = _turn_rays(self._turn.T, points)
        if self._lens is not None:
            points = self._lens.distort(points)
        distorted = np.ascontiguousarray(points).view(np.float64).reshape(normalised.shape)
        if self.K[0, 1]:
            return distorted @ self.K[:2, :2].T + self.K[:2, 2]
        return distorted * self.K.diagonal()[:2] + self.K[:2, 2]

    def project(self, p_camera: ArrayLike) -> NDArray[np.float64]:
        """Points [...,3] of the optical frame, metres, to raw pixels [...,2].

        NaN for points that are not in front of the camera, and as in ``distort``. Pixels outside
        the image are returned as they are.
        """
        p_camera = np.asarray(p_camera, np.float64)
        depth = p_camera[..., 2:]
        with np.errstate(all='ignore'):
            return self.distort(p_camera[..., :2] / np.where(depth > 0, depth, np.nan))

    def with_image_size(self, image_size: Sequence[int]) -> 'CameraModel':
        """The camera of images resized to (width, height) px.

        Raises InputError where the shape differs by more than ASPECT_TOLERANCE: such an image
        was cropped or padded, and where cannot be known.
        """
        width, height = int(image_size[0]), int(image_size[1])
        if (width, height) == self.image_size:
            return self
        if width <= 0 or height <= 0:
            raise InputError(f'an image of {width} x {height} pixels is empty')
        scale_x, scale_y = width / self.image_size[0], height / self.image_size[1]
        if not self.fits((width, height)):
            raise InputError(
                f'the image is {width} x {height} but its calibration is for '
                f'{self.image_size[0]} x {self.image_size[1]}, another shape: a cropped image '
                'needs the roi of CameraInfo or a calibration of its own')
        return self.resized(width, height, scale_x, scale_y)

    def fits(self, image_size: Sequence[int]) -> bool:
        """Whether images of (width, height) px have the shape of its own, whatever their size."""
        ratio = image_size[0] * self.image_size[1] / (image_size[1] * self.image_size[0])
        return abs(ratio - 1) <= ASPECT_TOLERANCE

    def cropped(self, x_offset: int, y_offset: int, width: int, height: int) -> 'CameraModel':
        """The camera of the part of its images that starts at (x_offset, y_offset)."""
        if width <= 0 or height <= 0:
            raise InputError(f'a region of {width} x {height} pixels is empty')
        K = self.K.copy()
        K[0, 2] -= x_offset
        K[1, 2] -= y_offset
        other = self.counterpart and self.counterpart.cropped(x_offset, y_offset, width, height)
        return CameraModel(K, self.distortion, self.distortion_model,
                           (int(width), int(height)), self.rectification, other)

    def resized(self, width: int, height: int, scale_x: float, scale_y: float) -> 'CameraModel':
        """The camera of images of (width, height) px, resized by these factors from the corner."""
        # Whole numbers are pixel centres, so that the image's corner is at (-0.5, -0.5).
        to_new = np.array([[scale_x, 0, 0.5 * scale_x - 0.5],
                           [0, scale_y, 0.5 * scale_y - 0.5], [0, 0, 1]])
        other = self.counterpart and self.counterpart.resized(width, height, scale_x, scale_y)
        return CameraModel(to_new @ self.K, self.distortion, self.distortion_model,
                           (width, height), self.rectification, other)


def _turn_rays(rotation: NDArray, points: NDArray[np.complex128]) -> NDArray[np.complex128]:
    r = rotation.tolist()
    x, y = points.real, points.imag
    with np.errstate(all='ignore'):
        depth = r[2][0] * x + r[2][1] * y + r[2][2]
        turned = complex(r[0][0], r[1][0]) * x + complex(r[0][1], r[1][1]) * y
        return (turned + complex(r[0][2], r[1][2])) / np.where(depth > 0, depth, np.nan)
