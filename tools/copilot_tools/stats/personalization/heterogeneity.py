"""Do several estimates of one effect agree? Cochran's Q, made exact enough for small parts; and do their signs?

References:
    Cochran (1954), The combination of estimates from different experiments, Biometrics 10. Welch (1951), On the
    comparison of several mean values: an alternative approach, Biometrika 38 (Q with estimated weights). Higgins &
    Thompson (2002), Quantifying heterogeneity in a meta-analysis, Statistics in Medicine 21 (I squared). DerSimonian &
    Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7 (tau squared). Gail & Simon (1985),
    Testing for qualitative interactions between treatment effects and patient subsets, Biometrics 41.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.personalization.effects import Effect
from copilot_tools.stats.personalization.findings import Heterogeneity

__all__ = ["heterogeneity", "qualitative_interaction"]


def heterogeneity(effects: Sequence[Effect]) -> Heterogeneity:
    """Cochran's Q of independent effects, with Welch's correction for variances that are estimated.

    Use it before pooling; with a common effect, ``p_value`` is uniform. One effect alone agrees with itself (p = 1).

    Raises:
        Refused: There is no effect.

    Example:
        >>> inf = math.inf
        >>> found = heterogeneity([Effect(1.0, 1.0, inf), Effect(4.0, 1.0, inf)])
        >>> found.q, round(found.p_value, 4), found.pooled
        (4.5, 0.0339, 2.5)
    """
    k = len(effects)
    if not k:
        raise Refused.because("parts.none", "There is no part to compare.", "Give at least one.", name="parts")
    # In units of the smallest variance, so that tiny and huge units of measurement weigh alike.
    unit = min(e.variance for e in effects)
    weights = [unit / e.variance for e in effects]
    total = math.fsum(weights)
    pooled = math.fsum(w * e.value for w, e in zip(weights, effects, strict=True)) / total
    scale = math.sqrt(unit)
    q = math.fsum(w * ((e.value - pooled) / scale) ** 2 for w, e in zip(weights, effects, strict=True))
    shares = [w / total for w in weights]
    inverse = math.fsum(s * s / e.df for s, e in zip(shares, effects, strict=True))
    if k == 1:
        p = 1.0
    else:
        loss = math.fsum((1 - s) ** 2 / e.df for s, e in zip(shares, effects, strict=True))
        if loss == 0:
            p = float(special.chdtrc(k - 1, q))
        else:
            f = q / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * loss)
            p = float(special.fdtrc(k - 1, (k * k - 1) / (3 * loss), f))
    spread = total - math.fsum(w * w for w in weights) / total
    tau_squared = max(0.0, (q - (k - 1)) / spread) if k > 1 else 0.0
    return Heterogeneity(
        parts=k,
        q=q,
        p_value=p,
        i_squared=max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        tau=math.sqrt(tau_squared) * scale,
        pooled=pooled,
        variance=unit / total,
        df=1 / inverse if inverse > 0 else None,
    )


def qualitative_interaction(z: Sequence[float]) -> float:
    """P-value of Gail & Simon's test: are some true effects above 0 and others below?

    Two-sided in the sense of their paper: null is that all true effects are at or above 0, or all at or below.

    Args:
        z: Each part's effect in standard errors; independent.

    Returns:
        1 where all lie on one side.

    Raises:
        Refused: There is no effect.

    Example:
        Their table: with four parts, 5.43 is the critical value at 5%.

        >>> round(qualitative_interaction([5.43**0.5, 0.0, 0.0, -9.0]), 3)
        0.05
    """
    k = len(z)
    if not k:
        raise Refused.because("parts.none", "There is no part to compare.", "Give at least one.", name="parts")
    smaller = min(math.fsum(x * x for x in z if x > 0), math.fsum(x * x for x in z if x < 0))
    if not smaller > 0:
        return 1.0
    tails = (float(special.bdtr(h, k - 1, 0.5) - special.bdtr(h - 1, k - 1, 0.5)) for h in range(1, k))
    return min(1.0, math.fsum(t * float(special.chdtrc(h, smaller)) for h, t in enumerate(tails, start=1)))
