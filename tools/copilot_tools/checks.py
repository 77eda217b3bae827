"""Parameter checks with one message shape: the name, the value, the bound. Free of numpy and scipy."""

from __future__ import annotations

import math

from copilot_tools.refusals import Refused

__all__ = ["between", "count", "finite", "positive", "successes"]


def finite(name: str, value: float) -> float:
    """Return ``value`` if it is a finite number, else refuse."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused.because(
            "parameter.not_finite",
            f"{name} is {value!r}, which is not a finite number.",
            f"Give {name} as a number.",
            name=name,
            value=str(value),
        )
    return float(value)


def positive(name: str, value: float) -> float:
    """Return ``value`` if it is finite and above 0, else refuse."""
    if finite(name, value) <= 0:
        raise Refused.because(
            "parameter.not_positive", f"{name} is {value}, but must be above 0.", name=name, value=value
        )
    return float(value)


def between(name: str, value: float, low: float, high: float) -> float:
    """Return ``value`` if it lies strictly between ``low`` and ``high``, else refuse."""
    if not low < finite(name, value) < high:
        raise Refused.because(
            "parameter.out_of_range",
            f"{name} is {value}, but must lie between {low:g} and {high:g} (ends excluded).",
            name=name,
            value=value,
        )
    return float(value)


def count(name: str, value: float, *, at_least: int = 0) -> int:
    """Return ``value`` as a whole number if it is one and reaches ``at_least``, else refuse."""
    if finite(name, value) != int(value) or value < at_least:
        raise Refused.because(
            "parameter.not_a_count",
            f"{name} is {value}, but must be a whole number of at least {at_least}.",
            name=name,
            value=value,
        )
    return int(value)


def successes(name: str, value: float, n: int) -> int:
    """Return ``value`` if it is a count no larger than ``n``, else refuse."""
    if count(name, value) > n:
        raise Refused.because(
            "parameter.successes_above_n",
            f"{name} is {value:g}, more than the {n} units it is counted among.",
            "Check which column is the count of units and which the count of successes.",
            name=name,
            value=value,
        )
    return int(value)
