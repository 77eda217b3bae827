"""Textbook rules of sizing, each under its own name: quick checks beside the exact answers."""

from __future__ import annotations

import math

from copilot_tools import checks
from copilot_tools.refusals import Refused

__all__ = ["cohens_h", "design_effect", "rule_of_16"]


def rule_of_16(variance: float, difference: float) -> float:
    """Units per arm by the rule of thumb n = 16 variance / difference^2 (alpha 5% two-sided, power 80%).

    Args:
        variance: Of one unit's value, in squared metric units; p (1 - p) for a proportion.
        difference: To be found, in metric units, above 0.

    Returns:
        Units per arm, not rounded.

    Raises:
        Refused: The variance or the difference is not above 0.

    References:
        Kohavi, Longbotham, Sommerfield & Henne (2009), Controlled experiments on the web, Data Mining and Knowledge
        Discovery 18. Lehr (1992), Sixteen S-squared over D-squared, Statistics in Medicine 11.

    Example:
        >>> round(rule_of_16(0.05 * 0.95, 0.05 * 0.05))
        121600
    """
    return 16 * checks.positive("variance", variance) / checks.positive("difference", difference) ** 2


def design_effect(cluster_size: float, icc: float, size_cv: float = 0.0) -> float:
    """Factor by which assigning whole clusters inflates the variance: 1 + ((1 + cv^2) m - 1) icc.

    Use it before a test in which shops, regions or accounts are assigned and their customers counted.

    Args:
        cluster_size: m, mean units per cluster, at least 1.
        icc: Intra-cluster correlation of the metric, in [0, 1).
        size_cv: Coefficient of variation of the clusters' sizes; 0 when all are alike.

    Raises:
        Refused: A parameter is out of its range.

    References:
        Kish (1965), Survey Sampling. Eldridge, Ashby & Kerry (2006), Sample size for cluster randomized trials,
        International Journal of Epidemiology 35 (unequal sizes).

    Example:
        >>> design_effect(100, 0.01)
        1.99
    """
    if checks.finite("cluster_size", cluster_size) < 1:
        raise _below("cluster_size", cluster_size, 1)
    if not 0 <= checks.finite("icc", icc) < 1:
        checks.between("icc", icc, 0, 1)
    if checks.finite("size_cv", size_cv) < 0:
        raise _below("size_cv", size_cv, 0)
    return 1 + ((1 + size_cv**2) * cluster_size - 1) * icc


def _below(name: str, value: float, bound: float) -> Refused:
    return Refused.because(
        "parameter.too_small", f"{name} is {value:g}, but must be at least {bound:g}.", name=name, value=value
    )


def cohens_h(control: float, treatment: float) -> float:
    """Cohen's h: the difference of two proportions after the arcsine transformation.

    Args:
        control: Proportion in control, in (0, 1).
        treatment: Proportion in treatment, in (0, 1).

    Raises:
        Refused: A proportion is not between 0 and 1.

    References:
        Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 6.
    """
    return 2 * math.asin(math.sqrt(checks.between("treatment", treatment, 0, 1))) - 2 * math.asin(
        math.sqrt(checks.between("control", control, 0, 1))
    )
