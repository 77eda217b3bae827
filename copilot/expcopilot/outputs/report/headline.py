"""The first screen: the question, the verdict, why, and the number against what matters."""

from __future__ import annotations

import math

from copilot_tools.stats import formats
from copilot_tools.stats.decision import ArmVerdict
from copilot_tools.stats.practical import Practical
from copilot_tools.stats.spec import AnalysisSpec, Metric
from copilot_tools.stats.verdict_table import CLAIMS, Row
from expcopilot.outputs.report.content import ArmHeadline, Headline
from expcopilot.outputs.report.prose import narrated
from expcopilot.outputs.report.standing import Showing, arm_tone, showing, stamps, tone
from expcopilot.outputs.report.words import capital, in_words
from expcopilot.outputs.report.yardstick import Yardstick, effects_picture, figures, yardstick
from expcopilot.records.look import Look
from expcopilot.records.readout import Readout

__all__ = ["headline", "practical_sentences"]

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def headline(readout: Readout) -> Headline:
    """The first screen of a readout."""
    look = readout.look
    verdict = look.verdict
    if showing(look) is not Showing.OPEN:
        return Headline(
            question=readout.question,
            tone=tone(verdict),
            phrase=capital(verdict.phrase),
            sentences=(verdict.sentence, *_units_so_far(look)),
            stamps=stamps(look),
            prose=narrated(readout),
        )
    measure = yardstick(look.spec)
    arms = tuple(_arm(look, arm, measure) for arm in verdict.arms)
    differ = len({a.phrase for a in arms}) > 1
    phrase = capital(f"{in_words(len(arms))} arms, {in_words(len({a.phrase for a in arms}))} verdicts")
    picture = effects_picture(
        "effect",
        measure,
        tuple(
            (look.spec.arm(a.arm).text, c)
            for a in verdict.arms
            if (c := look.reading.comparison(measure.metric.name, a.arm)) is not None
        ),
        title=f"Effect on {measure.metric.name}, against what {'is tolerated' if _margin(measure) else 'matters'}",
        caption=_caption(look.spec),
    )
    return Headline(
        question=readout.question,
        tone=tone(verdict),
        phrase=phrase if differ else capital(verdict.phrase),
        sentences=tuple(a.sentence for a in verdict.arms),
        stamps=stamps(look),
        metric=measure.metric.name,
        yardstick=measure.sentence,
        arms=arms,
        prose=narrated(readout),
        picture=picture,
    )


def _units_so_far(look: Look) -> tuple[str, ...]:
    """Units by arm, while nothing else of the reading may be shown."""
    if look.verdict.row not in {Row.NOT_YET, Row.CONTINUE}:
        return ()
    units = ", ".join(f"{arm.text} {formats.count(look.evidence.units_of(arm.name))}" for arm in look.spec.arms)
    return (f"Units by arm so far: {units}.",)


def _arm(look: Look, arm: ArmVerdict, measure: Yardstick) -> ArmHeadline:
    spec, metric = look.spec, measure.metric
    comparison = look.reading.comparison(metric.name, arm.arm)
    effect, interval = figures(metric, comparison.effect(measure.scale)) if comparison else ("not assessable", "")
    return ArmHeadline(
        name=spec.arm(arm.arm).text,
        tone=arm_tone(arm, look.verdict.stamps),
        phrase=capital(arm.phrase),
        sentence=arm.sentence,
        effect=effect,
        interval=interval,
        practical=practical_sentences(spec, look.practical, arm.arm),
        caveats=tuple(
            f"{'But' if arm.row in {*CLAIMS, Row.EXPLORATORY} else 'Also'}: {c.sentence}" for c in arm.caveats
        ),
    )


def practical_sentences(spec: AnalysisSpec, numbers: tuple[Practical, ...], arm: str) -> tuple[str, ...]:
    """What the effect would mean a month, in plain words; empty where the plan states no traffic."""
    found = next((p for p in numbers if p.arm == arm), None)
    if found is None:
        return ()
    metric = spec.primary
    unit = " units" if metric.kind == "proportion" else f" {metric.unit}" if metric.unit else ""
    reached = metric.denominator if metric.denominator is not None else "units"
    sentence = (
        f"{metric.name}: {_whole(found.per_month)}{unit} a month ({_whole(found.low)} to {_whole(found.high)}), "
        f"if all {formats.count(found.traffic_per_month)} {reached} a month got {spec.arm(arm).text}."
    )
    if found.money_per_month is not None:
        value, low, high = (_money(spec, metric, v) for v in found.money_per_month)
        return sentence, f"In money: {value} a month ({low} to {high})."
    return (sentence,)


def _whole(value: float) -> str:
    if math.isinf(value):
        return "no upper limit" if value > 0 else "no lower limit"
    return formats.signed(value, 0 if abs(value) >= 10 or value == 0 else 1)


def _money(spec: AnalysisSpec, metric: Metric, value: float) -> str:
    currency = spec.dialect.currency or (metric.unit if metric.unit in _SIGNS.values() else "")
    shown = _whole(value)
    if math.isinf(value) or not currency:
        return shown
    sign = _SIGNS.get(currency, currency)
    if sign not in _SIGNS.values():
        return f"{shown} {sign}"
    return f"{shown[0]}{sign}{shown[1:]}" if shown[:1] in {formats.MINUS, "+"} else f"{sign}{shown}"


def _caption(spec: AnalysisSpec) -> str:
    treatments = len(spec.treatments)
    joint = f" The intervals hold for {_together(treatments)} together." if treatments > 1 else ""
    return f"Dot: the estimate. Bar: its interval.{joint}"


def _together(treatments: int) -> str:
    return "both treatment arms" if treatments == 2 else f"all {in_words(treatments)} treatment arms"


def _margin(measure: Yardstick) -> bool:
    return measure.mark.kind == "tolerated"
