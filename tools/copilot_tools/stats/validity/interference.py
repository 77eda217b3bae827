"""Interference: does a unit's outcome go with the arms of its neighbours?

Assignment is by chance, so among units of one arm the share of treated neighbours in their cluster is unrelated to
anything but what the treatment of others does to them. A line through outcome against that share, unit by unit with
errors that follow the clusters, is fitted within each arm. A slope means that control is not what it would be without
the test (spillover), and the difference between the arms is no longer the effect of giving everybody the change.

Alarm levels: serious below p = .001 for a slope in any arm, a note below .01, after Holm's correction over the arms.
Needs 40 clusters of several units in an arm. A treated share that changed over time (a ramp-up) looks alike.

References:
    Hudgens & Halloran (2008), Toward causal inference with interference, JASA 103.
    Liang & Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73 (clustered errors).
    Saveski et al. (2017), Detecting network effects: randomizing over randomized experiments, KDD '17.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.inference.tails import p_value
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.validity._attack import Attack

__all__ = ["ATTACK", "Slope", "interference", "neighbour_slope"]

ATTACK = Attack("interference", "Interference within clusters")

FEWEST_CLUSTERS = 40
"""Clusters of several units an arm needs before errors that follow clusters are trusted."""


class Slope(NamedTuple):
    """How an arm's outcome goes with the share of treated neighbours.

    Attributes:
        value: Change of the metric from no neighbour treated to all of them.
        standard_error: Following the clusters, above 0.
        clusters: How many it rests on.
        p: Two-sided, t with two fewer degrees of freedom than clusters.
    """

    value: float
    standard_error: float
    clusters: int
    p: float


def neighbour_slope(moments: Moments) -> Slope | None:
    """The least-squares slope over units and its cluster-robust error, from the sums ``Evidence.neighbours`` describes.

    Returns:
        None where there are too few clusters, or the share of treated neighbours or the outcome does not vary.
    """
    if moments.n < FEWEST_CLUSTERS:
        return None
    units, outcome, shares, products, squares = moments.mean
    x, y = shares / units, outcome / units
    spread = squares - shares * x
    if spread <= 1e-12 * squares or squares <= 0:
        return None
    slope = (products - outcome * x) / spread
    # A cluster's part in the normal equation of the slope is linear in its five sums; their own sum is zero.
    part = (y * x - slope * x * x, -x, 2 * slope * x - y, 1.0, -slope)
    d = range(len(part))
    within = math.fsum(part[i] * part[j] * moments.comoments[i][j] for i in d for j in d)
    scale = math.fsum(abs(part[i] * part[j] * moments.comoments[i][j]) for i in d for j in d)
    if within <= 1e-12 * scale:
        return None
    n = moments.n
    error = math.sqrt(within * n / (n - 1)) / (n * spread)
    return Slope(slope, error, n, p_value(slope / error, "two-sided", n - 2))


def interference(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Fit outcome against the share of treated neighbours within each arm."""
    metric = spec.primary
    if spec.clusters is None or evidence.clusters is None:
        return ATTACK.cannot("no column names the clusters of its units")
    if metric.kind == "ratio":
        return ATTACK.cannot(f"{metric.name} is a ratio of sums, and neighbours are held against single outcomes")
    cells = {c.arm: c.moments for c in evidence.neighbours}
    fitted: list[tuple[Arm, Slope]] = [
        (arm, slope) for arm in spec.arms if arm.name in cells and (slope := neighbour_slope(cells[arm.name]))
    ]
    if not fitted:
        return ATTACK.cannot(
            f"fewer than {FEWEST_CLUSTERS} clusters of several units by {spec.clusters.column} have {metric.name} in "
            "an arm, or all have the same share of treated units"
        )
    corrected = holm([slope.p for _, slope in fitted]).tolist()
    p, (arm, slope) = min(zip(corrected, fitted, strict=True), key=lambda pair: pair[0])
    severity = ATTACK.level.severity(p)
    moves = formats.effect_size(metric, slope.value, "absolute")
    if severity == "none":
        sentence = (
            f"No sign that units affect their neighbours by {spec.clusters.column}: the steepest line, of {arm.text}, "
            f"goes {moves} from no treated neighbour to all of them ({formats.p_value(p)})."
        )
    else:
        sentence = (
            f"Units affect their neighbours: {metric.name} in {arm.text} goes {moves} from no treated neighbour in the "
            f"same {spec.clusters.column} to all of them ({formats.p_value(p)}), so the difference between the arms is "
            "not what giving everybody the change would do. Assign whole clusters next time."
        )
    details = tuple(
        f"{a.text}: {formats.effect_size(metric, s.value, 'absolute')} ({formats.p_value(q)} corrected, "
        f"{formats.count(s.clusters)} clusters)."
        for q, (a, s) in zip(corrected, fitted, strict=True)
    )
    units = min(round(cells[a.name].mean[0] * cells[a.name].n) for a, _ in fitted)
    return ATTACK.finds(severity, sentence, value=p, unit="p", details=details, units=units)
