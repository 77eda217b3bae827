"""The odds ratio of a 2 x 2 table: conditional maximum likelihood, exact intervals, and Woolf's for large counts.

Given both margins the count of treatment's successes is Fisher's noncentral hypergeometric, with the odds ratio its
only parameter: tests and intervals from it are exact, whatever the arms' shares.

References:
    Cornfield (1956), A statistical problem arising from retrospective studies, 3rd Berkeley Symposium. Baptista & Pike
    (1977), Algorithm AS 115: exact two-sided confidence limits for the odds ratio in a 2 x 2 table, Applied Statistics
    26. Woolf (1955), Annals of Human Genetics 19. Fay (2010), Biostatistics 11 (matching tests and intervals).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.inference.tails import Alternative

__all__ = ["OddsRatio", "fisher", "odds_ratio", "woolf"]

Floats = npt.NDArray[np.float64]
OddsMethod = Literal["exact", "baptista-pike"]

MOST_TERMS = 200_000
"""Tables the margins may allow; with more, and every count large, Woolf's interval is as good."""
LARGE = 100
_TIE = 1e-7
"""Relative slack within which two probabilities are called equal (R's ``fisher.test`` does the same)."""


class OddsRatio(NamedTuple):
    """An odds ratio, treatment over control.

    Attributes:
        sample: Cross-product of the table, or why there is none.
        conditional: Conditional maximum likelihood estimate; 0 or infinite at an edge of the table.
        low: Lower end of its interval.
        high: Upper end; may be infinite.
        p_value: Two-sided, of the test the interval inverts.
        method: The field's name of test and interval.
    """

    sample: float | Refusal
    conditional: float
    low: float
    high: float
    p_value: float
    method: str


class _Hypergeometric:
    """Counts of treatment's successes that the margins allow, and their chances at any odds ratio."""

    def __init__(self, control: Counts, treatment: Counts) -> None:
        total = control.successes + treatment.successes
        first, last = max(0, total - control.n), min(treatment.n, total)
        if last - first + 1 > MOST_TERMS:
            raise Refused.because(
                "odds_ratio.too_many_terms",
                f"The margins allow {last - first + 1:,} tables, more than the {MOST_TERMS:,} that are added up.",
                "With so many successes use the score method or Woolf's interval.",
                name="successes",
                value=total,
            )
        self.x = np.arange(first, last + 1, dtype=np.float64)
        n1, n0 = treatment.n, control.n
        y = total - self.x
        self.log_weight = (
            -special.betaln(n1 - self.x + 1, self.x + 1)
            - special.betaln(n0 - y + 1, y + 1)
            - math.log(n1 + 1)
            - math.log(n0 + 1)
        )
        self.seen = treatment.successes - first

    def chances(self, log_odds: float = 0.0) -> Floats:
        """Probability of each count at the odds ratio exp(``log_odds``)."""
        logs = self.log_weight + self.x * log_odds
        weights: Floats = np.exp(logs - logs.max())
        chances: Floats = weights / weights.sum()
        return chances

    def above(self, log_odds: float = 0.0) -> float:
        """Chance of the count seen or a larger one."""
        return min(1.0, float(self.chances(log_odds)[self.seen :].sum()))

    def below(self, log_odds: float = 0.0) -> float:
        """Chance of the count seen or a smaller one."""
        return min(1.0, float(self.chances(log_odds)[: self.seen + 1].sum()))

    def as_likely(self, log_odds: float = 0.0) -> float:
        """Chance of a count no likelier than the one seen."""
        p = self.chances(log_odds)
        return min(1.0, float(p[p <= p[self.seen] * (1 + _TIE)].sum()))

    @property
    def edges(self) -> tuple[bool, bool]:
        """Whether the count seen is the smallest, and the largest, the margins allow."""
        return self.seen == 0, self.seen == len(self.x) - 1


def fisher(control: Counts, treatment: Counts, alternative: Alternative = "two-sided") -> float:
    """Fisher's exact test that two arms have the same odds.

    Two-sided: tables no likelier than the one seen.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        alternative: "greater" asks whether treatment's odds are above control's.

    Raises:
        Refused: The margins allow more tables than can be added up.

    Example:
        The lady tasting tea: three of four cups right.

        >>> round(fisher(Counts(1, 4), Counts(3, 4), "greater"), 7), round(fisher(Counts(1, 4), Counts(3, 4)), 7)
        (0.2428571, 0.4857143)
    """
    table = _Hypergeometric(control, treatment)
    if alternative == "two-sided":
        return table.as_likely()
    return table.above() if alternative == "greater" else table.below()


def odds_ratio(control: Counts, treatment: Counts, *, alpha: float = 0.05, method: OddsMethod = "exact") -> OddsRatio:
    """The odds ratio of treatment over control, with an exact interval and the test it inverts.

    Use it where odds are asked for, as in case-control data; for an effect on a rate, ``compare_arms`` says it in
    points and as a lift.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        alpha: 1 - coverage, in (0, 1).
        method: "exact" has equal tails (Cornfield's exact limits, R's ``fisher.test``) and doubles the smaller
            one-sided p-value; "baptista-pike" is narrower, and inverts Fisher's two-sided test by likelihood.
            With more than 200,000 possible tables and at least 100 in each cell, Woolf's interval instead of either.

    Raises:
        Refused: Nothing varies (the odds ratio is not determined), or the margins allow too many tables.

    Example:
        >>> tea = odds_ratio(Counts(1, 4), Counts(3, 4))
        >>> round(tea.conditional, 4), round(tea.low, 4), round(tea.high, 2)
        (6.4083, 0.2117, 626.24)
    """
    tail = checks.between("alpha", alpha, 0, 1) / 2
    total, n = control.successes + treatment.successes, control.n + treatment.n
    if total in {0, n}:
        raise Refused.because(
            "odds_ratio.no_variation",
            f"{'No' if total == 0 else 'Every'} unit of both arms succeeded, so the odds ratio is not determined.",
            "State the effect as a difference, or wait until both outcomes occur.",
            name="successes",
            value=total,
        )
    cells = (control.successes, control.n - control.successes, treatment.successes, treatment.n - treatment.successes)
    if min(total, n - total, control.n, treatment.n) >= MOST_TERMS and min(cells) >= LARGE:
        critical = tails.critical_value(alpha)
        low, high = woolf(control, treatment, critical)
        sample = cells[2] / cells[3] / (cells[0] / cells[1])
        z = 2 * critical * math.log(sample) / math.log(high / low)
        return OddsRatio(sample, sample, low, high, tails.p_value(z), "log (Woolf)")
    table = _Hypergeometric(control, treatment)
    lowest, highest = table.edges
    estimate = 0.0 if lowest else math.inf if highest else math.exp(_conditional(table))
    if method == "exact":
        p = min(1.0, 2 * min(table.above(), table.below()))
        low = 0.0 if lowest else math.exp(_crossing(lambda v: table.above(v) - tail, rising=True))
        high = math.inf if highest else math.exp(_crossing(lambda v: table.below(v) - tail, rising=False))
        name = "exact conditional (Cornfield)"
    else:
        p = table.as_likely()
        low, high = _baptista_pike(table, alpha, p)
        name = "exact conditional (Baptista-Pike)"
    return OddsRatio(_sample(control, treatment), estimate, low, high, p, name)


def woolf(control: Counts, treatment: Counts, critical: float) -> tuple[float, float]:
    """Woolf's interval for the odds ratio: Wald's on the log scale. For large counts only.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Raises:
        Refused: One of the four counts is 0: the logarithm has no standard error.

    Example:
        >>> [round(end, 2) for end in woolf(Counts(104, 11037), Counts(189, 11034), 1.959963984540054)]
        [1.44, 2.33]
    """
    cells = [treatment.successes, treatment.n - treatment.successes, control.successes, control.n - control.successes]
    if min(cells) == 0:
        raise Refused.because(
            "odds_ratio.empty_cell",
            "One of the four counts is 0, so the logarithm of the odds ratio has no standard error.",
            "Use the exact interval, or wait until both outcomes occur in both arms.",
            name="successes",
            value=0,
        )
    middle = math.log(cells[0] / cells[1] / (cells[2] / cells[3]))
    half = critical * math.sqrt(sum(1 / c for c in cells))
    return math.exp(middle - half), math.exp(middle + half)


def _sample(control: Counts, treatment: Counts) -> float | Refusal:
    across = (treatment.n - treatment.successes) * control.successes
    if across == 0:
        return Refusal(
            code="odds_ratio.infinite",
            reason="The odds ratio of the table is infinite: treatment has no failure or control no success.",
            cure="Read its lower end, or the difference of the proportions.",
            name="successes",
        )
    return treatment.successes * (control.n - control.successes) / across


def _conditional(table: _Hypergeometric) -> float:
    def excess(log_odds: float) -> float:
        return float(table.chances(log_odds) @ table.x) - float(table.x[table.seen])

    return _crossing(excess, rising=True)


def _crossing(f: Callable[[float], float], *, rising: bool) -> float:
    """The root of a monotone function of the log odds ratio."""
    low, high, step = -1.0, 1.0, 1.0
    while (f(low) > 0) == rising and low > -700:
        low, step = low - step, step * 2
    step = 1.0
    while (f(high) > 0) != rising and high < 700:
        high, step = high + step, step * 2
    return root(f, max(low, -700.0), min(high, 700.0), tolerance=1e-12)


def _baptista_pike(table: _Hypergeometric, alpha: float, null: float) -> tuple[float, float]:
    """Hull of the odds ratios at which the two-sided exact test does not reject, on the null's right side."""
    lowest, highest = table.edges
    inside = math.inf if highest else -math.inf if lowest else _conditional(table)
    exact_tail = alpha / 2
    # The equal-tailed limits lie outside: the search for the outermost accepted odds ratio starts from there.
    low, high = -math.inf, math.inf
    if not lowest:
        start = _crossing(lambda v: table.above(v) - exact_tail / 2, rising=True)
        low = _outermost(table, start, min(inside, start + 60), alpha)
    if not highest:
        start = _crossing(lambda v: table.below(v) - exact_tail / 2, rising=False)
        high = _outermost(table, start, max(inside, start - 60), alpha)
    # The set of odds ratios kept may have holes; the interval must still say of 1 what the test says.
    if null > alpha:
        low, high = min(low, 0.0), max(high, 0.0)
    elif low <= 0 <= high:
        above = table.seen > float(table.chances() @ table.x) - table.x[0]
        low, high = (5e-16, high) if above else (low, -5e-16)
    return math.exp(low) if low > -math.inf else 0.0, math.exp(high) if high < math.inf else math.inf


def _outermost(table: _Hypergeometric, outside: float, inside: float, alpha: float) -> float:
    """The first log odds ratio from ``outside`` towards ``inside`` that the test keeps."""
    points = np.linspace(outside, inside, 400)
    first = next((i for i, v in enumerate(points) if table.as_likely(float(v)) > alpha), len(points) - 1)
    if first == 0:
        return outside
    a, b = float(points[first - 1]), float(points[first])
    for _ in range(50):
        middle = (a + b) / 2
        a, b = (a, middle) if table.as_likely(middle) > alpha else (middle, b)
    return b
