"""Evan Miller's simple sequential test: two arms race for conversions, and a lead decides.

With an even split and no effect, each conversion belongs to treatment with chance 1/2, whatever the rate: treatment's
lead is a fair random walk. The test ends when the lead reaches ``lead`` (treatment wins; two-sided, either arm), or
when ``conversions`` have come in over both arms (no winner). Its error is exact, by the reflection principle.

References:
    Miller (2015), Simple sequential A/B testing, evanmiller.org/sequential-ab-testing.html.
    Feller (1968), An Introduction to Probability Theory and Its Applications I, chapter III (reflection).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

from scipy import special

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused

__all__ = ["MOST_CONVERSIONS", "Race", "design_race", "least_lead", "race_error", "race_power", "rule_of_thumb"]

MOST_CONVERSIONS = 10_000_000


class Race(Frozen):
    """A race as planned.

    Attributes:
        conversions: Over both arms, at which it ends without a winner.
        lead: Conversions ahead that decide.
        error: Chance of a winner if there is no effect.
        power: Chance that treatment wins at the lift planned for.
    """

    conversions: int
    lead: int
    error: float
    power: float


def rule_of_thumb(conversions: int, sides: int = 1) -> int:
    """The published lead: 2 root N one-sided, 2.25 root N two-sided, for an error of about 5%.

    Args:
        conversions: N, at least 1.
        sides: 1 or 2.

    Raises:
        Refused: ``conversions`` is not a count of at least 1.

    Example:
        >>> rule_of_thumb(808), round(race_error(808, 57), 5)
        (57, 0.04487)
    """
    return math.ceil((2.0 if sides == 1 else 2.25) * math.sqrt(checks.count("conversions", conversions, at_least=1)))


def race_error(conversions: int, lead: int, sides: int = 1) -> float:
    """Chance that a race without effect has a winner, exactly.

    Use it to check a race's rule, or one that somebody else has set.

    Args:
        conversions: Conversions over both arms at which it ends, at least 1.
        lead: Conversions ahead that decide, at least 1.
        sides: 1 (only treatment can win) or 2.

    Raises:
        Refused: A parameter is no count of at least 1, or there are too many conversions.
    """
    _check(conversions, lead)
    if sides == 1:
        return _reached(conversions, lead, 0.5)
    terms = []
    at, sign = lead, 2.0
    while at <= conversions:
        terms.append(sign * _reached(conversions, at, 0.5))
        if abs(terms[-1]) < 1e-20 * terms[0]:
            break
        at, sign = at + 2 * lead, -sign
    return min(1.0, max(0.0, math.fsum(terms)))


def race_power(conversions: int, lead: int, lift: float) -> float:
    """Chance that treatment's lead reaches ``lead`` when its rate is ``1 + lift`` times control's.

    Two-sided this counts the races, vanishingly few, in which control had been as far ahead before.

    Args:
        conversions: Conversions over both arms at which it ends, at least 1.
        lead: Conversions ahead that decide, at least 1.
        lift: Relative lift, above -1.

    Raises:
        Refused: A parameter is out of range.
    """
    _check(conversions, lead)
    return _reached(conversions, lead, checks.positive("1 + lift", 1 + lift) / (2 + lift))


def design_race(lift: float, *, power: float = 0.8, alpha: float = 0.05, sides: int = 1) -> Race:
    """The shortest race that finds a lift.

    Use it when conversions are what is counted, the split is even, and the analysis must be simple enough to be done by
    hand. A group-sequential design needs fewer units.

    Args:
        lift: Relative lift worth finding, above 0.
        power: Chance of finding it, in (0, 1).
        alpha: Chance of a winner if there is no effect, in (0, .5).
        sides: 1 or 2.

    Raises:
        Refused: A parameter is out of range, or more than 10,000,000 conversions would be needed.

    Example:
        >>> race = design_race(0.2)
        >>> race.conversions, race.lead
        (808, 56)
    """
    checks.positive("lift", lift)
    checks.between("power", power, 0, 1)
    checks.between("alpha", alpha, 0, 0.5)

    def longest(lead: int) -> int:
        return _last(lambda n: race_error(n, lead, sides) <= alpha, lead, MOST_CONVERSIONS)

    most = math.ceil(3 * math.sqrt(MOST_CONVERSIONS))
    # A longer lead allows a longer race and so more power: the first lead that is long enough.
    least = next(lead for lead in count(1) if race_error(lead, lead, sides) <= alpha)
    lead = least
    if race_power(longest(least), least, lift) < power:
        lead = 1 + _last(lambda lead: race_power(longest(lead), lead, lift) < power, least, most)
    if lead > most:
        raise Refused.because(
            "conversion_race.too_long",
            f"A lift of {lift:g} would take more than {MOST_CONVERSIONS:,} conversions.",
            "Ask for a larger lift, or use a group-sequential design.",
            name="lift",
            value=lift,
        )
    top = longest(lead)
    short = _last(lambda n: race_power(n, lead, lift) < power, lead, top)
    conversions = short + 1 if race_power(lead, lead, lift) < power else lead
    return Race(
        conversions=conversions,
        lead=lead,
        error=race_error(conversions, lead, sides),
        power=race_power(conversions, lead, lift),
    )


def least_lead(conversions: int, *, alpha: float = 0.05, sides: int = 1) -> int:
    """The shortest lead that keeps a race of so many conversions within its error.

    Use it to set a race's rule before it starts.

    Args:
        conversions: Over both arms at which it ends, at least 1.
        alpha: Chance of a winner if there is no effect, in (0, .5).
        sides: 1 or 2.

    Raises:
        Refused: A parameter is out of range, or no lead keeps ``alpha`` in so short a race.
    """
    checks.between("alpha", alpha, 0, 0.5)
    _check(conversions, 1)
    if race_error(conversions, conversions, sides) > alpha:
        raise Refused.because(
            "conversion_race.too_short",
            f"conversions is {conversions}: even if all of them fell to one arm, alpha = {alpha:g} would not be kept.",
            "Plan for more conversions.",
            name="conversions",
            value=conversions,
        )
    if race_error(conversions, 1, sides) <= alpha:
        return 1
    return 1 + _last(lambda lead: race_error(conversions, lead, sides) > alpha, 1, conversions)


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last whole number from ``low`` to ``high`` up to which ``holds``; ``low`` where it does not hold there."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _reached(n: int, lead: int, p: float) -> float:
    """Chance that a walk of ``n`` steps, up with chance p, is ever at ``lead``: reflection, with tilted weights."""
    if lead > n:
        return 0.0
    up = (n + lead + 1) // 2
    at_end = float(special.bdtrc(up - 1, n, p))
    # Ends below -lead: at most (n - lead - 1) / 2 steps up.
    below = (n - lead - 1) // 2
    log_below = math.log(float(special.bdtr(below, n, p)) or 5e-324) if below >= 0 else -math.inf
    back = math.exp(min(0.0, lead * (math.log(p) - math.log1p(-p)) + log_below)) if below >= 0 else 0.0
    return min(1.0, at_end + back)


def _check(conversions: int, lead: int) -> None:
    checks.count("lead", lead, at_least=1)
    if checks.count("conversions", conversions, at_least=1) > MOST_CONVERSIONS:
        raise Refused.because(
            "conversion_race.too_long",
            f"conversions is {conversions:,}, but at most {MOST_CONVERSIONS:,} are taken.",
            "Use a group-sequential design.",
            name="conversions",
            value=conversions,
        )
