# SPDX-License-Identifier: Apache-2.0
"""Polylines (N,2): samples along them, 45 degree corners, parallels, wandering paths."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def along(points: Points, step: float = 0.08) -> Points:
    """Points (M,2) every `step` millimetres along a polyline (N,2)."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0, way[-1], max(2, math.ceil(way[-1] / step) + 1))
    return np.stack([np.interp(at, way, points[:, 0]), np.interp(at, way, points[:, 1])], axis=1)


def octilinear(start: Points, end: Points, kind: int) -> list[Points]:
    """The corners between two points: diagonal first (0), straight first (1), straight on both sides (2)."""
    delta = end - start
    short = float(np.abs(delta).min())
    diagonal = np.sign(delta) * short
    if short < 1e-6:
        return []
    if kind == 0:
        return [start + diagonal]
    if kind == 1:
        return [end - diagonal]
    rest = (delta - diagonal) / 2
    return [start + rest, start + rest + diagonal]


def gentle_length(path: list[list[float]]) -> float | None:
    """A path's length, or None where a corner turns back by more than a right angle."""
    total, before = 0.0, (0.0, 0.0)
    for (ax, ay), (bx, by) in pairwise(path):
        length = math.hypot(bx - ax, by - ay)
        if length < 1e-6:
            continue
        way = ((bx - ax) / length, (by - ay) / length)
        if before[0] * way[0] + before[1] * way[1] < -0.01:
            return None
        total, before = total + length, way
    return total


def parallel(path: Points, offset: float) -> Points:
    """The same path at a distance to its side, its corners mitred."""
    steps = np.diff(path, axis=0)
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1) / np.maximum(np.hypot(*steps.T), 1e-9)[:, None]
    joined = np.concatenate([normals[:1], normals[:-1] + normals[1:], normals[-1:]])
    joined[1:-1] /= np.maximum(1 + (normals[:-1] * normals[1:]).sum(axis=1), 0.4)[:, None]
    return np.asarray(path + joined * offset)


def corners(points: Points) -> Points:
    """The same polyline without the points on straight runs."""
    steps = np.diff(points, axis=0)
    turns = np.abs(steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]) > 1e-6
    return np.asarray(points[np.concatenate([[True], turns, [True]])])


def wander(rng: np.random.Generator, start: Points, heading: tuple[float, float], curl: float, steps: int) -> Points:
    """A path (steps + 1, 2) from a point, of a direction in radians and a length, that turns by about `curl` a step."""
    way, length = heading
    turns = np.cumsum(rng.normal(0, curl, steps)) + way
    strides = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (length / steps)
    return np.cumsum(np.concatenate([start[None], strides]), axis=0)
