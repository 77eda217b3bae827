"""Power of one comparison with control, given the units in both arms. One function a kind of metric.

Only rejections in the desired direction count: an effect "found" the wrong way round is not found (R's
``power.t.test(strict = FALSE)`` and ``power.prop.test`` count the same way).

References:
    Farrington & Manning (1990), Test statistics and sample size formulae for comparative binomial trials with null
    hypothesis of non-zero risk difference or non-unity relative risk, Statistics in Medicine 9.
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.contrast import Contrast
from copilot_tools.stats.planning.design import Cluster, TrialDesign
from copilot_tools.stats.planning.outcomes import Mean, Outcome, Proportion
from copilot_tools.stats.planning.rules import cohens_h

__all__ = ["arcsine_power", "mean_power", "one_power", "proportion_power"]

_NORMAL = NormalDist()
_BEYOND = 9.0
"""So many critical values away a difference is missed with a chance below 1e-18, at any degrees of freedom."""


def one_power(outcome: Outcome, question: Contrast, design: TrialDesign, control: float, treatment: float) -> float:
    """Power with ``control`` and ``treatment`` units (fractions allowed while solving).

    Raises:
        Refused: The outcome's method has no form for this question.
    """
    z, factor = design.critical_z, design.variance_factor
    if outcome.kind == "proportion":
        if outcome.method == "arcsine":
            if question.slope != 1 or question.offset:
                raise _no_margin("arcsine")
            h = question.sign * cohens_h(question.control, question.treatment)
            return arcsine_power(h, control / factor, treatment / factor, z)
        return proportion_power(outcome, question, control / factor, treatment / factor, z)
    metric = outcome.as_mean() if outcome.kind == "ratio" else outcome
    return mean_power(metric, question, control, treatment, z, factor=factor, cluster=design.cluster)


def arcsine_power(h: float, control: float, treatment: float, z: float) -> float:
    """Power at Cohen's h, positive in the desired direction.

    Args:
        h: Difference of the arcsine-transformed proportions.
        control: Units in control, above 0.
        treatment: Units in treatment, above 0.
        z: Critical value, in standard errors.

    Example:
        >>> round(arcsine_power(0.3, 80, 80, 1.6448536269514722), 7)
        0.5996777
    """
    return _NORMAL.cdf(h * math.sqrt(control * treatment / (control + treatment)) - z)


def proportion_power(outcome: Proportion, question: Contrast, control: float, treatment: float, z: float) -> float:
    """Power of the z test of two proportions against the question's line, in large samples.

    Args:
        outcome: The proportion today, and the variance that is taken under the tested line.
        question: Truth and tested line.
        control: Units in control, above 0.
        treatment: Units in treatment, above 0.
        z: Critical value, in standard errors.

    Raises:
        Refused: The method "baseline" is asked for a margin, which it does not know.
    """
    x, y, r = question.control, question.treatment, question.slope
    truth = y * (1 - y) / treatment + r * r * x * (1 - x) / control
    if outcome.method == "unpooled":
        null = truth
    elif outcome.method == "baseline":
        if question.slope != 1 or question.offset:
            raise _no_margin("baseline")
        null = x * (1 - x) * (1 / control + 1 / treatment)
    else:
        x0, y0 = _on_the_line(question, control, treatment)
        null = y0 * (1 - y0) / treatment + r * r * x0 * (1 - x0) / control
    return _NORMAL.cdf((question.distance - z * math.sqrt(null)) / math.sqrt(truth))


def _on_the_line(question: Contrast, control: float, treatment: float) -> tuple[float, float]:
    """The shares on y = slope x + offset that are most likely under the true ones: what the score test converges to."""
    x, y, r, d = question.control, question.treatment, question.slope, question.offset
    if r == 1 and d == 0:
        pooled = (control * x + treatment * y) / (control + treatment)
        return pooled, pooled
    low, high = max(0.0, -d / r), min(1.0, (1 - d) / r)

    def gradient(a: float) -> float:
        b = r * a + d
        return control * (x / a - (1 - x) / (1 - a)) + treatment * r * (y / b - (1 - y) / (1 - b))

    for _ in range(60):  # the likelihood is concave along the line: its gradient only falls
        middle = (low + high) / 2
        if gradient(middle) > 0:
            low = middle
        else:
            high = middle
    a = (low + high) / 2
    return a, r * a + d


def mean_power(
    outcome: Mean,
    question: Contrast,
    control: float,
    treatment: float,
    z: float,
    *,
    factor: float = 1.0,
    cluster: Cluster | None = None,
) -> float:
    """Power of the t test of two means (noncentral t), or of its large-sample form.

    Args:
        outcome: Spread of the metric.
        question: Truth and tested line.
        control: Units in control.
        treatment: Units in treatment.
        z: Large-sample critical value, in standard errors; the t test uses the t value with the same tail.
        factor: What covariates leave and clusters add to the variance, above 0.
        cluster: Where clusters are assigned, degrees of freedom are counted in clusters.
    """
    # In units of the larger spread: the square of a spread as typed may leave the range of a double.
    own, treated = question.slope * outcome.sd, outcome.treatment_sd or outcome.sd
    spread = max(own, treated)
    a = factor * (own / spread) ** 2 / control
    b = factor * (treated / spread) ** 2 / treatment
    away = question.distance / spread / math.sqrt(a + b)
    if outcome.method == "normal":
        return _NORMAL.cdf(away - z)
    from scipy import special  # noqa: PLC0415 - half a second that proportions need not pay

    independent = cluster.size if cluster else 1.0
    df = (a + b) ** 2 / (a * a / (control / independent - 1) + b * b / (treatment / independent - 1))
    critical = -special.stdtrit(df, _NORMAL.cdf(-z))
    if away > _BEYOND * max(critical, 1.0):
        return 1.0  # scipy's noncentral t has no value at some points out there
    return float(1 - special.nctdtr(df, away, critical))


def _no_margin(method: str) -> Refused:
    return Refused.because(
        "planning.method_without_margin",
        f"The method {method!r} tests for a difference only, not against a margin.",
        'Use method "pooled" (score test) or "unpooled" for non-inferiority.',
        name="outcome.method",
        value=method,
    )
