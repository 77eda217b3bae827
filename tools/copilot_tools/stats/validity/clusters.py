"""Clusters kept together: were units assigned each by itself, as the plan says, or whole households, teams, accounts?

Where single units are assigned, a cluster of n units lies in one arm with a chance of sum(w^n) over the arms' shares w.
Many more clusters in one arm mean that whole clusters were assigned: the units of one are no independent evidence,
and every standard error is too small. Only counts are read, so this may be looked at while the outcomes are closed.

Alarm level: blocking below p = .001 (one-sided, exact by convolution where clusters in one arm are few, else normal).
Where whole clusters were assigned and the plan says so, data that disagrees is refused before it is read.

References:
    Deng, Lu & Litz (2017), Trustworthy analysis of online A/B tests: pitfalls, challenges and solutions, WSDM '17.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import ClusterSize, Evidence
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "clusters", "kept_together_p"]

ATTACK = Attack("clusters", "Clusters kept together")

_EXACT_UP_TO = 200.0
"""Variance of the count up to which its distribution is added up exactly."""
_MOST_LISTED = 5_000
"""Mean of the count up to which it is; beyond both the normal distribution errs on the side of silence."""


def kept_together_p(sizes: Sequence[ClusterSize], shares: Sequence[float]) -> float | None:
    """Chance that so many clusters lie in one arm, were units assigned each by itself; None without a pair of units.

    Args:
        sizes: Clusters by size.
        shares: Share of the units that each arm gets, adding up to 1.

    Example:
        >>> kept_together_p([ClusterSize(units=2, clusters=10, mixed=0)], (0.5, 0.5))  # 1 in 2^10
        0.0009765625
    """
    several = [s for s in sizes if s.units > 1 and s.clusters]
    if not several:
        return None
    chances = [math.fsum(w**s.units for w in shares) for s in several]
    mean = math.fsum(s.clusters * q for s, q in zip(several, chances, strict=True))
    variance = math.fsum(s.clusters * q * (1 - q) for s, q in zip(several, chances, strict=True))
    together = sum(s.clusters - s.mixed for s in several)
    if variance > _EXACT_UP_TO or mean > _MOST_LISTED:
        return float(special.ndtr(-(together - 0.5 - mean) / math.sqrt(variance))) if variance > 0 else 1.0
    most = math.ceil(mean + 20 * math.sqrt(variance) + 20)  # beyond 20 standard deviations there is nothing left
    density = np.ones(1)
    for size, chance in zip(several, chances, strict=True):
        x = np.arange(min(size.clusters, most) + 1, dtype=float)
        chosen = special.gammaln(size.clusters + 1) - special.gammaln(x + 1) - special.gammaln(size.clusters - x + 1)
        one = np.exp(chosen + special.xlogy(x, chance) + special.xlog1py(size.clusters - x, -chance))
        density = np.convolve(density, one)[: most + 1]
    return min(float(density[together:].sum()), 1.0)


def clusters(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Compare the clusters that lie in one arm with how many would if units were assigned each by itself."""
    if spec.clusters is None or evidence.clusters is None:
        return ATTACK.cannot("no column names the clusters of its units")
    column = spec.clusters.column
    total = math.fsum(a.weight for a in spec.arms)
    p = kept_together_p(evidence.clusters, [a.weight / total for a in spec.arms])
    several = [s for s in evidence.clusters if s.units > 1]
    if p is None:
        return ATTACK.finds(
            "none",
            f"No cluster by {column} holds more than one unit, so none could be kept together.",
            value=0,
            unit="count",
            units=evidence.total_units,
        )
    found = sum(s.clusters - s.mixed for s in several)
    among = sum(s.clusters for s in several)
    expected = math.fsum(s.clusters * math.fsum((a.weight / total) ** s.units for a in spec.arms) for s in several)
    shown = (
        f"{formats.count(found)} of {plural(among, 'cluster')} of several units by {column} "
        f"{'lies' if found == 1 else 'lie'} in one arm, where {expected:,.1f} were to be expected "
        f"({formats.p_value(p)})"
    )
    severity = ATTACK.level.severity(p)
    if severity == "none":
        sentence = f"Units seem to have been assigned each by itself: {shown}."
    else:
        sentence = (
            f"{shown}: whole clusters were assigned, although the plan says units were. Units of a cluster are no "
            "independent evidence; say `assigned: clusters` and read one row a cluster."
        )
    return ATTACK.finds(
        severity, sentence, value=p, unit="p", units=sum(s.units * s.clusters for s in evidence.clusters)
    )
