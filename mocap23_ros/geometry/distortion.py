# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lens distortion on normalised image coordinates, and its inverse by Newton's method.

OpenCV's inverse stops after five fixed-point rounds and is pixels off in the corners of wide
lenses; here it is carried to convergence or refused (NaN). A point is one complex number
x + iy, which makes the models short and halves the number of numpy calls.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.complex128]

MAXIMUM_ITERATIONS = 30
TOLERANCE = 1e-9  # of a normalised coordinate: a millionth of a pixel at f = 1000 px
_STEEP_TOLERANCE = 1e-16
MAXIMUM_FISHEYE_ANGLE = float(np.radians(89.0))  # from the axis; (x, y, 1) cannot reach 90
_TABLE_RADIUS = 4.0  # ideal radius (76 degrees) up to which the first guess is tabulated
_TABLE_SIZE = 2048
_NOWHERE = complex(np.nan, np.nan)


class Distortion(Protocol):
    """Maps ideal (pinhole) normalised coordinates to distorted ones and back.

    Points are complex [N]; NaN outside the field in which the model is one to one.
    """

    def distort(self, ideal: Points) -> Points:
        """Ideal to distorted."""

    def undistort(self, distorted: Points) -> Points:
        """Distorted to ideal."""


class BrownConradyDistortion:
    """OpenCV's model of 4, 5, 8, 12 or 14 coefficients (plumb_bob, rational_polynomial).

    Order: k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 tau_x tau_y; missing ones are zero. With
    p = p2 + i p1 the tangential part is conj(p) z^2 + 2 p |z|^2.
    """

    def __init__(self, coefficients: NDArray[np.float64]) -> None:
        c = np.zeros(14)
        c[:len(coefficients)] = coefficients
        self._numerator = c[[0, 1, 4]].tolist()
        self._denominator = c[5:8].tolist() if c[5:8].any() else None
        self._tangential = complex(c[3], c[2])
        self._prism = (complex(c[8], c[10]), complex(c[9], c[11])) if c[8:12].any() else None
        self._tilt = _tilt_matrix(c[12], c[13]) if c[12:14].any() else None
        self._untilt = np.linalg.inv(self._tilt) if self._tilt is not None else None
        self._fold = self._find_fold(c)  # square of the radius at which the image folds back
        radius = np.linspace(0, min(_TABLE_RADIUS, 0.9999 * np.sqrt(self._fold)), _TABLE_SIZE)
        factor = self._radial(radius * radius)[0]
        self._distorted_square = (radius * factor) ** 2
        self._unfolding = 1 / factor

    def _find_fold(self, c: NDArray) -> float:
        polynomial = np.polynomial.Polynomial
        numerator, denominator = polynomial([1, c[0], c[1], c[4]]), polynomial([1, *c[5:8]])
        # d(r g(r^2))/dr = g + 2 r^2 g' with g = numerator / denominator
        slope = numerator * denominator + 2 * polynomial([0, 1]) * (
            numerator.deriv() * denominator - numerator * denominator.deriv())
        return min(_smallest_positive_root(slope), _smallest_positive_root(denominator))

    def _radial(self, r2: NDArray) -> tuple[NDArray, NDArray]:
        """Radial factor and its derivative by the squared radius."""
        k1, k2, k3 = self._numerator
        factor = ((k3 * r2 + k2) * r2 + k1) * r2 + 1
        slope = (3 * k3 * r2 + 2 * k2) * r2 + k1
        if self._denominator is not None:
            k4, k5, k6 = self._denominator
            inverse = 1 / (((k6 * r2 + k5) * r2 + k4) * r2 + 1)
            factor *= inverse
            slope = (slope - factor * ((3 * k6 * r2 + 2 * k5) * r2 + k4)) * inverse
        return factor, slope

    def _decentre(self, z: Points, r2: NDArray) -> Points:
        """Tangential and thin prism parts."""
        p = self._tangential
        shift = (p.conjugate() * z) * z + 2 * p * r2
        if self._prism is not None:
            s1, s2 = self._prism
            shift += (s2 * r2 + s1) * r2
        return shift

    def distort(self, ideal: Points) -> Points:
        """Ideal to distorted; NaN beyond the radius at which the image folds back."""
        with np.errstate(all='ignore'):
            r2 = _squared_radius(ideal)
            distorted = ideal * self._radial(r2)[0] + self._decentre(ideal, r2)
            if self._tilt is not None:
                distorted = _map_plane(self._tilt, distorted)
            return np.where(r2 < self._fold, distorted, _NOWHERE)

    def undistort(self, distorted: Points) -> Points:
        """Distorted to ideal; NaN where there is no inverse on the near side of the fold."""
        with np.errstate(all='ignore'):
            if self._untilt is not None:
                distorted = _map_plane(self._untilt, distorted)
            z = self._unfold(distorted)
            if self._tangential or self._prism:  # two cheap rounds save one of Newton's
                for _ in range(2):
                    z = self._unfold(distorted - self._decentre(z, _squared_radius(z)))
            z, solved = self._newton(z, distorted)
            if not solved.all():
                self._solve_rest(z, solved, distorted)
        return z

    def _newton(self, z: Points, distorted: Points) -> tuple[Points, NDArray[np.bool_]]:
        """One round of Newton's method, and where it leaves no error to speak of."""
        p = self._tangential
        r2 = _squared_radius(z)
        factor, slope = self._radial(r2)
        error = z * factor + self._decentre(z, r2) - distorted
        # The error changes by along * dz + across * conj(dz).
        along = factor + r2 * slope + 4 * (p.conjugate() * z).real
        across = (slope * z + 2 * p) * z
        if self._prism is not None:
            s1, s2 = self._prism
            prism = 2 * s2 * r2 + s1
            along, across = along + prism * z.conj(), across + prism * z
            step = along.conj() * error - across * error.conj()
            determinant = _squared_radius(along) - _squared_radius(across)
        else:
            step = along * error - across * error.conj()
            determinant = along * along - _squared_radius(across)
        step /= determinant
        # Newton squares the error, times a factor that grows towards the fold, and without bound
        # where the radial factor is steep, as near a pole: there it goes on to the last digit.
        steep = r2 * slope * slope > 4 * factor * factor
        tolerance = np.where(steep, _STEEP_TOLERANCE, TOLERANCE) * determinant
        solved = (_squared_radius(step) < tolerance) & (r2 < self._fold)
        return z - step, solved

    def _solve_rest(self, z: Points, solved: NDArray[np.bool_], distorted: Points) -> None:
        """Carry on, in place, with the points that a first round did not settle."""
        rest = np.flatnonzero(~solved & np.isfinite(distorted))
        z[~solved] = _NOWHERE
        target = distorted[rest]
        guess = self._hold_inside(self._unfold(target))
        for _ in range(MAXIMUM_ITERATIONS):
            if not rest.size:
                return
            guess, done = self._newton(guess, target)
            z[rest[done]] = guess[done]
            rest, target, guess = rest[~done], target[~done], self._hold_inside(guess[~done])

    def _unfold(self, distorted: Points) -> Points:
        """Undo the radial part alone, by table."""
        return distorted * np.interp(
            _squared_radius(distorted), self._distorted_square, self._unfolding)

    def _hold_inside(self, z: Points) -> Points:
        if self._fold == np.inf:
            return z
        ratio = np.sqrt(self._fold / _squared_radius(z))
        return z * np.where(ratio > 1, 1, 0.999 * ratio)


class EquidistantDistortion:
    """Kannala-Brandt fisheye of four coefficients (OpenCV's fisheye, ROS's equidistant).

    Rays more than MAXIMUM_FISHEYE_ANGLE off the axis are NaN.
    """

    def __init__(self, coefficients: NDArray[np.float64]) -> None:
        self._k = np.asarray(coefficients, np.float64).tolist()
        slope = np.polynomial.Polynomial(
            [1, 3 * self._k[0], 5 * self._k[1], 7 * self._k[2], 9 * self._k[3]])
        self._maximum = min(float(np.sqrt(_smallest_positive_root(slope))), MAXIMUM_FISHEYE_ANGLE)
        self._angle = np.linspace(0, self._maximum, _TABLE_SIZE)
        self._bent = self._bend(self._angle)[0]

    def _bend(self, angle: NDArray) -> tuple[NDArray, NDArray]:
        """Distorted angle and its derivative."""
        k1, k2, k3, k4 = self._k
        a2 = angle * angle
        bent = ((((k4 * a2 + k3) * a2 + k2) * a2 + k1) * a2 + 1) * angle
        slope = (((9 * k4 * a2 + 7 * k3) * a2 + 5 * k2) * a2 + 3 * k1) * a2 + 1
        return bent, slope

    def distort(self, ideal: Points) -> Points:
        """Ideal to distorted; NaN beyond the largest angle."""
        with np.errstate(all='ignore'):
            radius = np.abs(ideal)
            angle = np.arctan(radius)
            ratio = np.divide(self._bend(angle)[0], radius, out=np.ones_like(radius),
                              where=radius > 0)
            return ideal * np.where(angle < self._maximum, ratio, np.nan)

    def undistort(self, distorted: Points) -> Points:
        """Distorted to ideal; NaN beyond the largest angle."""
        with np.errstate(all='ignore'):
            target = np.abs(distorted)
            angle = np.interp(target, self._bent, self._angle)
            for _ in range(MAXIMUM_ITERATIONS):
                bent, slope = self._bend(angle)
                step = (bent - target) / slope
                angle = angle - step
                unsolved = ~(step * step < TOLERANCE * slope)
                if not unsolved.any() or not np.isfinite(target[unsolved]).any():
                    break
                angle[unsolved] = np.clip(angle[unsolved], 0, 0.9999 * self._maximum)
            ratio = np.divide(np.tan(angle), target, out=np.ones_like(target), where=target > 0)
            ratio[unsolved | ~(angle < self._maximum)] = np.nan
            return distorted * ratio


def _squared_radius(z: Points) -> NDArray[np.float64]:
    return (z * z.conj()).real


def _smallest_positive_root(polynomial: np.polynomial.Polynomial) -> float:
    roots = polynomial.trim(1e-12).roots()
    real = roots.real[np.abs(roots.imag) <= 1e-9 * (1 + np.abs(roots.real))]
    return float(min(real[real > 0], default=np.inf))


def _tilt_matrix(tau_x: float, tau_y: float) -> NDArray[np.float64]:
    """Homography of a sensor tilted about x and y (Scheimpflug), as OpenCV defines it."""
    cos_x, sin_x, cos_y, sin_y = np.cos(tau_x), np.sin(tau_x), np.cos(tau_y), np.sin(tau_y)
    turn_x = np.array([[1, 0, 0], [0, cos_x, sin_x], [0, -sin_x, cos_x]])
    turn_y = np.array([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]])
    turn = turn_y @ turn_x
    onto_plane = np.array([[turn[2, 2], 0, -turn[0, 2]], [0, turn[2, 2], -turn[1, 2]], [0, 0, 1]])
    return onto_plane @ turn


def _map_plane(homography: NDArray, z: Points) -> Points:
    h = homography.tolist()
    x, y = z.real, z.imag
    mapped = complex(h[0][0], h[1][0]) * x + complex(h[0][1], h[1][1]) * y
    mapped += complex(h[0][2], h[1][2])
    return mapped / (h[2][0] * x + h[2][1] * y + h[2][2])
