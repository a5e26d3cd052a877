# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The bias of a camera's pitch, roll and height, estimated recursively from who walks before it.

The equations are those of ``floor_fit``: feet on the floor, bodies upright above them, statures
and proportions known roughly. Here every sighting adds to an information matrix and is forgotten:
the bias and what all bodies have in common stay, a person's own unknowns are marginalised when
somebody leaves. Memory and time are bounded. All of it holds for a camera that stands still, or is
fixed to a base that drives on the level floor: the bias is constant there.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.floor_start import pitch_roll_height
from mocap23_ros.calibration.gait import REACH, walking
from mocap23_ros.calibration.pose_bias import PoseBias, honest_covariance
from mocap23_ros.calibration.sightings import CAMERA, OWN, SHARED, Sightings
from mocap23_ros.calibration.standing_people import GIVEN_STATURE_SD, PAIRS, middles_of
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, STATURE_SD

_BIAS_SD = np.array([0.06, 0.06, 0.15])
# Bias of a place's people against average adults, and of a detector's joints against markers.
# Where all walk one way, nothing tells their lean from the camera's.
_COMMON_SD = np.concatenate([[0.04], np.full(4, 0.01), [0.03, 1e-4, 0.05, 0.07], [0.009]])
_ODD_STATURE = 2.5  # deviations
# Passers-by walk as they like, bent over a load or a telephone: they vary more than people who are
# asked to walk.
_PERSON_SD = np.concatenate([[STATURE_SD], [0.01, 0.025, 0.03, 0.035], [0.03, 1e-4, 0.08, 0.10],
                             [0.009], [0.006, 0.006, 0.02]])

_MOST_PERSONS, _MOST_CELLS = 32, 64
_LEFT = 30.0  # seconds unseen, after which a person is marginalised
_FORGETTING = 900.0  # seconds in which people are seen
_INTERVAL = 0.35  # seconds between sightings that are used
_BLOCK = 1.5  # seconds, within which a person's sightings err alike
_CELL = 0.5  # metres, within which they say the same again and again
_DOUBT = 6.0  # times the expected squared error: such a sighting counts a quarter
_STEEPEST = np.radians(75)
_MOVED = np.array([np.radians(3), np.radians(3), 0.1])  # given pose: it is another mounting
_FEWEST = 20  # effective sightings, before which nothing is said


@dataclass
class _Person:
    """Information about a person's own unknowns, and their coupling to the shared ones."""

    own: NDArray = field(default_factory=lambda: np.zeros((OWN, OWN)))
    coupling: NDArray = field(default_factory=lambda: np.zeros((OWN, SHARED)))
    vector: NDArray = field(default_factory=lambda: np.zeros(OWN))
    prior: NDArray = field(default_factory=lambda: _PERSON_SD ** -2.0)
    log_stature: float = np.nan  # of the mean one, where it is given
    last: float = -np.inf
    cells: dict[tuple[int, int], float] = field(default_factory=dict)


class PoseBiasFilter:
    """Takes sightings of people, thinned to a few a second, and gives the bias on demand.

    statures: known body heights [m] by person id, NaN where they are unknown again.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: another camera, or the same one moved."""
        self.statures: dict[int, float] = {}
        self._until = -np.inf
        self._begin()

    def _begin(self) -> None:
        self._matrix = np.zeros((SHARED, SHARED))
        self._vector = np.zeros(SHARED)
        self._prior = np.concatenate([_BIAS_SD, _COMMON_SD]) ** -2.0
        self._persons: dict[int, _Person] = {}
        self._told: NDArray | None = None
        self._noise = 1.0  # squared, against what is expected
        self._seen = 0.0
        self._estimate: NDArray = np.zeros(SHARED)
        self._covariance: NDArray = np.diag(1 / self._prior)

    def set_stature(self, person_id: int, stature: float) -> None:
        """A person's body height [m] is known; NaN: it is not."""
        self.statures[person_id] = stature
        while len(self.statures) > _MOST_PERSONS:
            del self.statures[next(iter(self.statures))]

    def bias(self) -> PoseBias | None:
        """The bias as it seems now; None while too little was seen."""
        if self._seen < _FEWEST or self._told is None:
            return None
        pitch, roll, height = (float(value) for value in self._estimate[:CAMERA])
        return PoseBias(np.array([pitch, roll, np.expm1(height)]),
                        honest_covariance(self._covariance[:CAMERA, :CAMERA]),
                        float(self._told[2]))

    def update(self, stamps: NDArray, person_ids: NDArray, points: NDArray,
               floor_T_cameras: NDArray, focal_length: float) -> None:
        """Take in what is new among sightings of the last seconds, oldest first.

        stamps: [N] s; person_ids: [N]; points: [N,17,2] COCO keypoints in undistorted normalised
        coordinates, NaN = unobserved; floor_T_cameras: [N,4,4] as told; focal_length: px. Sightings
        of the last half second wait: where somebody walks is known afterwards.
        """
        if not len(stamps):
            return
        if stamps[-1] < self._until - REACH:  # another time
            self._until = -np.inf
        middles, usable = middles_of(points)
        told = np.stack(pitch_roll_height(floor_T_cameras), axis=-1)
        usable &= (np.abs(told[:, 0]) < _STEEPEST) & (told[:, 2] > 0.3)
        walk = walking(stamps, person_ids, points, floor_T_cameras, focal_length)
        usable &= walk.any(axis=1)
        rows = np.flatnonzero(usable & np.isin(stamps, self._next(stamps)))
        if not len(rows):
            return
        self._follow_mounting(told[rows].mean(axis=0))
        self._forget(stamps[rows])
        persons = [self._person(int(person_ids[row])) for row in rows]
        self._take_in(Sightings(
            middles[rows], points[rows][:, PAIRS[0]], told[rows], walk[rows], focal_length,
            np.array([p.log_stature for p in persons])), persons, stamps[rows],
            floor_T_cameras[rows])
        self._solve()

    def _next(self, stamps: NDArray) -> list[float]:
        """New stamps of which people's walk is known, thinned: neighbours say the same."""
        kept: list[float] = []
        for stamp in np.unique(stamps[stamps <= stamps[-1] - REACH]).tolist():
            if stamp - self._until > _INTERVAL:
                kept.append(stamp)
                self._until = stamp
        return kept

    def _follow_mounting(self, told: NDArray) -> None:
        if self._told is not None:
            change = np.abs(told - self._told)
            change[2] /= self._told[2]
            if (change > _MOVED).any():
                self._begin()
        self._told = told if self._told is None else self._told

    def _forget(self, stamps: NDArray) -> None:
        """Old information fades by the time in which people are seen; who left is marginalised."""
        newest = float(stamps[-1])
        last = max((person.last for person in self._persons.values()), default=-np.inf)
        keep = np.exp(-np.clip(newest - last, 0.0, _BLOCK) / _FORGETTING)
        self._matrix *= keep
        self._vector *= keep
        self._seen *= keep
        for person in self._persons.values():
            person.own *= keep
            person.coupling *= keep
            person.vector *= keep
        for person_id in [k for k, p in self._persons.items() if newest - p.last > _LEFT]:
            self._marginalise(person_id)

    def _person(self, person_id: int) -> _Person:
        if person_id not in self._persons:
            if len(self._persons) >= _MOST_PERSONS:
                self._marginalise(min(self._persons, key=lambda k: self._persons[k].last))
            self._persons[person_id] = _Person()
        person = self._persons[person_id]
        stature = self.statures.get(person_id, np.nan)
        person.log_stature = float(np.log(stature / MEAN_STATURE))
        return person

    def _marginalise(self, person_id: int) -> None:
        person = self._persons.pop(person_id)
        inverse = np.linalg.inv(person.own + np.diag(person.prior))
        self._matrix -= person.coupling.T @ inverse @ person.coupling
        self._vector -= person.coupling.T @ inverse @ person.vector

    def _own(self, person: _Person) -> NDArray[np.float64]:
        """A person's own unknowns [13] under the present estimate."""
        return np.asarray(np.linalg.solve(person.own + np.diag(person.prior),
                                          person.vector - person.coupling @ self._estimate))

    def _take_in(self, sightings: 'Sightings', persons: list[_Person], stamps: NDArray,
                 world_T_camera: NDArray) -> None:
        known = {id(person): self._own(person) for person in persons}
        state = np.stack([np.concatenate([self._estimate, known[id(p)]]) for p in persons])
        residual, slope = sightings.linearised(state)
        error, weight = self._weights(residual, slope, persons)
        place = sightings.places_in(world_T_camera)
        for k, person in enumerate(persons):
            share = float(np.clip(stamps[k] - person.last, 0.0, _BLOCK)) / _BLOCK
            person.last = float(stamps[k])
            if not np.isfinite(place[k]).all():
                continue
            cell = (int(place[k, 0] // _CELL), int(place[k, 1] // _CELL))
            before = person.cells.get(cell, 0.0)
            share *= weight[k] / (1 + before)
            if cell in person.cells or len(person.cells) < _MOST_CELLS:
                person.cells[cell] = before + share
            scale = share / self._noise
            shared, own = slope[k, :, :SHARED], slope[k, :, SHARED:]
            # Linearised where the estimate is now: errors against the unknowns themselves.
            value = residual[k] + slope[k] @ state[k]
            self._matrix += scale * shared.T @ shared
            self._vector += scale * shared.T @ value
            person.own += scale * own.T @ own
            person.coupling += scale * own.T @ shared
            person.vector += scale * own.T @ value
            self._seen += share
        # Clipped: who sits or bends says nothing of the noise.
        step = 0.02 * np.minimum(error / self._noise, 4.0).mean()
        self._noise = float(np.clip(self._noise * (0.98 + step), 0.1, 30.0))

    def _weights(self, residual: NDArray, slope: NDArray, persons: list[_Person]
                 ) -> tuple[NDArray, NDArray]:
        """Squared error [N] of each degree of freedom, and trust [N]: 1 = as bodies stand."""
        error, weight = np.ones(len(persons)), np.ones(len(persons))
        for k, person in enumerate(persons):
            freedom = max(int((np.abs(slope[k]) > 0).any(axis=1).sum()) - 2, 1)
            error[k] = residual[k] @ residual[k] / freedom
            own = np.linalg.inv(person.own + np.diag(person.prior))
            # What is not known yet of the person and of the camera explains some of the error.
            to_state = slope[k, :, :SHARED] - slope[k, :, SHARED:] @ own @ person.coupling
            spread = (self._noise * np.eye(len(residual[k]))
                      + to_state @ self._covariance @ to_state.T
                      + slope[k, :, SHARED:] @ own @ slope[k, :, SHARED:].T)
            distance = residual[k] @ np.linalg.solve(spread, residual[k]) / freedom
            weight[k] = 1 / (1 + (distance / _DOUBT) ** 2)
        return error, weight

    def _solve(self) -> None:
        matrix = self._matrix + np.diag(self._prior)
        vector = self._vector.copy()
        for person in self._persons.values():
            inverse = np.linalg.inv(person.own + np.diag(person.prior))
            matrix -= person.coupling.T @ inverse @ person.coupling
            vector -= person.coupling.T @ inverse @ person.vector
        self._covariance = np.linalg.inv(matrix)
        self._estimate = self._covariance @ vector
        for person in self._persons.values():
            # Children, and who was mistaken for somebody: their stature is not that of adults.
            odd = abs(self._own(person)[0]) / (_ODD_STATURE * STATURE_SD)
            sd = GIVEN_STATURE_SD if np.isfinite(person.log_stature) else STATURE_SD
            person.prior[0] = 1 / (sd ** 2 * min(1 + odd ** 4, 50.0))
