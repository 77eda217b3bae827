"""Activation analysis: read only the units that could be affected, and check that treatment did not choose them.

Units that never met what is tested dilute its effect. Reading only activated ones is fair as long as the trigger does
not depend on the arm: then activation is as frequent in every arm, activated units come in the configured shares, and
units that were not activated show no effect. Each is checked; where one fails there is no effect to report.

References:
    Deng & Hu (2015), Diluted treatment effect estimation for trigger analysis in online controlled experiments, WSDM
    '15. Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 20 (triggering).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.goodness import counts_against_weights, two_proportions
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.effects import Effect, effect_of
from copilot_tools.stats.personalization.findings import ActivatedEffect, Activation, ActivationCheck
from copilot_tools.stats.personalization.given import ActivationArm
from copilot_tools.stats.personalization.parts import Outcome

__all__ = ["activation"]

SERIOUS, BLOCKING = 0.01, 0.001


def activation(arms: Sequence[ActivationArm], *, alpha: float = 0.05) -> Activation:
    """Check the trigger, and read the effect among activated units and diluted to everyone.

    Use it where only some units could be affected and the trigger is the same in both arms. Not where the treatment
    changes who is triggered.

    Args:
        arms: Control first, then treatments, each name once.
        alpha: Each interval covers 1 - alpha by itself.

    Raises:
        Refused: Fewer than two arms, a name twice, or kinds of outcome mixed.
    """
    checks.between("alpha", alpha, 0, 1)
    _refuse_bad(arms)
    control, *treatments = arms
    weights = [a.weight for a in arms]
    raw: list[tuple[str, str, float]] = [
        ("assigned units", "", counts_against_weights([a.assigned for a in arms], weights)),
        ("activated units", "", counts_against_weights([a.activated.n for a in arms], weights)),
    ]
    for t in treatments:
        rate = two_proportions(t.activated.n, t.assigned, control.activated.n, control.assigned)
        raw.append(("activation rate", t.name, rate))
        placebo = _tried(control.others, t.others, f"units not activated, {t.name}")
        if isinstance(placebo, Effect):
            raw.append(("units not activated", t.name, placebo.p_value()))
    corrected = holm([p for _, _, p in raw]).tolist()
    looked = tuple(
        ActivationCheck(name=name, arm=arm, p_value=p, severity=_severity(p))
        for (name, arm, _), p in zip(raw, corrected, strict=True)
    )
    worst = min(looked, key=lambda c: c.p_value)
    effects = tuple(_effect(control, t, worst, alpha) for t in treatments)
    return Activation(checks=looked, severity=worst.severity, effects=effects, sentence=_sentence(worst, effects))


def _refuse_bad(arms: Sequence[ActivationArm]) -> None:
    names = [a.name for a in arms]
    if len(arms) < 2 or len(set(names)) < len(names):
        raise Refused.because(
            "activation.arms",
            f"The arms are {', '.join(names) or 'none'}; at least two are needed, each once.",
            "Give control first, then each treatment.",
            name="arms",
            value=len(arms),
        )
    if len({o.successes is None for a in arms for o in (a.activated, a.others) if o is not None}) > 1:
        raise Refused.because(
            "activation.kinds_mixed",
            "Some outcomes are successes and others a mean.",
            "Give the same metric in every arm.",
            name="arms",
        )


def _severity(p: float) -> Literal["none", "serious", "blocking"]:
    return "blocking" if p < BLOCKING else "serious" if p < SERIOUS else "none"


def _tried(control: Outcome | None, treatment: Outcome | None, name: str) -> Effect | Refusal | None:
    if control is None or treatment is None:
        return None
    try:
        return effect_of(control, treatment, "absolute", name)
    except Refused as refused:
        return refused.refusals[0]


def _effect(control: ActivationArm, t: ActivationArm, worst: ActivationCheck, alpha: float) -> ActivatedEffect:
    if worst.severity == "blocking":
        refusal = Refusal(
            code="activation.trigger_depends_on_arm",
            reason=f"The check of {worst.name} fails ({formats.p_value(worst.p_value)}): activated units differ by "
            "more than what is tested.",
            cure="Log the trigger in every arm by the same rule, or read everyone as assigned.",
            name="arms",
            value=worst.p_value,
        )
        return ActivatedEffect(arm=t.name, activated=refusal, everyone=refusal, sharpened=None)
    found = _tried(control.activated, t.activated, f"activated units, {t.name}")
    if not isinstance(found, Effect):
        assert found is not None  # noqa: S101 - activated outcomes are always there
        return ActivatedEffect(arm=t.name, activated=found, everyone=found, sharpened=None)
    units = control.assigned + t.assigned
    rate = (control.activated.n + t.activated.n) / units
    # The rate is estimated too; it and the effect are independent once the trigger does not depend on the arm.
    variance = rate * rate * found.variance + found.value * found.value * rate * (1 - rate) / units
    everyone = Effect(rate * found.value, variance, found.df)
    others = _tried(control.others, t.others, "")
    sharpened = None
    if control.others is not None and t.others is not None and not isinstance(others, Refusal):
        whole = (_variance_of_all(control) + _variance_of_all(t)) ** 0.5
        sharpened = whole / everyone.standard_error
    return ActivatedEffect(
        arm=t.name,
        activated=_estimate(found, alpha, "activated units"),
        everyone=_estimate(everyone, alpha, "diluted to everyone"),
        sharpened=sharpened,
    )


def _variance_of_all(arm: ActivationArm) -> float:
    """Variance of the level over activated and other units together."""
    assert arm.others is not None  # noqa: S101 - asked for only where it is there
    a, b, share = arm.activated, arm.others, arm.activated.n / arm.assigned
    within = share * a.variance * a.n + (1 - share) * b.variance * b.n
    return (within + share * (1 - share) * (a.level - b.level) ** 2) / arm.assigned


def _estimate(effect: Effect, alpha: float, method: str) -> Estimate:
    df = None if math.isinf(effect.df) else effect.df
    reach = tails.critical_value(alpha, 2, df) * effect.standard_error
    return Estimate(
        value=effect.value,
        standard_error=effect.standard_error,
        interval=Interval(low=effect.value - reach, high=effect.value + reach, level=1 - alpha),
        p_value=effect.p_value(),
        statistic=effect.z,
        df=df,
        scale="absolute",
        method=f"{'z' if df is None else 'Welch'}, {method}",
    )


def _sentence(worst: ActivationCheck, effects: Sequence[ActivatedEffect]) -> str:
    about = f"{worst.name}{f' in {worst.arm}' if worst.arm else ''}"
    if worst.severity == "blocking":
        return f"No effect can be read: the check of {about} fails ({formats.p_value(worst.p_value)} corrected)."
    head = (
        f"The check of {about} is off ({formats.p_value(worst.p_value)} corrected)"
        if worst.severity == "serious"
        else f"Nothing says that the trigger depends on the arm (smallest corrected {formats.p_value(worst.p_value)})"
    )
    told = [
        f"{e.arm}: {e.activated.value:+.4g} among activated units, {e.everyone.value:+.4g} over everyone"
        for e in effects
        if isinstance(e.activated, Estimate) and isinstance(e.everyone, Estimate)
    ]
    return "; ".join([head, *told]) + "."
