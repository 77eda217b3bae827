"""Piecewise Gauss-Legendre quadrature with running integrals: densities and their tails to about 14 digits.

Every posterior without a closed form is held as its values at 16 nodes in each of some panels. Within a panel the
values are a polynomial, so the integral up to any point is exact for that polynomial: no interpolation of a cumulative
sum, no sampling.

References:
    Trefethen (2008), Is Gauss quadrature better than Clenshaw-Curtis?, SIAM Review 50(1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from copilot_tools.stats.inference._roots import root

__all__ = ["DROPS", "Floats", "Panels", "Tabulated"]

Floats = npt.NDArray[np.float64]

_ORDER = 16
_X: Floats = legendre.leggauss(_ORDER)[0]
_W: Floats = legendre.leggauss(_ORDER)[1]
DROPS: Floats = 0.5 * np.linspace(0.0, 9.5, 20)[1:] ** 2
"""Where a density's panels end: how far its logarithm has fallen from the mode. Those of a normal density are half a
standard deviation wide and end at 9.5, beyond which it holds less than 1e-20."""


def _running(x: Floats) -> Floats:
    """Integrals of P_0 .. P_15 from -1 to each x."""
    p = legendre.legvander(x, _ORDER)
    k = np.arange(1, _ORDER)
    return np.concatenate([x[..., None] + 1, (p[..., 2:] - p[..., :-2]) / (2 * k + 1)], axis=-1)


_TO_LEGENDRE: Floats = (np.arange(_ORDER)[:, None] + 0.5) * (legendre.legvander(_X, _ORDER - 1).T * _W)
_CUMULATIVE: Floats = _running(_X) @ _TO_LEGENDRE


class Panels:
    """Nodes and weights between given edges.

    Attributes:
        edges: Ascending ends of the panels.
        nodes: Nodes, one row a panel.
        weights: Their weights.
    """

    def __init__(self, *edges: Sequence[float] | Floats) -> None:
        """Panels between all these edges, sorted; edges that all but coincide count once."""
        merged: Floats = np.unique(np.concatenate([np.asarray(e, dtype=float) for e in edges]))
        apart = np.diff(merged) > 1e-13 * (merged[-1] - merged[0])
        self.edges: Floats = merged[np.concatenate([[True], apart])]
        self._half: Floats = np.diff(self.edges)[:, None] / 2
        self.nodes: Floats = self.edges[:-1, None] + self._half * (_X + 1)
        self.weights: Floats = self._half * _W

    def total(self, values: Floats) -> float:
        """The integral of a function given at the nodes."""
        return float((self.weights * values).sum())

    def below(self, values: Floats) -> Floats:
        """Its integral from the left end to each node."""
        panels = (self.weights * values).sum(axis=1)
        before = np.concatenate([[0.0], np.cumsum(panels)[:-1]])
        return before[:, None] + self._half * (values @ _CUMULATIVE.T)

    def above(self, values: Floats) -> Floats:
        """Its integral from each node to the right end, summed from there so that small tails keep their digits."""
        panels = (self.weights * values).sum(axis=1)
        after = np.concatenate([np.cumsum(panels[::-1])[::-1][1:], [0.0]])
        # From a node to the panel's end is, mirrored, from the panel's start to the mirrored node.
        return after[:, None] + self._half * (values[:, ::-1] @ _CUMULATIVE.T)[:, ::-1]


class Tabulated:
    """A distribution held as its density on panels.

    Attributes:
        mean: Its mean.
        sd: Its standard deviation.
        gain: Mean of max(x, 0).
        loss: Mean of max(-x, 0).
        mass: The integral of the density as it was given, before it was scaled to 1.
    """

    def __init__(self, panels: Panels, values: Floats) -> None:
        """From an unscaled density at the nodes of ``panels``, which must have an edge at 0 if 0 is inside."""
        self.mass = panels.total(values)
        self._panels = panels
        self._values = values / self.mass
        x, f = panels.nodes, self._values
        self.mean = panels.total(x * f)
        self.sd = panels.total((x - self.mean) ** 2 * f) ** 0.5
        self.gain = panels.total(np.maximum(x, 0.0) * f)
        self.loss = panels.total(np.maximum(-x, 0.0) * f)
        panel = (panels.weights * f).sum(axis=1)
        self._ends: Floats = np.concatenate([[0.0], np.cumsum(panel)])
        modes = (f @ _TO_LEGENDRE.T).T
        self._density: list[list[float]] = modes.T.tolist()
        self._cumulative: Floats = np.asarray(legendre.legint(modes, lbnd=-1, axis=0), dtype=np.float64)
        self._inside: list[list[float]] = self._cumulative.T.tolist()

    def _place(self, x: float) -> tuple[int, float]:
        edges = self._panels.edges
        i = min(max(int(np.searchsorted(edges, x, side="right")) - 1, 0), len(edges) - 2)
        return i, float((x - edges[i]) / (edges[i + 1] - edges[i]) * 2 - 1)

    def cdf(self, x: float) -> float:
        """Probability of at most ``x``."""
        edges = self._panels.edges
        if x <= edges[0]:
            return 0.0
        if x >= edges[-1]:
            return 1.0
        i, at = self._place(x)
        inside = float(edges[i + 1] - edges[i]) / 2 * _series(self._inside[i], at)
        return min(max(float(self._ends[i]) + inside, 0.0), 1.0)

    def below(self, x: Floats) -> Floats:
        """Probability of at most each of many values."""
        edges = self._panels.edges
        i = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
        width = edges[i + 1] - edges[i]
        at = np.clip((np.clip(x, edges[0], edges[-1]) - edges[i]) / width * 2 - 1, -1.0, 1.0)
        series = legendre.legval(at, self._cumulative[:, i], tensor=False)
        found: Floats = np.clip(self._ends[i] + width / 2 * series, 0.0, 1.0)
        return found

    def pdf(self, x: float) -> float:
        """Density at ``x``; 0 outside the panels."""
        if not self._panels.edges[0] <= x <= self._panels.edges[-1]:
            return 0.0
        i, at = self._place(x)
        return max(_series(self._density[i], at), 0.0)

    def quantile(self, p: float) -> float:
        """The value below which a share ``p`` lies."""
        i = int(np.clip(np.searchsorted(self._ends, p, side="right") - 1, 0, len(self._ends) - 2))
        low, high = float(self._panels.edges[i]), float(self._panels.edges[i + 1])
        miss_low, miss_high = self.cdf(low) - p, self.cdf(high) - p
        if miss_low >= 0 or miss_high <= 0:  # the share is an edge's own, up to rounding
            return low if abs(miss_low) <= abs(miss_high) else high
        return root(lambda x: self.cdf(x) - p, low, high)


def _series(coefficients: list[float], x: float) -> float:
    """A Legendre series at one point, by Clenshaw's recurrence: faster than numpy for a single number."""
    ahead = further = 0.0
    for k in range(len(coefficients) - 1, 0, -1):
        ahead, further = coefficients[k] + (2 * k + 1) / (k + 1) * x * ahead - (k + 1) / (k + 2) * further, ahead
    return coefficients[0] + x * ahead - further / 2
