"""Looks: the false-positive rate of the looks at outcomes that were really taken.

Testing at the plan's alpha at every look finds "significance" by chance more often than alpha says. The rate is
computed, not simulated: the density of the running sum over all paths not yet called significant is carried from look
to look by numerical integration, with the share of the units seen as the information.

Looks that the plan registered are no repeated testing: their boundaries leave the rate at alpha, all of them together.
Where any other look was taken beside them, the rate is that of all looks at the plan's alpha.

Alarm levels: a note above 1.1 times the plan's alpha, serious from twice on. No chance is involved.

References:
    Armitage, McPherson & Rowe (1969), Repeated significance tests on accumulating data, JRSS A 132.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapter 19.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.inference.tails import critical_value
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, listed, plural

__all__ = ["ATTACK", "looks", "repeated_testing_rate"]

ATTACK = Attack("looks", "Looks taken")

Floats = npt.NDArray[np.float64]

_NODES: Floats = np.polynomial.legendre.leggauss(16)[0]
_WEIGHTS: Floats = np.polynomial.legendre.leggauss(16)[1]
_PANEL = 6.0
"""Width of an integration panel (16 nodes) in standard deviations of the narrowest step."""
_NEAREST = 5e-5
"""Looks closer than this share of the units count as one: together they cost less than .0005."""
_FAR = 9.0
"""Where the lower tail of a one-sided test is cut off, in standard errors."""


def repeated_testing_rate(fractions: Sequence[float], critical: float, sides: int = 2) -> float:
    """Chance that a test of no effect is significant at one look or another.

    Use it to say what unplanned looking did; planned looks have boundaries (``sequential.boundaries``).

    Args:
        fractions: Share of the last look's units seen at each look, in (0, 1]; repeats count once.
        critical: Standard errors from zero at which each look calls it significant, above 0.
        sides: 2, or 1 (upwards only).

    Returns:
        A probability.

    Raises:
        Refused: There is no look, or a fraction or the critical value is out of range.

    Example:
        >>> round(repeated_testing_rate([0.2, 0.4, 0.6, 0.8, 1.0], 1.959964), 3)
        0.142
    """
    checks.positive("critical", critical)
    if not fractions:
        raise Refused.because("looks.none", "There is no look to compute a rate for.", name="fractions")
    for fraction in fractions:
        if checks.positive("fraction", fraction) > 1:
            raise Refused.because(
                "looks.fraction_above_1",
                f"A look at {fraction:g} of the units is above 1.",
                "Give each look as a share of the last look's units.",
                name="fraction",
                value=fraction,
            )
    times = _distinct(fractions)
    steps = [math.sqrt(b - a) for a, b in zip([0.0, *times], times, strict=False)]
    density: Floats = np.empty(0)
    at: Floats = np.empty(0)
    for k, (time, step) in enumerate(zip(times, steps, strict=True)):
        upper = critical * math.sqrt(time)
        lower = -upper if sides == 2 else -_FAR * math.sqrt(time)
        narrowest = min(steps[k : k + 2])
        nodes, weights = _panels(lower, upper, narrowest)
        arriving = _normal(nodes / step) if k == 0 else _normal((nodes[:, None] - at) / step) @ density
        at, density = nodes, weights * arriving / step
    return min(max(1.0 - float(density.sum()), 0.0), 1.0)


def _distinct(fractions: Sequence[float]) -> list[float]:
    kept: list[float] = []
    for fraction in sorted(fractions, reverse=True):
        if not kept or kept[-1] - fraction > _NEAREST:
            kept.append(fraction)
    return kept[::-1]


def _panels(lower: float, upper: float, narrowest: float) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre quadrature in panels fine enough for the narrowest step."""
    count = max(math.ceil((upper - lower) / (_PANEL * narrowest)), 2)
    edges = np.linspace(lower, upper, count + 1)
    half = (upper - lower) / count / 2
    nodes = (edges[:-1] + half)[:, None] + half * _NODES
    return nodes.ravel(), np.tile(half * _WEIGHTS, count)


def _normal(x: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return density


def looks(spec: AnalysisSpec, circumstances: Circumstances) -> Objection:
    """The false-positive rate of the looks taken, against the plan's alpha."""
    taken = [units for units in circumstances.outcome_looks if units > 0]
    if not taken:
        return ATTACK.cannot("no look at outcomes is on record")
    critical = critical_value(spec.alpha, spec.sides)
    last = max(taken)
    naive = repeated_testing_rate([units / last for units in taken], critical, spec.sides)
    registered = _all_registered(spec, circumstances, taken)
    rate = spec.alpha if registered else naive
    factor = rate / spec.alpha
    severity = ATTACK.level.severity(factor)
    distinct = sorted(set(taken))
    at = [formats.count(u) for u in distinct]
    seen = f"{plural(len(taken), 'look')} at outcomes, at {listed(at)} units"
    alpha = formats.share(spec.alpha)
    if registered and spec.looks is not None:
        of = len(spec.looks.shares) + 1
        sentence = (
            f"{plural(len(taken), 'look')} at outcomes, registered beforehand "
            f"({len(circumstances.information)} of {of} registered looks), at {listed(at)} units: the boundaries leave "
            f"the chance of a false alarm at {alpha} over all looks."
        )
        if len(distinct) > 1:
            sentence = f"{sentence} Judged at {alpha} each, they would find one {formats.share(naive)} of the time."
    elif len(distinct) == 1:
        sentence = (
            f"{seen}, {'leaves' if len(taken) == 1 else 'leave'} the chance of a false alarm at {alpha}, as planned."
        )
    else:
        sentence = (
            f"{seen}: calling any of them at the plan's {alpha} finds a difference where there is none "
            f"{formats.share(rate)} of the time."
        )
    return ATTACK.finds(
        severity,
        sentence,
        value=rate,
        unit="risk",
        details=("Only looks taken through the copilot are counted.",),
        units=last,
    )


def _all_registered(spec: AnalysisSpec, circumstances: Circumstances, taken: Sequence[int]) -> bool:
    """Whether every look at outcomes was taken at the units of a registered one."""
    committed = circumstances.committed_units
    if spec.looks is None or committed is None or not circumstances.information or circumstances.unblinded:
        return False
    units = {round(share * committed) for share in circumstances.information}
    return set(taken) <= units
