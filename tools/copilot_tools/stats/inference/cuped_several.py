"""CUPED with several covariates, for means and ratios of sums: a regression's precision from moments alone.

The slopes are those of one regression of the metric on all covariates within arms: pooled over the arms, so that the
effect never enters them. Slopes of each arm's own would gain a little where the covariates explain more in one arm, and
cost the exact agreement of several treatments with one control; with arms of one size both come to the same (Lin).

References:
    Deng, Xu, Kohavi & Walker (2013), Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data, WSDM '13, section 3 and appendix (ratios). Lin (2013), Agnostic notes on regression adjustments
    to experimental data, Annals of Applied Statistics 7.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import ArmResult
from copilot_tools.stats.inference.levels import Level, Linear, covariance_of, require_units
from copilot_tools.stats.inference.means import linear_mean, welch
from copilot_tools.stats.inference.pair_estimates import pair_estimates
from copilot_tools.stats.inference.pair_results import AdjustedPair
from copilot_tools.stats.inference.ratios import linear_ratio
from copilot_tools.stats.moments import Moments

__all__ = ["adjusted_pair"]

Floats = NDArray[np.float64]

_RESIDUAL_DF = 60
"""Units beyond the parameters below which the slopes' own error, which CUPED neglects, would narrow intervals."""

_COLLINEAR = 1e-10
"""Smallest eigenvalue of the covariates' correlations below which one of them is a combination of the others."""


def adjusted_pair(
    control: Moments,
    treatment: Moments,
    covariates: Sequence[str],
    *,
    ratio: bool = False,
    names: tuple[str, str] = ("control", "treatment"),
    alpha: float = 0.05,
    sides: int = 2,
    sign: int = 1,
) -> AdjustedPair:
    """Compare two arms after taking out what columns measured before assignment explain.

    Use it where several such columns are known of every unit, for means and ratios; with one column ``compare_arms``
    adjusts as well. Not with anything measured after assignment.

    Args:
        control: Control's moments. Columns: the metric, then each covariate; for a ratio each of these is a pair of
            numerator and denominator.
        treatment: The treatment's, likewise.
        covariates: The covariates' names, in order; at least one.
        ratio: Whether metric and covariates are ratios of sums.
        names: Of the two arms.
        alpha: Error rate, in (0, 0.5).
        sides: 2, or 1 in the desired direction.
        sign: +1 where more is better, -1 where less is.

    Raises:
        Refused: Columns and names do not fit; fewer than 60 units beyond the parameters; a covariate that does not
            vary, or is a combination of the others; covariates that determine the metric exactly; a ratio's
            denominator near 0.
    """
    checks.between("alpha", alpha, 0, 0.5)
    arms = dict(zip(names, (control, treatment), strict=True))
    width = 2 if ratio else 1
    _check_shape(arms, covariates, width)
    together = control + treatment
    lines = {arm: [_line(m, i * width, ratio=ratio) for i in range(len(covariates) + 1)] for arm, m in arms.items()}
    centres = np.array([_line(together, i * width, ratio=ratio).value for i in range(1, len(covariates) + 1)])
    tables = {
        arm: np.array([[covariance_of(m, a.gradient, b.gradient) for b in lines[arm]] for a in lines[arm]])
        for arm, m in arms.items()
    }
    within = sum((m.n - 1) * tables[arm] for arm, m in arms.items())
    theta = _slopes(np.asarray(within), centres, covariates, together.n)
    weights = np.concatenate([[1.0], -theta])
    shared = float(theta @ np.asarray(within)[1:, 1:] @ theta) / (together.n - 2) / together.n
    levels = {}
    for arm, m in arms.items():
        raw = float(tables[arm][0, 0])
        own = float(weights @ tables[arm] @ weights)
        values = np.array([line.value for line in lines[arm]])
        levels[arm] = Level(
            n=m.n,
            observed=float(values[0]),
            value=float(values[0] - theta @ (values[1:] - centres)),
            variance=0.0 if own <= 1e-13 * raw else own / m.n,
            observed_variance=raw / m.n,
            shared=shared,
        )
    x, y = (levels[arm] for arm in names)
    before = x.observed_variance + y.observed_variance
    if x.variance + y.variance <= 0 < before:
        raise Refused.because(
            "covariate.explains_everything",
            f"The covariates {', '.join(covariates)} determine the metric exactly within both arms.",
            "Check that they were measured before assignment: the outcome itself as a covariate removes the effect.",
            name="covariates",
        )
    method = f"{'delta method, ' if ratio else ''}Welch, CUPED with {len(covariates)} covariate" + (
        "s" if len(covariates) > 1 else ""
    )
    found = pair_estimates(
        x, y, welch(x, y).df if x.variance + y.variance > 0 else 1.0, method, alpha=alpha, sides=sides, sign=sign
    )
    return AdjustedPair(
        control=_arm(names[0], x),
        treatment=_arm(names[1], y),
        absolute=found.absolute,
        relative=found.relative,
        relative_delta=found.delta,
        thetas=dict(zip(covariates, theta.tolist(), strict=True)),
        variance_reduction=1 - (x.variance + y.variance) / before if before > 0 else None,
        method=method,
    )


def _line(m: Moments, first: int, *, ratio: bool) -> Linear:
    return linear_ratio(m, first, first + 1) if ratio else linear_mean(m, first)


def _slopes(within: Floats, centres: Floats, covariates: Sequence[str], n: int) -> Floats:
    spread = np.diag(within)[1:]
    for name, s, centre in zip(covariates, spread, centres, strict=True):
        if s <= n * (1e-13 * centre) ** 2:
            raise Refused.because(
                "covariate.no_variance",
                f"The covariate {name} has the same value for every unit within each arm.",
                "Leave it out: it explains nothing.",
                name="covariates",
                value=name,
            )
    # In correlations, so that a covariate in cents weighs as one in millions.
    scale = np.sqrt(spread)
    correlations = within[1:, 1:] / np.outer(scale, scale)
    if float(np.linalg.eigvalsh(correlations)[0]) < _COLLINEAR:
        raise Refused.because(
            "covariate.collinear",
            f"One of the covariates {', '.join(covariates)} is a combination of the others.",
            "Leave out the one that repeats the others.",
            name="covariates",
        )
    solved: Floats = np.linalg.solve(correlations, within[1:, 0] / scale) / scale
    return solved


def _check_shape(arms: Mapping[str, Moments], covariates: Sequence[str], width: int) -> None:
    wanted = width * (len(covariates) + 1)
    for arm, m in arms.items():
        if not covariates or len(m.mean) != wanted or len(set(covariates)) != len(covariates):
            raise Refused.because(
                "covariate.columns",
                f"Arm {arm} has {len(m.mean)} columns, but the metric and {len(covariates)} differently named "
                f"covariates make {wanted}, and there is at least one covariate.",
                "Give the metric's column first, then one for each covariate (for a ratio a pair for each).",
                name="covariates",
                value=len(covariates),
            )
        require_units(m)
    residual = sum(m.n for m in arms.values()) - len(arms) - len(covariates)
    if residual < _RESIDUAL_DF:
        raise Refused.because(
            "covariate.too_few_units",
            f"There are {residual} units beyond the parameters, fewer than {_RESIDUAL_DF}: the slopes' own error, "
            "which the adjustment neglects, would make the interval too narrow.",
            "Compare without covariates, or wait for more units.",
            name="n",
            value=residual,
        )


def _arm(name: str, level: Level) -> ArmResult:
    return ArmResult(
        arm=name, n=level.n, value=level.observed, standard_error=math.sqrt(level.observed_variance) or None
    )
