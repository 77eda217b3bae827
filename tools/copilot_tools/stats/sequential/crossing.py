"""Where and when the running sum first leaves its boundaries: exit probabilities under any drift.

The score process S(t) = Z sqrt(t) has independent normal increments, with mean drift * t and variance t, where t is
information as a share of the planned one and the drift is the expected z at t = 1. The density of S over all paths
still inside is carried from look to look by Gauss-Legendre quadrature, in panels fine enough for the narrowest step.
The density under another drift is the same density tilted: times exp((drift - anchor) s - (drift**2 - anchor**2) t/2).
One recursion therefore serves a whole range of drifts, which makes power curves and intervals cheap.

Checked against an independent integration and against simulation; absolute error below 1e-8.

References:
    Armitage, McPherson & Rowe (1969), Repeated significance tests on accumulating data, JRSS A 132.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapter 19.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["Crossing", "Exits", "State", "above", "advance", "below", "density", "start"]

Floats = npt.NDArray[np.float64]

_NODES: Floats = np.polynomial.legendre.leggauss(16)[0]
_WEIGHTS: Floats = np.polynomial.legendre.leggauss(16)[1]
_PANEL = 6.0
"""Width of a panel (16 nodes) in standard deviations of the narrowest step."""
_FAR = 8.5
"""Where an open side is cut off, in standard deviations beyond every drift that is asked for."""
_BLOCK = 128
_NEAR = 10.0
"""How far a step reaches, in its standard deviations."""


@dataclass(frozen=True)
class State:
    """The paths still inside after a look.

    Attributes:
        time: Information, as a share of the planned one.
        anchor: The drift under which ``mass`` is stated.
        nodes: Values of S.
        mass: Quadrature weight times density at each node, under ``anchor``.
    """

    time: float
    anchor: float
    nodes: Floats
    mass: Floats

    def under(self, drift: float) -> Floats:
        """The mass under ``drift``."""
        shift = drift - self.anchor
        if shift == 0:
            return self.mass
        tilted: Floats = self.mass * np.exp(shift * self.nodes - (drift**2 - self.anchor**2) * self.time / 2)
        return tilted


def start(anchor: float = 0.0) -> State:
    """Before the first look: all paths at 0.

    Args:
        anchor: The drift at which the paths' weights are kept, in z at information 1; 0 unless they are read under
            another.
    """
    return State(0.0, anchor, np.zeros(1), np.ones(1))


def above(state: State, time: float, z: float, drift: float = 0.0) -> float:
    """Chance to be inside until ``state`` and at or above ``z`` at the look at ``time``.

    Args:
        state: The paths still inside, at their last look.
        time: Information at the look, as a share of the planned one, later than the state's.
        z: The statistic there, in standard errors; infinite gives 0 or everything.
        drift: Expected z at information 1; 0 is no effect.
    """
    if math.isinf(z):
        return 0.0 if z > 0 else float(state.under(drift).sum())
    gap = time - state.time
    tail = special.ndtr((state.nodes + drift * gap - z * math.sqrt(time)) / math.sqrt(gap))
    return float(tail @ state.under(drift))


def below(state: State, time: float, z: float, drift: float = 0.0) -> float:
    """Chance to be inside until ``state`` and below ``z`` at the look at ``time``.

    Args:
        state: The paths still inside, at their last look.
        time: Information at the look, as a share of the planned one, later than the state's.
        z: The statistic there, in standard errors; infinite gives 0 or everything.
        drift: Expected z at information 1; 0 is no effect.
    """
    if math.isinf(z):
        return 0.0 if z < 0 else float(state.under(drift).sum())
    gap = time - state.time
    tail = special.ndtr((z * math.sqrt(time) - state.nodes - drift * gap) / math.sqrt(gap))
    return float(tail @ state.under(drift))


def density(state: State, time: float, z: float, drift: float = 0.0) -> float:
    """Density of z at the look at ``time`` over the paths inside until ``state``.

    Args:
        state: The paths still inside, at their last look.
        time: Information at the look, as a share of the planned one, later than the state's.
        z: The statistic there, in standard errors, finite.
        drift: Expected z at information 1; 0 is no effect.
    """
    gap = time - state.time
    x = (z * math.sqrt(time) - state.nodes - drift * gap) / math.sqrt(gap)
    return float(np.exp(-0.5 * x * x) @ state.under(drift)) * math.sqrt(time / gap / (2 * math.pi))


def advance(
    state: State,
    time: float,
    lower: float,
    upper: float,
    inner: float = 0.0,
    *,
    ahead: float = math.inf,
    reach: float = 0.0,
) -> State:
    """The paths still inside after the look at ``time``.

    Args:
        state: After the look before.
        time: This look's information, above the state's.
        lower: Paths below this z have left; minus infinity where that side is open.
        upper: Paths above this z have left; infinity where that side is open.
        inner: Paths with abs(z) below this have left too.
        ahead: Information from this look to the next.
        reach: How far from the anchor drifts will be asked for.
    """
    root = math.sqrt(time)
    centre, spread = state.anchor * time, _FAR * root + reach * time
    low, high = max(lower * root, centre - spread), min(upper * root, centre + spread)
    pieces = [(low, min(-inner * root, high)), (max(inner * root, low), high)] if inner > 0 else [(low, high)]
    width = _PANEL * math.sqrt(min(time - state.time, ahead))
    grids = [_panels(a, b, width) for a, b in pieces if b > a]
    if not grids:
        return State(time, state.anchor, np.empty(0), np.empty(0))
    nodes = np.concatenate([g[0] for g in grids])
    weights = np.concatenate([g[1] for g in grids])
    step = math.sqrt(time - state.time)
    arriving = _carry(nodes - state.anchor * (time - state.time), state, step)
    return State(time, state.anchor, nodes, weights * arriving / (step * math.sqrt(2 * math.pi)))


def _carry(targets: Floats, state: State, step: float) -> Floats:
    """The mass at the state's nodes, blurred by a normal step, at each target; both ascend."""
    if len(targets) <= 2 * _BLOCK:
        return _kernel(targets, state.nodes, step) @ state.mass
    # With many looks a step is short: paths come from nearby alone, and the rest of the table is zeros.
    blocks = []
    for start_ in range(0, len(targets), _BLOCK):
        part = targets[start_ : start_ + _BLOCK]
        near = slice(*np.searchsorted(state.nodes, (part[0] - _NEAR * step, part[-1] + _NEAR * step)))
        blocks.append(_kernel(part, state.nodes[near], step) @ state.mass[near])
    return np.concatenate(blocks)


def _kernel(targets: Floats, nodes: Floats, step: float) -> Floats:
    x: Floats = targets[:, None] - nodes
    x /= step
    np.multiply(x, x, out=x)
    x *= -0.5
    return np.exp(x, out=x)


def _panels(low: float, high: float, width: float) -> tuple[Floats, Floats]:
    count = max(math.ceil((high - low) / width), 2)
    edges = np.linspace(low, high, count + 1)
    half = (high - low) / count / 2
    nodes = (edges[:-1] + half)[:, None] + half * _NODES
    return nodes.ravel(), np.tile(half * _WEIGHTS, count)


@dataclass(frozen=True)
class Exits:
    """Chances to leave at each look, under one drift.

    Attributes:
        upper: Across the upper boundary.
        lower: Across the lower boundary.
        inner: Into the inner region.
    """

    upper: Floats
    lower: Floats
    inner: Floats

    def stopping(self) -> Floats:
        """Chance to have stopped at each look, with everything still inside at the last one stopping there."""
        total = self.upper + self.lower + self.inner
        total[-1] = max(1.0 - float(total[:-1].sum()), 0.0)
        return total


class Crossing:
    """Boundaries, and the chances to cross them under any drift.

    Args:
        times: Information at each look, increasing, above 0.
        lower: Lower boundary as z, one a look; minus infinity where there is none.
        upper: Upper boundary as z; infinity where there is none.
        inner: Half-width of an inner region in which paths leave too; zeros where there is none.

    Example:
        Five looks at the plain 5% level find "significance" in 14.2% of tests without effect.

        >>> z = [1.959964] * 5
        >>> found = Crossing([0.2, 0.4, 0.6, 0.8, 1.0], [-x for x in z], z).exits(0.0)
        >>> round(float((found.upper + found.lower).sum()), 3)
        0.142
    """

    def __init__(
        self,
        times: Sequence[float],
        lower: Sequence[float],
        upper: Sequence[float],
        inner: Sequence[float] | None = None,
    ) -> None:
        self.times = tuple(times)
        self.lower, self.upper = tuple(lower), tuple(upper)
        self.inner = tuple(inner) if inner is not None else (0.0,) * len(self.times)
        # Drifts within this of an anchor are read from the anchor's recursion: the tilt stays far from overflow.
        self._reach = 4.0 / math.sqrt(self.times[-1])
        self._states: dict[int, tuple[State, ...]] = {}

    def states(self, drift: float) -> tuple[State, ...]:
        """The paths inside before each look, stated under an anchor near ``drift``."""
        number = round(drift / self._reach)
        if number not in self._states:
            self._states[number] = self._carried(number * self._reach)
        return self._states[number]

    def _carried(self, anchor: float) -> tuple[State, ...]:
        states = [start(anchor)]
        for k, time in enumerate(self.times[:-1]):
            states.append(
                advance(
                    states[-1],
                    time,
                    self.lower[k],
                    self.upper[k],
                    self.inner[k],
                    ahead=self.times[k + 1] - time,
                    reach=self._reach,
                )
            )
        return tuple(states)

    def exits(self, drift: float) -> Exits:
        """Chances to leave at each look under ``drift``."""
        upper, lower, inner = (np.zeros(len(self.times)) for _ in range(3))
        for k, (state, time) in enumerate(zip(self.states(drift), self.times, strict=True)):
            if len(state.nodes) == 0:
                break
            upper[k] = above(state, time, self.upper[k], drift)
            lower[k] = below(state, time, self.lower[k], drift)
            if self.inner[k] > 0:
                half = min(self.inner[k], self.upper[k])
                inner[k] = below(state, time, half, drift) - below(state, time, max(-half, self.lower[k]), drift)
        return Exits(upper, lower, inner)
