"""What repeated tests combine to, as records; importing them needs no numbers library."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.results import Interval

__all__ = ["Combined", "MetaAnalysis", "Replication", "Shown"]

Shown = Literal["shown again", "reversed", "not shown again"]


class Combined(Frozen):
    """One combined effect.

    Attributes:
        value: In the tests' unit.
        standard_error: In the same unit.
        interval: Around ``value``.
        p_value: Of no effect, two-sided.
        df: Degrees of freedom of the t statistic behind interval and p; None for z.
        weights: Each test's share of the weight, in the order given.
    """

    value: float
    standard_error: float
    interval: Interval
    p_value: float
    df: int | None
    weights: tuple[float, ...]


class MetaAnalysis(Frozen):
    """Repeated tests, combined.

    Attributes:
        tests: How many.
        common: The common effect: one number behind all tests.
        random: The mean of effects that differ.
        tau: Standard deviation of the true effects over tests, in their unit.
        tau_interval: Its Q-profile interval; infinity where open.
        q: Cochran's Q: squared deviations from the common effect, in standard errors.
        q_p_value: Of tests that all have one effect.
        i_squared: Share of the spread between estimates that is not chance, 0 to 1.
        prediction: Where the true effect of one more such test lies; None below three tests.
    """

    tests: int
    common: Combined
    random: Combined
    tau: float
    tau_interval: Interval
    q: float
    q_p_value: float
    i_squared: float
    prediction: Interval | None


class Replication(Frozen):
    """A finding and what came of it.

    Attributes:
        verdict: "shown again" (the later tests' interval lies wholly on the first effect's side of 0), "reversed"
            (wholly on the other side), or "not shown again".
        later: The later tests' effect, in their unit; a mean over tests (Hartung-Knapp) where there are several.
        later_interval: Its interval.
        expected: Where the later estimate lies, chance alone at work, if it measures the same effect as the first.
        consistent: Whether it lies there.
        p_differ: Of first and later tests having one effect, two-sided.
        share_left: Later over first effect.
    """

    verdict: Shown
    later: float
    later_interval: Interval
    expected: Interval
    consistent: bool
    p_differ: float
    share_left: float
