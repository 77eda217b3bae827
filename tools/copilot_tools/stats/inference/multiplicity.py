"""Many p-values: adjusted p-values in the input's order, and the family-wise error rate of not adjusting.

An adjusted p-value is the smallest level at which the procedure would reject that hypothesis: compare it with alpha.
Bonferroni, Holm and Hochberg hold the chance of even one false rejection (the family-wise error rate);
Benjamini-Hochberg and Benjamini-Yekutieli hold the expected share of false ones among the rejections (the false
discovery rate). Holm and Benjamini-Yekutieli hold under any dependence between the tests, as Bonferroni does; Hochberg
and Benjamini-Hochberg need independence or positive dependence.

References:
    Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6.
    Hochberg (1988), A sharper Bonferroni procedure for multiple tests of significance, Biometrika 75.
    Benjamini & Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
    Benjamini & Yekutieli (2001), The control of the false discovery rate under dependency, Annals of Statistics 29.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused, refuse_if_any

__all__ = [
    "Method",
    "adjust",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "family_wise_error_rate",
    "hochberg",
    "holm",
]

Floats = npt.NDArray[np.float64]
Method = Literal["bonferroni", "holm", "hochberg", "benjamini-hochberg", "benjamini-yekutieli"]


def bonferroni(p_values: Sequence[float] | Floats) -> Floats:
    """Bonferroni-adjusted p-values: p times the number of tests, at most 1 (family-wise, any dependence).

    Args:
        p_values: One for each test, from 0 to 1, at least one.

    Raises:
        Refused: There is no p-value, or one is not a number from 0 to 1.

    Example:
        >>> bonferroni([0.01, 0.04]).tolist()
        [0.02, 0.08]
    """
    p = _checked(p_values)
    return np.minimum(p * p.size, 1.0)


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Holm's step-down adjusted p-values (family-wise, any dependence).

    Args:
        p_values: One for each test, from 0 to 1, at least one.

    Raises:
        Refused: There is no p-value, or one is not a number from 0 to 1.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _restored(stepped, order)


def hochberg(p_values: Sequence[float] | Floats) -> Floats:
    """Hochberg's step-up adjusted p-values (family-wise, independent or positively dependent tests).

    Args:
        p_values: One for each test, from 0 to 1, at least one.

    Raises:
        Refused: There is no p-value, or one is not a number from 0 to 1.
    """
    p = _checked(p_values)
    return _step_up(p, np.arange(p.size, 0, -1, dtype=np.float64))


def benjamini_hochberg(p_values: Sequence[float] | Floats) -> Floats:
    """Benjamini-Hochberg adjusted p-values (false discovery rate, independent or positively dependent tests).

    Args:
        p_values: One for each test, from 0 to 1, at least one.

    Raises:
        Refused: There is no p-value, or one is not a number from 0 to 1.
    """
    p = _checked(p_values)
    return _step_up(p, p.size / np.arange(1, p.size + 1))


def benjamini_yekutieli(p_values: Sequence[float] | Floats) -> Floats:
    """Benjamini-Yekutieli adjusted p-values (false discovery rate, any dependence).

    Args:
        p_values: One for each test, from 0 to 1, at least one.

    Raises:
        Refused: There is no p-value, or one is not a number from 0 to 1.
    """
    p = _checked(p_values)
    ranks = np.arange(1, p.size + 1)
    return _step_up(p, p.size * np.sum(1.0 / ranks) / ranks)


_METHODS: dict[Method, Callable[[Sequence[float] | Floats], Floats]] = {
    "bonferroni": bonferroni,
    "holm": holm,
    "hochberg": hochberg,
    "benjamini-hochberg": benjamini_hochberg,
    "benjamini-yekutieli": benjamini_yekutieli,
}


def adjust(p_values: Sequence[float] | Floats, method: Method) -> Floats:
    """Adjusted p-values by the named method, in the order of the input.

    Use it where several metrics, segments or tests were looked at: family-wise methods where one error is too many, the
    false discovery rate where a share of errors is bearable.

    Args:
        p_values: One for each test, from 0 to 1, at least one.
        method: The procedure's name.

    Raises:
        Refused: The method is unknown, there is no p-value, or one is not a number from 0 to 1.
    """
    if method not in _METHODS:
        raise Refused.because(
            "multiplicity.method_unknown",
            f"There is no method {method!r}.",
            f"Use one of {', '.join(_METHODS)}.",
            name="method",
            value=str(method),
        )
    return _METHODS[method](p_values)


def family_wise_error_rate(alpha: float, tests: int) -> float:
    """Chance of at least one false rejection among independent tests of true nulls, each at level ``alpha``.

    Use it to show what not adjusting costs; of dependent tests it is an upper bound where dependence is positive.

    Args:
        alpha: Level of each test, in (0, 1).
        tests: Number of tests, at least 1.

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(family_wise_error_rate(0.05, 20), 6)
        0.641514
    """
    return 1.0 - (1.0 - checks.between("alpha", alpha, 0, 1)) ** checks.count("tests", tests, at_least=1)


def _checked(p_values: Sequence[float] | Floats) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or p.size == 0:
        raise Refused.because(
            "multiplicity.no_p_values",
            "There is no list of p-values to adjust.",
            "Give at least one p-value.",
            name="p_values",
        )
    outside = np.flatnonzero(~((p >= 0) & (p <= 1)))
    refuse_if_any(
        Refusal(
            code="multiplicity.not_a_p_value",
            reason=f"p-value number {i + 1} is {p[i]}, but must lie from 0 to 1.",
            cure="Leave tests without a p-value out: they are not assessable, and not part of the family.",
            name="p_values",
            value=str(p[i]),
        )
        for i in outside[:10].tolist()
    )
    return p


def _step_up(p: Floats, factors: Floats) -> Floats:
    """Running minimum, from the largest p-value down, of p times the factor of its rank."""
    order = np.argsort(p, kind="stable")
    stepped = np.minimum.accumulate((p[order] * factors)[::-1])[::-1]
    return _restored(stepped, order)


def _restored(stepped: Floats, order: npt.NDArray[np.intp]) -> Floats:
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
