"""The guardrails: what must not get worse, whether it was shown to be safe, and any alarm."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.stats import formats
from copilot_tools.stats.reading import Guardrail
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.verdict_table import Row
from expcopilot.outputs.report.content import Block, Cell, Column, Paragraph, Section, Table
from expcopilot.outputs.report.guardrail_plot import guardrail_picture
from expcopilot.outputs.report.yardstick import figures
from expcopilot.records.look import Look

__all__ = ["guardrails", "state"]


def state(guardrail: Guardrail) -> str:
    """A guardrail in a few words."""
    if guardrail.alarm:
        return "alarm: past its margin"
    if isinstance(guardrail.effect, Refusal):
        return "not assessable"
    return "shown safe" if guardrail.safe else "not shown safe"


def guardrails(look: Look, *, numbers: bool) -> Section | None:
    """The section; None where the plan has no guardrail.

    Args:
        look: The look reported.
        numbers: Whether effects may be shown; else alarms alone.
    """
    spec = look.spec
    found = look.reading.guardrails
    if not spec.guardrails:
        return None
    if not found:
        text = (
            "No guardrail alarm: none is certainly past its margin. An alarm may be seen at any time; the numbers "
            "behind it stay closed."
            if look.verdict.row is Row.NOT_YET
            else "The plan's guardrails were not read at this look."
        )
        return Section(id="guardrails", title="Guardrails", blocks=(Paragraph(text=text),))
    if not numbers:
        return Section(id="guardrails", title="Guardrails", blocks=_alarms(spec, found))
    blocks: list[Block] = []
    for number, metric in enumerate(spec.guardrails, start=1):
        rows = tuple((spec.arm(g.arm).text, state(g), g) for g in found if g.metric == metric.name)
        if (picture := guardrail_picture(f"guardrail-{number}", metric, rows)) is not None:
            blocks.append(picture)
    blocks.append(_table(spec, found))
    return Section(id="guardrails", title="Guardrails", blocks=tuple(blocks))


def _alarms(spec: AnalysisSpec, found: tuple[Guardrail, ...]) -> tuple[Block, ...]:
    rows = tuple(
        (
            Cell(text=g.metric),
            Cell(text=spec.arm(g.arm).text),
            Cell(text=_margin(spec, g)),
            Cell(text="alarm: past its margin" if g.alarm else "no alarm"),
        )
        for g in found
    )
    columns = tuple(Column(title=t) for t in ("Guardrail", "Arm", "Tolerated worsening", "Alarm"))
    return (
        Table(caption="Guardrail alarms", columns=columns, rows=rows),
        Paragraph(
            text="Alarms may be seen at any time: they use an interval that is valid at every look. The numbers behind "
            "them stay closed.",
            weight="quiet",
        ),
    )


def _table(spec: AnalysisSpec, found: tuple[Guardrail, ...]) -> Table:
    rows = []
    for g in found:
        metric = spec.metric(g.metric)
        effect, interval = figures(metric, g.effect)
        always = g.always_valid
        rows.append(
            (
                Cell(text=g.metric, note="more is better" if metric.sign > 0 else "less is better"),
                Cell(text=spec.arm(g.arm).text),
                Cell(text=state(g)),
                Cell(text=_margin(spec, g)),
                Cell(text=effect, note=interval),
                Cell(text="not assessable", note=str(always))
                if isinstance(always, Refusal)
                else Cell(text=formats.interval(metric, always, g.scale)),
            )
        )
    columns = (
        Column(title="Guardrail"),
        Column(title="Arm"),
        Column(title="State"),
        Column(title="Tolerated worsening", numeric=True),
        Column(title="Effect (+ is better)", numeric=True),
        Column(title="Valid at every look (+ is better)", numeric=True),
    )
    return Table(caption="Guardrails against their margins", columns=columns, rows=tuple(rows))


def _margin(spec: AnalysisSpec, g: Guardrail) -> str:
    scale = "relative" if g.scale == "relative" else "absolute"
    return formats.effect_size(spec.metric(g.metric), g.margin, scale).removeprefix("+")
