"""False-positive risk: the chance that there is no effect although the test says there is one.

Two conventions, both named, because they answer different questions:

* ``risk_at_z``: at the z actually observed ("p-equals"). The likelihood ratio of the registered alternative (the
  effect the test was powered for) against no effect, at this z, weighs the prior.
* ``risk_of_rule``: of all tests declared winners by a rule with this alpha and power. Published tables of win rates
  use it, taking the win rate as the prior.

References:
    Colquhoun (2017), The reproducibility of research and the misinterpretation of p-values, R. Soc. Open Sci. 4.
    Kohavi, Deng & Vermeer (2022), A/B testing intuition busters, KDD '22, section 3.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from copilot_tools import checks

__all__ = ["risk_at_z", "risk_of_rule"]


def risk_at_z(z: float, win_rate: float, alpha: float = 0.05, sides: int = 2, power: float = 0.8) -> float:
    """Probability of no effect given the observed z.

    Use it for one result that was seen; for all winners of a rule together ``risk_of_rule``.

    Args:
        z: Observed z in the desired direction.
        win_rate: Prior share of ideas that truly work, in (0, 1).
        alpha: Type I error rate of the test.
        sides: 1 or 2.
        power: Power the test was sized for; fixes the alternative at delta = z_(1 - alpha/sides) + z_power.

    Returns:
        A probability.

    Raises:
        Refused: A parameter is out of range.
    """
    checks.finite("z", z)
    checks.between("win_rate", win_rate, 0, 1)
    normal = NormalDist()
    delta = normal.inv_cdf(1 - checks.between("alpha", alpha, 0, 1) / sides) + normal.inv_cdf(
        checks.between("power", power, 0, 1)
    )
    log_ratio = min(z * delta - delta * delta / 2, 700.0)
    return (1 - win_rate) / ((1 - win_rate) + win_rate * math.exp(log_ratio))


def risk_of_rule(win_rate: float, alpha_one_sided: float = 0.025, power: float = 0.8) -> float:
    """Share of false positives among declared winners, the win rate taken as the prior.

    Use it for a programme of tests; for one result that was seen ``risk_at_z``.

    Args:
        win_rate: Share of ideas that truly work, in (0, 1).
        alpha_one_sided: The winning tail's type I error rate, in (0, 1).
        power: Chance that a true effect is declared a winner, in (0, 1).

    Raises:
        Refused: A parameter is out of range.
    """
    checks.between("win_rate", win_rate, 0, 1)
    checks.between("alpha_one_sided", alpha_one_sided, 0, 1)
    checks.between("power", power, 0, 1)
    false = alpha_one_sided * (1 - win_rate)
    return false / (false + power * win_rate)
