"""Two proportions watched look by look, exactly at any rate: a mixture test of the odds ratio within looks.

Given how many units converted at a look, which arm they belong to follows a hypergeometric law that no longer depends
on the conversion rate, only on the odds ratio. The product of the looks' likelihoods, averaged over a normal law of log
odds ratios, is a martingale under no effect: it reaches 1/alpha at some look with chance at most alpha. Nothing is
approximated, so rates of one in a thousand and the first few conversions are no exception, and the rate may drift from
look to look. The mixture is a sum over fixed nodes: rounding it off costs a little power, never validity.

References:
    Ville's inequality; Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math.
    Statist. 41 (mixtures). Cox & Snell (1989), Analysis of Binary Data, section 2.5 (conditional likelihood).
    Turner, Ly & Grunwald (2024), Generic E-variables for exact sequential k-sample tests that allow for optional
    stopping, Journal of Statistical Planning and Inference 230 (the problem, by other means).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.roots import root

__all__ = ["MOST_CONVERSIONS", "ArmsSoFar", "OddsRatioSequence", "odds_ratio_sequence"]

Floats = npt.NDArray[np.float64]

MOST_CONVERSIONS = 100_000
"""Conversions up to which every table is summed over; beyond, the normal approximation no longer differs."""

_NODES = np.linspace(-5.0, 5.0, 801)
_WEIGHTS = special.log_softmax(-0.5 * _NODES**2)
_FARTHEST = 40.0
_AT_ONCE = 2_000_000


class ArmsSoFar(NamedTuple):
    """Both arms at one look, cumulative.

    Attributes:
        n_control: Units.
        control: Units that converted.
        n_treatment: Units.
        treatment: Units that converted.
    """

    n_control: int
    control: int
    n_treatment: int
    treatment: int


class OddsRatioSequence(NamedTuple):
    """A test of no effect after so many looks, valid at each of them.

    Attributes:
        log_ratio: Log of the mixture likelihood ratio after each look.
        p_values: Always-valid p-value after each look: never rises again.
        odds_ratio: Conditional maximum likelihood estimate after the last look; None where it is 0 or infinite.
        low: Lower end of the odds ratio's interval, which holds at every look; 0 where open.
        high: Upper end; infinity where open.
    """

    log_ratio: tuple[float, ...]
    p_values: tuple[float, ...]
    odds_ratio: float | None
    low: float
    high: float


class _Table(NamedTuple):
    """What came in between two looks, as the law of the treatment's conversions given all of them."""

    support: Floats
    log_weight: Floats
    seen: float


def odds_ratio_sequence(
    looks: Sequence[ArmsSoFar], *, alpha: float = 0.05, mixing_sd: float = 0.25
) -> OddsRatioSequence:
    """Test two proportions at every look, with an interval for their odds ratio; two-sided.

    Use it for conversions that are rare or few; with thousands of them in each arm ``always_valid_critical`` serves as
    well. Looks of a handful of units each waste information: a day or more a look is right.

    Args:
        looks: Cumulative counts at every look so far, in order.
        alpha: Chance of a false alarm at any look, in (0, 1).
        mixing_sd: Standard deviation of the log odds ratios thought likely: .25 is a lift of about a quarter, either
            way. Fixed before the data.

    Returns:
        Ratio and p-value after each look, and the interval after the last.

    Raises:
        Refused: There is no look; counts fall from one look to the next; successes exceed units; more than 100,000
            conversions; a parameter is out of range.

    Example:
        >>> found = odds_ratio_sequence([ArmsSoFar(1000, 10, 1000, 25), ArmsSoFar(2000, 20, 2000, 55)])
        >>> [round(p, 4) for p in found.p_values], round(found.odds_ratio, 2)
        ([0.3929, 0.0164], 2.8)
    """
    checks.between("alpha", alpha, 0, 1)
    checks.positive("mixing_sd", mixing_sd)
    increments = _increments(looks)
    total = sum(control + treatment for _, control, _, treatment in increments)
    if total > MOST_CONVERSIONS:
        raise Refused.because(
            "odds_ratio_sequence.too_many",
            f"There are {total:,} conversions, but the exact sequence takes at most {MOST_CONVERSIONS:,}.",
            "Use the always-valid interval of the difference: with so many it does not differ.",
            name="looks",
            value=total,
        )
    tables = [_table(*between) for between in increments]
    nodes = mixing_sd * _NODES
    likelihoods = np.cumsum([_log_likelihood(t, nodes) for t in tables], axis=0)
    null = np.cumsum([_log_likelihood(t, np.zeros(1))[0] for t in tables])
    mixtures = special.logsumexp(likelihoods + _WEIGHTS, axis=1)
    ratios = mixtures - null
    p_values = np.exp(np.minimum.accumulate(np.minimum(-ratios, 0.0)))
    best = _maximum(tables)
    bound = float(mixtures[-1]) + math.log(alpha)
    return OddsRatioSequence(
        log_ratio=tuple(ratios.tolist()),
        p_values=tuple(p_values.tolist()),
        odds_ratio=math.exp(best) if abs(best) < _FARTHEST else None,
        low=_end(tables, best, -_FARTHEST, bound),
        high=_end(tables, best, _FARTHEST, bound),
    )


def _increments(looks: Sequence[ArmsSoFar]) -> list[tuple[int, int, int, int]]:
    if not looks:
        raise Refused.because("looks.none", "There is no look.", "Give at least one look's counts.", name="looks")
    found = []
    before = ArmsSoFar(0, 0, 0, 0)
    for i, look in enumerate(looks):
        for arm, n, x in (("control", look.n_control, look.control), ("treatment", look.n_treatment, look.treatment)):
            checks.successes(f"looks.{i}.{arm}", x, checks.count(f"looks.{i}.n_{arm}", n))
        nc, xc, nt, xt = (now - then for now, then in zip(look, before, strict=True))
        if min(nc, xc, nt, xt, nc - xc, nt - xt) < 0:
            raise Refused.because(
                "looks.not_cumulative",
                f"Look {i + 1} has fewer units, successes or failures in an arm than the one before.",
                "Give cumulative counts, in the order in which the looks were taken; a unit that has once been "
                "counted may not change its outcome.",
                name="looks",
                value=i + 1,
            )
        found.append((nc, xc, nt, xt))
        before = look
    return found


def _table(n_control: int, control: int, n_treatment: int, treatment: int) -> _Table:
    both = control + treatment
    support = np.arange(max(0, both - n_control), min(n_treatment, both) + 1, dtype=np.float64)
    # Ratios of neighbouring weights, not factorials: of a billion units those would have lost their digits.
    u = support[:-1]
    steps = np.log(n_treatment - u) + np.log(both - u) - np.log1p(u) - np.log(n_control - both + u + 1)
    weight = np.concatenate([[0.0], np.cumsum(steps)])
    # Counted from what was seen, so that the exponents stay small.
    return _Table(support - treatment, weight - weight.max(), float(weight[int(treatment - support[0])] - weight.max()))


def _log_likelihood(table: _Table, log_odds: Floats) -> Floats:
    """Log chance of what was seen at each log odds ratio."""
    step = max(1, _AT_ONCE // len(table.support))
    parts = []
    for i in range(0, len(log_odds), step):
        terms = table.log_weight + log_odds[i : i + step, None] * table.support
        top = terms.max(axis=1)
        parts.append(top + np.log(np.exp(terms - top[:, None]).sum(axis=1)))
    return table.seen - np.concatenate(parts)


def _at(tables: Sequence[_Table], log_odds: float) -> float:
    return math.fsum(float(_log_likelihood(t, np.array([log_odds]))[0]) for t in tables)


def _expected(table: _Table, log_odds: float) -> float:
    terms = table.log_weight + log_odds * table.support
    chances = np.exp(terms - terms.max())
    return float(chances @ table.support) / float(chances.sum())


def _maximum(tables: Sequence[_Table]) -> float:
    """The log odds ratio under which what was seen is likeliest, at most 40 in size."""

    def short(log_odds: float) -> float:
        # Expected less seen, summed over the tables: rises with the odds ratio.
        return math.fsum(_expected(t, log_odds) for t in tables)

    if short(_FARTHEST) <= 0:
        return _FARTHEST if short(-_FARTHEST) < 0 else 0.0
    if short(-_FARTHEST) >= 0:
        return -_FARTHEST
    return root(short, -_FARTHEST, _FARTHEST, tolerance=1e-10)


def _end(tables: Sequence[_Table], best: float, farthest: float, bound: float) -> float:
    """The odds ratio at which the likelihood has fallen to ``bound``; open where it never does."""
    if _at(tables, farthest) >= bound:
        return math.inf if farthest > 0 else 0.0
    return math.exp(root(lambda x: _at(tables, x) - bound, best, farthest, tolerance=1e-10))
