# SPDX-License-Identifier: Apache-2.0
"""A Gaussian process of few results (Rasmussen and Williams 2006): Matérn kernel, a length for each parameter, noise.

The lengths, the scale and the noise are those of the highest posterior density. Their priors are those of Optuna's
`GPSampler`. Results are lower-is-better, and standardised by whoever calls.

The matrices are small: the threads with which a linear algebra library multiplies, and SciPy's L-BFGS-B with it, cost
more than they save, ten times the processor where other work runs. So products are taken by `einsum`, and BFGS fits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri
from scipy.optimize import minimize
from scipy.special import erfcx, ndtr

if TYPE_CHECKING:
    from automl.coordinates import Coordinates, Rows

_LEAST_NOISE = 1e-6
_START = (2.0, 1.0, 0.05)  # inverse squared lengths, scale and noise
_FARTHEST = 16.0  # of a logarithm from 0
_STEPS = 60
_LENGTH_PRIOR = 0.1
_NOISE_PRIOR = (1.1, 30.0)  # shape and rate of a gamma distribution; the scale's is (2, 1)


class GaussianProcess:
    """What is expected of points that were not tried; `rows` of the coordinates and a value for each."""

    def __init__(self, coordinates: Coordinates, rows: Rows, values: Rows) -> None:
        self._coordinates, self._values = coordinates, values
        self._features = coordinates.features(rows)
        group = coordinates.column_of
        apart = (self._features[:, None] - self._features[None]) ** 2
        self._apart = np.stack([apart[:, :, group == n].sum(2).ravel() for n in range(coordinates.columns)])
        self._set(self._fitted())

    def believing(self, rows: Rows) -> GaussianProcess:
        """The same process as it would be if these points had the values that it expects (Ginsbourger et al. 2010)."""
        other = object.__new__(GaussianProcess)
        other._coordinates = self._coordinates
        other._values = np.concatenate([self._values, self.expected(rows)])
        other._features = np.concatenate([self._features, self._coordinates.features(rows)])
        other._set(self._chosen)
        return other

    def expected(self, rows: Rows) -> Rows:
        """The mean at these rows."""
        return np.asarray(np.einsum("ij,j->i", self._covariance(rows), self._weights))

    def log_expected_improvement(self, rows: Rows, best: float) -> Rows:
        """How far each row is expected to go below `best`, as a logarithm (Ament et al. 2023, arXiv:2310.20708)."""
        covariance = self._covariance(rows)
        solved = np.einsum("ij,kj->ik", covariance, self._inverse)
        deviation = np.sqrt(np.maximum(1e-12, self._scale - np.einsum("ik,ik->i", solved, solved)))
        mean = np.einsum("ij,j->i", covariance, self._weights)
        return np.asarray(log_improvement((best - mean) / deviation) + np.log(deviation))

    def _fitted(self) -> Rows:
        """The logarithms of the inverse squared lengths, of the scale and of the noise."""
        columns = self._coordinates.columns
        start = np.log([_START[0]] * columns + list(_START[1:]))
        found = minimize(self.loss, start, jac=True, method="BFGS", options={"maxiter": _STEPS, "gtol": 1e-2})
        return np.asarray(np.clip(found.x, -_FARTHEST, _FARTHEST))

    def loss(self, chosen: Rows) -> tuple[float, Rows]:
        """The negative logarithm of the posterior density of what is chosen, and its gradient."""
        count, columns = len(self._values), self._coordinates.columns
        chosen = np.clip(chosen, -_FARTHEST, _FARTHEST)
        inverse, scale = np.exp(chosen[:columns]), math.exp(chosen[columns])
        noise = math.exp(chosen[columns + 1]) + _LEAST_NOISE
        distance = np.sqrt(5 * np.einsum("d,dp->p", inverse, self._apart).reshape(count, count) + 1e-20)
        decay = np.exp(-distance)
        kernel = (1 + distance + distance**2 / 3) * decay
        triangle, failed = dpotrf(scale * kernel + noise * np.eye(count), lower=1)
        if failed:
            return 1e10, np.zeros_like(chosen)
        precision, _ = _inverted(triangle)
        weights = precision @ self._values
        loss = 0.5 * self._values @ weights + np.log(np.diag(triangle)).sum()
        by_kernel = 0.5 * (precision - np.outer(weights, weights))
        slope = by_kernel * (-5 / 6 * scale * (1 + distance) * decay)  # by the squared distance
        gradient = np.concatenate(
            [
                np.einsum("dp,p->d", self._apart, slope.ravel()) * inverse,
                [(by_kernel * kernel).sum() * scale, np.trace(by_kernel) * (noise - _LEAST_NOISE)],
            ]
        )
        prior, by_prior = _prior(inverse, scale, noise)
        return float(loss + prior), gradient + by_prior

    def _set(self, chosen: Rows) -> None:
        columns = self._coordinates.columns
        self._chosen = chosen
        self._stretch = np.exp(chosen[:columns] / 2)[self._coordinates.column_of]
        self._scale = math.exp(chosen[columns])
        self._stretched = self._features * self._stretch
        noise = math.exp(chosen[columns + 1]) + _LEAST_NOISE
        covariance = self._kernel(self._stretched) + noise * np.eye(len(self._values))
        precision, self._inverse = _inverted(dpotrf(covariance, lower=1)[0])
        self._weights = precision @ self._values

    def _covariance(self, rows: Rows) -> Rows:
        return self._kernel(self._coordinates.features(rows) * self._stretch)

    def _kernel(self, stretched: Rows) -> Rows:
        """The covariance of rows with the results: Matérn, differentiable twice."""
        ours, theirs = (stretched**2).sum(1)[:, None], (self._stretched**2).sum(1)
        squared = np.maximum(0.0, ours + theirs - 2 * np.einsum("ik,jk->ij", stretched, self._stretched))
        distance = np.sqrt(5 * squared + 1e-20)
        covariance: Rows = self._scale * (1 + distance + distance**2 / 3) * np.exp(-distance)
        return covariance


def _inverted(triangle: Rows) -> tuple[Rows, Rows]:
    """The inverse of the matrix that this is the lower Cholesky factor of, and that of the factor."""
    inverse = np.tril(dtrtri(triangle, lower=1)[0])
    return np.einsum("ki,kj->ij", inverse, inverse), inverse


def _prior(inverse: Rows, scale: float, noise: float) -> tuple[float, Rows]:
    """The negative logarithm of the priors' density, and its gradient by the logarithms of what they are of."""
    shape, rate = _NOISE_PRIOR
    lengths = _LENGTH_PRIOR * (1 / inverse + inverse)
    of_noise = rate * noise - (shape - 1) * math.log(noise)
    by_noise = (rate - (shape - 1) / noise) * (noise - _LEAST_NOISE)
    by_lengths = _LENGTH_PRIOR * (inverse - 1 / inverse)
    return lengths.sum() + scale - math.log(scale) + of_noise, np.concatenate([by_lengths, [scale - 1, by_noise]])


def log_improvement(steps: Rows) -> Rows:
    """The logarithm of the expected excess of a normal draw with this mean over 0; stable far below."""
    found: np.ndarray[Any, np.dtype[np.float64]] = np.empty_like(steps)
    near = steps > -1
    some, far = steps[near], steps[~near]
    found[near] = np.log(some * ndtr(some) + np.exp(-0.5 * some**2) / math.sqrt(2 * math.pi))
    tail = np.maximum(1e-300, 1 + far * math.sqrt(math.pi / 2) * erfcx(-far / math.sqrt(2)))
    found[~near] = -0.5 * far**2 - 0.5 * math.log(2 * math.pi) + np.log(tail)
    return found
