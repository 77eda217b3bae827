"""Critical values, p-values and interval levels of a normal or Student t statistic, one- or two-sided.

``alternative`` follows scipy and R: "greater" asks whether treatment is above control, and its interval is
[low, infinity); "less" the reverse; "two-sided" both.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy import special

from copilot_tools import checks
from copilot_tools.results import Interval

__all__ = ["Alternative", "bounded", "critical_value", "level_of", "matched", "p_value"]

Alternative = Literal["two-sided", "greater", "less"]


def critical_value(alpha: float, sides: int = 2, df: float | None = None) -> float:
    """Standard errors from an estimate to an end of its 1 - alpha interval.

    Args:
        alpha: Error rate over all sides, in (0, 1).
        sides: 1 or 2.
        df: Degrees of freedom of a t statistic; None for z.

    Raises:
        Refused: ``alpha`` is not strictly between 0 and 1, or ``df`` is not positive.

    Example:
        >>> round(critical_value(0.05), 4), round(critical_value(0.05, 1), 4), round(critical_value(0.05, 2, 10), 4)
        (1.96, 1.6449, 2.2281)
    """
    tail = checks.between("alpha", alpha, 0, 1) / sides
    # The lower tail keeps its digits where 1 - tail would lose them.
    return float(-special.ndtri(tail) if df is None else -special.stdtrit(checks.positive("df", df), tail))


def p_value(statistic: float, alternative: Alternative = "two-sided", df: float | None = None) -> float:
    """Probability of a statistic at least as extreme under no effect, never rounded to 0 before the floats end.

    Args:
        statistic: z or t, in standard errors.
        alternative: Which way an effect is looked for.
        df: Degrees of freedom of a t statistic, above 0; None for z.

    Example:
        >>> f"{p_value(22.0):.2e}"
        '2.88e-107'
    """
    if alternative == "two-sided":
        return min(1.0, 2 * _lower_tail(-abs(statistic), df))
    return _lower_tail(-statistic if alternative == "greater" else statistic, df)


def level_of(critical: float, alternative: Alternative = "two-sided", df: float | None = None) -> float:
    """Coverage of one interval that reaches ``critical`` standard errors, by itself.

    Used to say what an interval that holds jointly with others covers alone.

    Args:
        critical: Standard errors, above 0.
        alternative: "two-sided", or the side that is bounded.
        df: Degrees of freedom of a t statistic, above 0; None for z.
    """
    tail = _lower_tail(-critical, df)
    return round(1 - (2 * tail if alternative == "two-sided" else tail), 12)


def bounded(low: float, high: float, level: float, alternative: Alternative = "two-sided") -> Interval:
    """The interval with these ends, opened on the side a one-sided alternative does not bound.

    Used where the ends were computed for both sides and only one is asked for.

    Args:
        low: Lower end, in the effect's unit.
        high: Upper end, not below it.
        level: What the interval covers, in (0, 1).
        alternative: "greater" leaves no upper end, "less" no lower one.
    """
    return Interval(
        low=-math.inf if alternative == "less" else low,
        high=math.inf if alternative == "greater" else high,
        level=level,
    )


def matched(critical: float, df: float | None) -> float:
    """The t critical value with the same tail as the z critical value ``critical``; the same number where df is None.

    Keeps a large-sample rule (a confidence sequence) honest in small samples; no difference in large ones.
    """
    return critical if df is None else float(-special.stdtrit(df, float(special.ndtr(-critical))))


def _lower_tail(x: float, df: float | None) -> float:
    return float(special.ndtr(x) if df is None else special.stdtr(df, x))
