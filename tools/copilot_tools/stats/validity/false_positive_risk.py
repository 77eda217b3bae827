"""False-positive risk: the chance that there is no effect although the plan's row claims one.

Convention "p-equals": at the z observed, the effect the plan was powered for is weighed against no effect, starting
from the share of ideas that truly work which the plan froze (``inference.false_positive_risk.risk_at_z``).

Alarm levels: above the plan's bound a note (the verdict itself then says "replicate first"); serious above twice the
bound, if it is a close call too: so near significance that a test of the planned effect lands there in 2.5% of cases.
With the default plan that is 1.96 < z < 2.39 and 1.96 < z < 2.04. Without the second condition, plans with a low prior,
one side or a large alpha would call one sound test in eight serious.

References:
    Colquhoun (2017), The reproducibility of research and the misinterpretation of p-values, R. Soc. Open Sci. 4.
"""

from __future__ import annotations

from copilot_tools.results import Objection, Severity
from copilot_tools.stats import formats
from copilot_tools.stats.inference.false_positive_risk import risk_at_z
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._primary import Primary, close_call, primary_effects

__all__ = ["ATTACK", "false_positive_risk"]

ATTACK = Attack("false-positive-risk", "False-positive risk")


def false_positive_risk(spec: AnalysisSpec, reading: Reading) -> Objection:
    """The risk per treatment arm, against the plan's bound."""
    if spec.goal != "superiority":
        return ATTACK.cannot("the plan is not after an improvement, and the risk is that of a claimed improvement")
    effects, missing = primary_effects(spec, reading)
    risks = [(_risk(spec, e.z), e) for e in effects if e.z is not None]
    if not risks:
        return ATTACK.cannot(missing or "the primary effect comes without a test statistic")
    risk, worst = max(risks, key=lambda pair: (pair[1].claims, pair[0]))
    bound = spec.max_false_positive_risk
    convention = (
        "Convention: at the observed distance from zero, no effect is weighed against the effect the test has "
        f"{formats.share(spec.power, 0)} power to find."
    )
    details = (*(_line(r, e) for r, e in risks), convention) if len(risks) > 1 else (convention,)
    units = min(e.comparison.control.n + e.comparison.treatment.n for _, e in risks)
    prior = f"if {formats.share(spec.win_rate, 0)} of such ideas truly work"
    if not worst.claims:
        # At a z on the other side the number would only restate that nothing is claimed.
        return ATTACK.finds("none", "No improvement is claimed, so none can be false.", value=risk, unit="risk")
    over = risk > bound
    sentence = (
        f"{worst.arm.text} is {worst.z:.2f} standard errors better than control; {prior}, the chance that "
        f"this is no effect at all is {_percent(risk)}, {'above' if over else 'within'} the "
        f"{formats.share(bound, 0)} set as the bound."
    )
    return ATTACK.finds(
        _severity(spec, worst, risk / bound), sentence, value=risk, unit="risk", details=details, units=units
    )


def _severity(spec: AnalysisSpec, claimed: Primary, factor: float) -> Severity:
    close = claimed.z is not None and close_call(spec, claimed.z)
    return ATTACK.level.severity(factor, "serious" if close else "note")


def _risk(spec: AnalysisSpec, z: float) -> float:
    return risk_at_z(z, spec.win_rate, spec.alpha, spec.sides, spec.power)


def _line(risk: float, effect: Primary) -> str:
    claimed = "an improvement is claimed" if effect.claims else "no improvement is claimed"
    return f"{effect.arm.text}: {_percent(risk)} ({claimed})."


def _percent(risk: float) -> str:
    if risk > 0.995:
        return "above 99%"
    return "below 0.1%" if risk < 0.001 else formats.share(risk, 0 if risk >= 0.01 else 1)
