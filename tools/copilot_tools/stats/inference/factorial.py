"""Factorial (multivariate) tests: main effects and interactions of several factors, with intervals that hold jointly.

Any number of levels, unequal cells and unequal variances. Marginal means are unweighted: every combination of the other
factors counts the same, however many units it has, so that an uneven split does not lend one factor another's effect.
Signs: a main effect is a level minus its factor's first level; an interaction is a difference of differences (by how
much one effect changes with the other factor), twice what textbooks of 2^k designs call the interaction effect.

References:
    Box, Hunter & Hunter (2005), Statistics for Experimenters, 2nd ed., chapter 5. Johansen (1980), The Welch-James
    approximation to the distribution of the residual sum of squares in a weighted linear regression, Biometrika 67.
    Sidak (1967), Rectangular confidence regions for the means of multivariate normal distributions, JASA 62.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats.inference import tails

__all__ = ["Cell", "Contrast", "Factorial", "Term", "factorial_effects", "sidak"]

Floats = NDArray[np.float64]
MOST_CONTRASTS = 500


class Cell(NamedTuple):
    """What one combination of levels has.

    Attributes:
        value: Mean or proportion, in the metric's unit.
        variance: Of ``value``.
        df: Degrees of freedom of ``variance``; infinite where it is known (proportions).
    """

    value: float
    variance: float
    df: float


class Contrast(NamedTuple):
    """One main effect or interaction.

    Attributes:
        factors: Whose it is; one for a main effect.
        levels: The level of each that is held against its factor's first.
        estimate: In the metric's unit; its interval holds jointly with all others, its p-value is its own.
        p_joint: Corrected for all contrasts (Sidak).
    """

    factors: tuple[str, ...]
    levels: tuple[str, ...]
    estimate: Estimate
    p_joint: float


class Term(NamedTuple):
    """All contrasts of one main effect or interaction tested together (Welch-James): statistic, its dfs and p."""

    factors: tuple[str, ...]
    statistic: float
    df: int
    df_error: float | None
    p_value: float


class Factorial(NamedTuple):
    """All contrasts and all terms, main effects first."""

    contrasts: tuple[Contrast, ...]
    terms: tuple[Term, ...]


def sidak(alpha: float, tests: int) -> float:
    """Level of each of ``tests`` intervals that hold jointly at 1 - alpha: exact where independent, else careful.

    Example:
        >>> round(sidak(0.05, 3), 6)
        0.016952
    """
    return -math.expm1(math.log1p(-alpha) / tests)


def factorial_effects(
    factors: Mapping[str, Sequence[str]],
    cells: Mapping[tuple[str, ...], Cell],
    *,
    order: int = 2,
    alpha: float = 0.05,
) -> Factorial:
    """Main effects and interactions of a full factorial test.

    Use it where several things were varied at once and every combination was shown. Not for arms that share a control
    without crossing (Dunnett), nor where combinations were left out.

    Args:
        factors: Factor -> its levels, the first being what others are held against; at least two of each.
        cells: A combination of levels, in the order of ``factors`` -> its cell.
        order: Highest order of interaction, 1 for main effects alone.
        alpha: All intervals together cover 1 - alpha, two-sided, in (0, 1).

    Raises:
        Refused: A combination is missing, strange or without variation; fewer than two factors; a level twice; an
            order out of range; or more than 500 contrasts.

    Example:
        >>> levels = {"subject": ("plain", "bold"), "image": ("none", "photo")}
        >>> combinations = itertools.product(*levels.values())
        >>> values = zip(combinations, (10.0, 11.0, 12.0, 16.0))
        >>> found = factorial_effects(levels, {c: Cell(x, 0.25, math.inf) for c, x in values})
        >>> [(c.factors, c.estimate.value) for c in found.contrasts]
        [(('subject',), 3.5), (('image',), 2.5), (('subject', 'image'), 3.0)]
    """
    checks.between("alpha", alpha, 0, 1)
    refuse_if_any(_problems(factors, cells, order))
    names, levels = list(factors), list(factors.values())
    combinations = list(itertools.product(*levels))
    value = np.array([cells[c].value for c in combinations])
    variance = np.array([cells[c].variance for c in combinations])
    df = np.array([cells[c].df for c in combinations])
    shape = [len(x) for x in levels]
    terms = [t for m in range(1, order + 1) for t in itertools.combinations(range(len(names)), m)]
    rows = {term: _rows(term, shape) for term in terms}
    each = sidak(alpha, sum(len(r) for r in rows.values()))
    total = sum(len(r) for r in rows.values())
    contrasts, tested = [], []
    for term in terms:
        compared = list(itertools.product(*(levels[f][1:] for f in term)))
        for row, chosen in zip(rows[term], compared, strict=True):
            estimate = _estimate(row, value, variance, df, each)
            p = estimate.p_value or 0.0
            joint = -math.expm1(total * math.log1p(-p)) if p < 1 else 1.0
            contrasts.append(Contrast(tuple(names[f] for f in term), chosen, estimate, min(1.0, joint)))
        tested.append(_welch_james(tuple(names[f] for f in term), np.array(rows[term]), value, variance, df))
    return Factorial(tuple(contrasts), tuple(tested))


def _rows(term: tuple[int, ...], shape: Sequence[int]) -> list[Floats]:
    """One row of weights over all cells for each contrast of a term."""
    found = []
    for chosen in itertools.product(*(range(1, shape[f]) for f in term)):
        picked = dict(zip(term, chosen, strict=True))
        row = np.ones(1)
        for f, size in enumerate(shape):
            part = np.full(size, 1 / size)
            if f in picked:
                part = np.zeros(size)
                part[0], part[picked[f]] = -1.0, 1.0
            row = np.kron(row, part)
        found.append(row)
    return found


def _estimate(row: Floats, value: Floats, variance: Floats, df: Floats, each: float) -> Estimate:
    parts = row * row * variance
    total = float(parts.sum())
    shares = parts / total
    inverse = float((shares * shares / df).sum())
    freedom = 1 / inverse if inverse > 0 else None
    effect, error = float(row @ value), math.sqrt(total)
    reach = tails.critical_value(each, 2, freedom) * error
    return Estimate(
        value=effect,
        standard_error=error,
        interval=Interval(low=effect - reach, high=effect + reach, level=round(1 - each, 12)),
        p_value=tails.p_value(effect / error, "two-sided", freedom),
        statistic=effect / error,
        df=freedom,
        scale="absolute",
        method="z, joint (Sidak)" if freedom is None else "Welch, joint (Sidak)",
    )


def _welch_james(names: tuple[str, ...], c: Floats, value: Floats, variance: Floats, df: Floats) -> Term:
    r = len(c)
    inner = np.linalg.inv((c * variance) @ c.T)
    gap = c @ value
    statistic = float(gap @ inner @ gap)
    weight = np.einsum("ri,rs,si->i", c, inner, c) * variance
    loss = float((weight * weight / df).sum())
    if loss == 0:
        return Term(names, statistic, r, None, float(special.chdtrc(r, statistic)))
    f = statistic / (r + 2 * loss * (r - 1) / (r + 2))
    error = r * (r + 2) / (3 * loss)
    return Term(names, f, r, error, float(special.fdtrc(r, error, f)))


def _problems(
    factors: Mapping[str, Sequence[str]], cells: Mapping[tuple[str, ...], Cell], order: int
) -> Iterator[Refusal]:
    if len(factors) < 2 or any(len(set(x)) < 2 or len(set(x)) < len(x) for x in factors.values()):
        yield Refusal(
            code="factorial.factors",
            reason="A factorial test has at least two factors, each with at least two levels, none twice.",
            cure="Compare arms with control instead (compare_proportions, compare_means).",
            name="factors",
            value=len(factors),
        )
        return
    if not 1 <= order <= len(factors):
        yield Refusal(
            code="factorial.order",
            reason=f"order is {order}, but must be from 1 to the {len(factors)} factors.",
            cure="Use 2 for interactions of two factors.",
            name="order",
            value=order,
        )
        return
    sizes = [len(x) - 1 for x in factors.values()]
    total = sum(math.prod(s) for m in range(1, order + 1) for s in itertools.combinations(sizes, m))
    combinations = math.prod(len(x) for x in factors.values())
    if total > MOST_CONTRASTS or combinations > 4 * MOST_CONTRASTS:
        yield Refusal(
            code="factorial.too_many",
            reason=f"There are {total} contrasts over {combinations} cells; at most {MOST_CONTRASTS} are read.",
            cure="Lower order, or leave a factor out.",
            name="order",
            value=total,
        )
        return
    wanted = list(itertools.product(*factors.values()))
    missing = [c for c in wanted if c not in cells]
    if missing:
        shown = "; ".join(" x ".join(c) for c in missing[:5]) + ("; ..." if len(missing) > 5 else "")
        yield Refusal(
            code="factorial.cells_missing",
            reason=f"{len(missing)} of {len(wanted)} combinations are missing ({shown}), so effects and interactions "
            "cannot be told apart.",
            cure="Show every combination, or compare the arms there are with control.",
            name="cells",
            value=len(missing),
        )
    for c in [c for c in cells if c not in set(wanted)][:5]:
        yield Refusal(
            code="factorial.cell_unknown",
            reason=f"The combination {' x '.join(c)} is none of the factors' levels.",
            cure="Check its spelling and the order of the factors.",
            name="cells",
            value=" x ".join(c),
        )
    for c in [c for c in wanted if c in cells and not cells[c].variance > 1e-26 * cells[c].value ** 2][:5]:
        yield Refusal(
            code="data.no_variance",
            reason=f"In {' x '.join(c)} every unit has the same value, so nothing measures chance there.",
            cure="Wait for more units, or check the column.",
            name="cells",
            value=cells[c].value,
        )
