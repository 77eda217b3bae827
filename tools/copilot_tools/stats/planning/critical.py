"""How many standard errors away an effect must lie: one critical value for all treatment arms together.

Large-sample values (known variances). Several treatments share one control, so their estimates move together; Dunnett
uses that, Bonferroni ignores it and asks for a little more.

References:
    Dunnett (1955), A multiple comparison procedure for comparing several treatments with a control, JASA 50.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.roots import root

__all__ = ["Adjustment", "critical_z"]

Adjustment = Literal["dunnett", "bonferroni", "none"]

_NORMAL = NormalDist()
_REACH = 8.5  # the normal density beyond is below 1e-16


def critical_z(
    alpha: float, sides: int = 2, ratios: Sequence[float] = (1.0,), adjustment: Adjustment = "dunnett"
) -> float:
    """Critical value that keeps the type I error over all treatment arms at ``alpha``.

    Use it before a test; with data, intervals take the critical value of the arms' own variances (``simultaneous``).

    Args:
        alpha: Type I error rate over all comparisons with control together, in (0, 1).
        sides: 1 or 2.
        ratios: Per treatment arm its units over control's units, above 0; one entry a treatment arm.
        adjustment: "dunnett", "bonferroni", or "none" (alpha for each comparison by itself).

    Raises:
        Refused: A parameter is out of its range.

    Example:
        >>> round(critical_z(0.05), 3), round(critical_z(0.05, 2, (1, 1)), 3)
        (1.96, 2.212)
    """
    checks.between("alpha", alpha, 0, 1)
    if sides not in {1, 2}:
        raise Refused.because(
            "parameter.out_of_range", f"sides is {sides!r}, but must be 1 or 2.", name="sides", value=sides
        )
    if not ratios:
        raise Refused.because(
            "planning.no_treatment", "There is no treatment arm.", "Give at least one.", name="ratios"
        )
    for ratio in ratios:
        checks.positive("ratio of treatment to control", ratio)
    single = _NORMAL.inv_cdf(1 - alpha / sides)
    if len(ratios) == 1 or adjustment == "none":
        return single
    bonferroni = _NORMAL.inv_cdf(1 - alpha / (sides * len(ratios)))
    if adjustment == "bonferroni":
        return bonferroni
    return _dunnett(alpha, sides, tuple(sorted(round(r, 9) for r in ratios)), single, bonferroni)


@lru_cache(maxsize=256)
def _dunnett(alpha: float, sides: int, ratios: tuple[float, ...], low: float, high: float) -> float:
    loadings = [math.sqrt(r / (1 + r)) for r in ratios]
    # The trapezoid rule converges geometrically for a smooth density; the step follows the sharpest factor.
    step = min(0.1, 0.25 * math.sqrt(1 - max(loadings) ** 2))
    # Two-sided, the integrand is even in control's error: half the line is enough.
    last = int(_REACH / step)
    weights = {i: _NORMAL.pdf(i * step) * step for i in range(0 if sides == 2 else -last, last + 1)}
    nodes = [(i * step, weight * (2 if sides == 2 and i else 1)) for i, weight in weights.items()]
    groups = [(lam, math.sqrt(1 - lam * lam), loadings.count(lam)) for lam in dict.fromkeys(loadings)]

    def excess(c: float) -> float:
        inside = 0.0
        for u, weight in nodes:
            product = weight
            for lam, rest, times in groups:
                p = _NORMAL.cdf((c - lam * u) / rest)
                if sides == 2:
                    p -= _NORMAL.cdf((-c - lam * u) / rest)
                product *= p**times
            inside += product
        return 1 - inside - alpha

    # Comparisons that hardly differ from one, or from independence, sit on the ends to rounding.
    if excess(low) <= 0:
        return low
    return high if excess(high) >= 0 else root(excess, low, high, tolerance=1e-10)
