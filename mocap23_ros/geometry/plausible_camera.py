# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations that are well formed, but cannot be those of a camera, or hardly.

A calibration of another image size is the usual mistake, and puts people metres off. The bounds
leave room for every calibration that was found in public repositories.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel

LARGEST_SIDE = 65_536  # pixels
# Of the principal point, in image sizes from an edge: beyond the first impossible, beyond the
# second strange. Real ones: 0.40 to 0.60, and 0.24 for one half of a side-by-side image.
_IMPOSSIBLE_MARGIN, _STRANGE_MARGIN = 0.1, 0.3
_SCALED, _DIAGONAL = 0.11, 0.04  # from the middle, and between x and y
# Focal lengths in image sizes. A pinhole of 0.1 sees 157 degrees, a fisheye all around.
_SHORTEST_FOCAL, _LONGEST_FOCAL = 0.1, 50.0
_LARGEST_PIXEL_RATIO = 3.0
_SQUARE, _NOT_SQUARE = 0.03, 0.1  # off a ratio of 1
# Of real lenses 77 % of the image and more have rays, whose angles are 0.95 to 1.17 times those
# without distortion (medians).
_LEAST_FIELD = 0.3
_LARGEST_BEND = 2.0
_GRID = 9
# Metres above the floor; farther away people are too small to be found.
_HIGHEST = 100.0
_USUAL_HEIGHTS = (0.5, 30.0)


def check_camera(camera: CameraModel) -> CameraModel:
    """Return the camera of a whole image, as it was calibrated: not cropped, not rectified.

    Raises InputError where principal point, focal length or distortion cannot be true.
    """
    width, height = camera.image_size
    (fx, _, cx), (_, fy, cy), _ = camera.K.tolist()
    if max(width, height) > LARGEST_SIDE:
        raise InputError(f'the calibration is for an image of {width} x {height} pixels, which no '
                         'camera has')
    x, y = _principal_point(camera)
    if not (_inside(x, _IMPOSSIBLE_MARGIN) and _inside(y, _IMPOSSIBLE_MARGIN)):
        raise InputError(
            f'the principal point (cx {cx:.6g}, cy {cy:.6g}) lies at ({x:.3g}, {y:.3g}) of the '
            f'{width} x {height} image, but a lens has it near (0.5, 0.5): K is of another image '
            'size. Calibrate at this size, or give the size that K is for (and roi for a crop)')
    if not (_SHORTEST_FOCAL < fx / width < _LONGEST_FOCAL
            and _SHORTEST_FOCAL < fy / height < _LONGEST_FOCAL):
        raise InputError(f'the focal length (fx {fx:.4g}, fy {fy:.4g} px) is absurd for an image '
                         f'of {width} x {height}: K is of another image size or in other units')
    if not 1 / _LARGEST_PIXEL_RATIO < fx / fy < _LARGEST_PIXEL_RATIO:
        raise InputError(f'fx {fx:.4g} and fy {fy:.4g} differ more than any pixels do; check the '
                         'order of K: fx 0 cx / 0 fy cy / 0 0 1')
    if camera.distortion.any():
        _check_lens(camera)
    return camera


def camera_doubt(camera: CameraModel, cropped: bool = False) -> str:
    """Return what is strange about a camera that may yet be right, '' for nothing.

    cropped: by the roi of its CameraInfo; the principal point may then lie off its middle.
    """
    x, y = _principal_point(camera)
    margin = 0.0 if cropped else _STRANGE_MARGIN
    # K of another size moves the point along the diagonal, lenses and crops hardly do.
    is_scaled = not cropped and abs(x - 0.5) > _SCALED and abs(x - y) < _DIAGONAL
    if _inside(x, margin) and _inside(y, margin) and not is_scaled:
        return ''
    width, height = camera.image_size
    doubt = (f'the principal point lies at ({x:.2f}, {y:.2f}) of the {width} x {height} image; '
             'most lenses have it near (0.5, 0.5): ')
    if cropped:
        return doubt + 'check that K is that of the whole image, not of the roi'
    return doubt + 'check that K is of this image size, and cx and cy are not exchanged'


def rectification_doubt(camera: 'CameraModel') -> str:
    """Return what K and P alone say against images that are said to be raw, '' for nothing.

    Pixels of sensors are square, and so are those of rectified images.
    """
    other = camera.counterpart
    if other is None or other.distortion.any() or not camera.distortion.any():
        return ''
    shape, square = (c.K[1, 1] / c.K[0, 0] for c in (camera, other))
    if abs(square - 1) > _SQUARE or abs(shape - 1) < _NOT_SQUARE:
        return ''
    return f'by K of the CameraInfo pixels are {shape:.2f} times as wide as high, by P square'


def check_height(world_T_camera: NDArray[np.float64]) -> None:
    """Raise InputError, naming the unit that fits, for poses [...,4,4] far above z = 0."""
    height = float(world_T_camera[..., 2, 3].max(initial=0.0))
    if height <= _HIGHEST:
        return
    fitting = [f'; they look like {unit}, divide them by {divisor}'
               for unit, divisor in (('millimetres', 1000), ('centimetres', 100))
               if _USUAL_HEIGHTS[0] <= height / divisor <= _USUAL_HEIGHTS[1]]
    raise InputError(f'world_T_camera has the camera {height:.4g} m above the floor, but must be '
                     f'metres, at most {_HIGHEST:g}{fitting[0] if fitting else ""}')


def check_above_floor(floor_T_camera: NDArray[np.float64]) -> None:
    """Raise InputError for a pose [4,4] from which no floor is seen: not above z = 0."""
    height = float(floor_T_camera[2, 3])
    if height <= 0:
        raise InputError(f'the camera pose is {-height:.2f} m below the floor: z must point up, '
                         'floor_height be the height of the floor in the world, and the pose map '
                         'the camera into the world')


def _principal_point(camera: CameraModel) -> tuple[float, float]:
    """In image sizes from the upper left corner."""
    width, height = camera.image_size
    return (camera.K[0, 2] + 0.5) / width, (camera.K[1, 2] + 0.5) / height


def _inside(position: float, margin: float) -> bool:
    return margin <= position <= 1 - margin


def _check_lens(camera: CameraModel) -> None:
    width, height = camera.image_size
    steps = np.linspace(0, 1, _GRID)
    pixels = np.stack(np.meshgrid(steps * (width - 1), steps * (height - 1)), axis=-1)
    distorted = np.hypot(*np.moveaxis((pixels - camera.K[:2, 2]) / camera.K.diagonal()[:2], -1, 0))
    if camera.distortion_model != 'equidistant':
        distorted = np.arctan(distorted)
    rays = camera.undistort(pixels)
    angle = np.arctan(np.hypot(rays[..., 0], rays[..., 1]))
    seen = np.isfinite(angle) & (distorted > 0)
    bend = float(np.median(angle[seen] / distorted[seen])) if seen.any() else 0.0
    if seen.mean() < _LEAST_FIELD or not 1 / _LARGEST_BEND < bend < _LARGEST_BEND:
        raise InputError(
            'the distortion has coefficients that no lens has (only '
            f'{100 * seen.mean():.0f} % of the image have a ray, bent by the factor {bend:.2g}); '
            'check their order and distortion_model, and that K is of the same image size')
