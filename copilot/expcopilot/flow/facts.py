"""A look as named facts: the only things about a result that a model is told, and all that it may point to.

Whatever judges is a fact made here: numbers, directions, comparisons, the verdict, objections. What rests on fewer
units than the plan's k is left out before a model sees it (``for_model``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate
from copilot_tools.stats import formats
from copilot_tools.stats.sequential.registered import StageWise
from copilot_tools.stats.spec import AnalysisSpec, Metric
from copilot_tools.stats.verdict_table import Row
from copilot_tools.wording.plain import visible
from expcopilot.outputs.report.glossary import TERMS
from expcopilot.records.fact import Fact, FactKind
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["facts_of", "facts_of_plan", "for_model"]

_COMPARED = {
    Row.REFUTED_HARMFUL: "worse than control",
    Row.SUPPORTED: "at least what matters",
    Row.SUPPORTED_SIZE_UNRESOLVED: "better than control, by an amount that may or may not matter",
    Row.TOO_SMALL: "better than control, by less than what matters",
    Row.INCONCLUSIVE: "not told apart from nothing, nor from what matters",
    Row.REFUTED_NO_EFFECT: "less than what matters, in either direction",
    Row.GAIN_RULED_OUT: "less than the gain that matters, while a loss remains possible",
    Row.NOT_WORSE: "not worse by the registered margin",
    Row.NOT_SHOWN_NOT_WORSE: "possibly worse by the registered margin",
    Row.EXPLORATORY: "pointing the hoped-for way, without a conclusion",
}


def facts_of(look: Look, plan: Plan | None = None, *, entry: int = 0) -> dict[str, Fact]:
    """All facts of one look, by id.

    Args:
        look: The look.
        plan: The plan in force, for its own words.
        entry: Ledger position of the look.
    """
    book = _Book(look.spec, entry)
    book.names()
    if plan is not None:
        book.words_of(plan)
    book.plan_numbers(plan)
    book.counts(look)
    # A registered look that lets the test go on settles nothing: its sentence is a fact, its numbers are not.
    goes_on = look.kind == "interim"
    for comparison in () if goes_on else look.reading.comparisons:
        book.comparison(book.metric_id(comparison.metric), comparison, look)
    for comparison in look.reading.cuts:
        book.cut(comparison)
    for guardrail in look.reading.guardrails:
        if goes_on and not guardrail.alarm:
            continue
        state = "past its margin" if guardrail.alarm else "shown safe" if guardrail.safe else "not shown safe"
        id_ = f"{book.metric_id(guardrail.metric)}.{book.slug(guardrail.arm)}.state"
        book.add(id_, "comparison", state, about=About(guardrail.metric, guardrail.arm, tool="guardrails"))
    for found in look.reading.stage_wise:
        book.stage_wise(found)
    for month in look.practical:
        text = formats.signed(month.per_month, 0)
        id_ = f"primary.{book.slug(month.arm)}.per_month"
        metric = look.spec.primary.name
        book.add(id_, "effect", text, month.per_month, "a month", About(metric, month.arm, tool="practical"))
    book.verdict(look)
    for objection in look.objections:
        if objection.severity in {"note", "serious", "blocking"}:
            id_ = f"objection.{objection.id.replace('-', '_')}"
            about = About(units=objection.units, tool=objection.id)
            book.add(id_, "objection", objection.sentence, objection.value, objection.unit, about)
    return book.facts


def facts_of_plan(plan: Plan) -> dict[str, Fact]:
    """What may be said before any data: names, the plan's own words and numbers, and definitions."""
    book = _Book(plan.analysis, 0)
    book.names()
    book.words_of(plan)
    book.plan_numbers(plan)
    return book.facts


def for_model(facts: Iterable[Fact], min_units: int) -> dict[str, Fact]:
    """The facts a model may see: none about fewer than ``min_units`` units."""
    return {f.id: f for f in facts if f.units is None or f.units >= min_units}


def slug_of(text: str) -> str:
    """A name as part of a fact's id: "Mens E-Mail" -> "mens_e_mail"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


class About(NamedTuple):
    """What a fact is about; see ``Fact``."""

    metric: str | None = None
    arm: str | None = None
    part: str = ""
    planned: bool = True
    units: int | None = None
    tool: str = ""


class _Book:
    """Facts being gathered, with ids that stay apart even where names are alike."""

    def __init__(self, spec: AnalysisSpec, entry: int) -> None:
        self.spec = spec
        self.entry = entry
        self.facts: dict[str, Fact] = {}
        # "control" is taken: ``arm.control`` is the control arm, even where a treatment is called Control.
        self._slugs: dict[str, str] = {"": "control"}

    def slug(self, name: str) -> str:
        if name not in self._slugs:
            base = slug_of(name) or "x"
            taken, number, slug = set(self._slugs.values()), 1, base
            while slug in taken:
                number += 1
                slug = f"{base}_{number}"
            self._slugs[name] = slug
        return self._slugs[name]

    def metric_id(self, name: str) -> str:
        metric = self.spec.metric(name)
        return "primary" if metric.role == "primary" else f"{metric.role}.{self.slug(name)}"

    def add(
        self,
        id_: str,
        kind: FactKind,
        text: str,
        value: float | None = None,
        unit: str = "",
        about: About | None = None,
    ) -> None:
        self.facts[id_] = Fact(
            id=id_,
            kind=kind,
            text=visible(text),
            value=value,
            unit=unit,
            entry=self.entry,
            **(about or About())._asdict(),
        )

    def names(self) -> None:
        for arm in self.spec.arms:
            id_ = "arm.control" if arm.name == self.spec.control else f"arm.{self.slug(arm.name)}"
            self.add(id_, "name", arm.text, about=About(arm=arm.name))
        for metric in self.spec.metrics:
            self.add(f"{self.metric_id(metric.name)}.metric", "name", metric.name, about=About(metric.name))
        for name, _pattern, sentence in TERMS:
            self.add(f"definition.{slug_of(name)}", "definition", sentence)

    def words_of(self, plan: Plan) -> None:
        self.add("experiment.name", "name", plan.experiment)
        self.add("question", "text", plan.question)
        for part in ("change", "audience", "because", "falsifier"):
            self.add(f"hypothesis.{part}", "text", getattr(plan.hypothesis, part))

    def plan_numbers(self, plan: Plan | None) -> None:
        effect, primary = self.spec.minimum_effect, self.spec.primary
        text = formats.effect_size(primary, effect.size * primary.sign, effect.scale)
        unit = "points" if effect.scale == "absolute" and primary.kind == "proportion" else effect.scale
        self.add("plan.minimum", "effect", text, effect.size, unit, About(primary.name))
        if plan and plan.design.committed_units:
            size = plan.design.committed_units
            self.add("plan.committed_units", "count", formats.count(size), size, "units")
        if plan and plan.design.committed_days:
            days = plan.design.committed_days
            self.add("plan.committed_days", "count", f"{days:g}", days, "days")

    def counts(self, look: Look) -> None:
        total = look.evidence.total_units
        self.add("units", "count", formats.count(total), total, "units", About(units=total))
        self.add("looks", "count", str(look.number), look.number, "looks")
        opened = len(look.circumstances.outcome_looks)
        self.add("looks.with_outcomes", "count", str(opened), opened, "looks")
        if self.spec.looks is not None and look.circumstances.planned:
            taken, of = len(look.circumstances.information), len(self.spec.looks.shares) + 1
            self.add("looks.registered", "count", f"{taken} of {of}", taken, "looks")
        shortfall = look.circumstances.shortfall(total)
        if shortfall:
            self.add("plan.shortfall", "objection", shortfall[:1].upper() + shortfall[1:] + ".")

    def stage_wise(self, found: StageWise) -> None:
        """The primary effect with the registered looks reckoned in, beside the plain estimate."""
        if found.value is None or found.interval is None:
            return
        metric = self.spec.primary
        unit = "relative" if found.scale == "relative" else "points" if metric.kind == "proportion" else metric.unit
        about = About(metric.name, found.arm, tool="stage-wise ordering")
        base = f"primary.{self.slug(found.arm)}.median_unbiased"
        text = formats.effect_size(metric, found.value, found.scale)
        self.add(base, "effect", text, found.value, unit, about)
        ends = formats.interval(metric, found.interval, found.scale)
        self.add(f"{base}_interval", "interval", ends, None, unit, about)

    def comparison(self, base: str, comparison: Comparison, look: Look) -> None:
        metric = self.spec.metric(comparison.metric)
        arm = comparison.treatment.arm
        for place, side in (("control", comparison.control), (self.slug(arm), comparison.treatment)):
            if side.value is not None:
                unit = "share" if metric.kind == "proportion" else metric.unit
                about = About(metric.name, side.arm, units=side.n, tool="read")
                self.add(f"{base}.{place}.level", "level", formats.level(metric, side.value), side.value, unit, about)
        about = About(metric.name, arm, units=min(comparison.control.n, comparison.treatment.n), tool="read")
        base = f"{base}.{self.slug(arm)}"
        self._effect(base, "effect", "interval", metric, comparison.absolute, about)
        self._effect(base, "lift", "lift_interval", metric, comparison.relative, about)
        deciding = metric.role == "primary"
        main = comparison.effect(self.spec.deciding_scale if deciding else "absolute")
        if not isinstance(main, Refusal):
            self.add(f"{base}.direction", "direction", _direction(main), about=about)
        verdict = next((v for v in look.verdict.arms if v.arm == arm), None)
        if deciding and verdict is not None and verdict.row in _COMPARED:
            self.add(f"{base}.comparison", "comparison", _COMPARED[verdict.row], about=about)

    def _effect(
        self, base: str, name: str, ends: str, metric: Metric, estimate: Estimate | Refusal, about: About
    ) -> None:
        if isinstance(estimate, Refusal):
            return
        points = "points" if metric.kind == "proportion" else metric.unit
        unit = "relative" if estimate.scale == "relative" else points
        self.add(f"{base}.{name}", "effect", formats.effect(metric, estimate), estimate.value, unit, about)
        text = formats.interval(metric, estimate.interval, estimate.scale)
        self.add(f"{base}.{ends}", "interval", text, None, unit, about)

    def cut(self, comparison: Comparison) -> None:
        part = str(comparison.slice)
        name, arm = self.slug(part), comparison.treatment.arm
        about = About(
            metric=comparison.metric,
            arm=arm,
            part=part,
            planned=comparison.slice.dimension in {s.column for s in self.spec.segments},
            units=min(comparison.control.n, comparison.treatment.n),
            tool="read",
        )
        self.add(f"segment.{name}", "name", part, about=about._replace(metric=None, arm=None))
        base = f"cut.{name}.{self.slug(arm)}"
        metric = self.spec.metric(comparison.metric)
        self._effect(base, "effect", "interval", metric, comparison.absolute, about)
        if not isinstance(comparison.absolute, Refusal):
            self.add(f"{base}.direction", "direction", _direction(comparison.absolute), about=about)

    def verdict(self, look: Look) -> None:
        self.add("verdict.phrase", "verdict", look.verdict.phrase, about=About(tool="decide"))
        for arm in look.verdict.arms:
            about = About(self.spec.primary.name, arm.arm, tool="decide")
            self.add(f"verdict.{self.slug(arm.arm)}", "verdict", arm.phrase, about=about)
            for caveat in arm.caveats:
                self.add(f"caveat.{self.slug(arm.arm)}.{caveat.id}", "objection", caveat.sentence, about=about)
        for stamp in look.verdict.stamps:
            self.add(f"stamp.{stamp.id}", "objection", stamp.sentence)


def _direction(estimate: Estimate) -> str:
    if estimate.interval.low > 0:
        return "higher"
    if estimate.interval.high < 0:
        return "lower"
    return "no clear difference"
