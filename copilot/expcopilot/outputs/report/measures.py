"""Sections made of estimates: every metric, the planned segments, the unplanned cuts, the effect over time."""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate
from copilot_tools.stats import formats
from copilot_tools.stats.reading import TrajectoryPoint
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot.outputs.report.content import Block, Cell, Column, Items, Paragraph, Picture, Section, Table
from expcopilot.outputs.report.timeline import timeline
from expcopilot.outputs.report.words import in_words
from expcopilot.outputs.report.yardstick import Yardstick, axis_unit, effects_picture, figures, yardstick
from expcopilot.records.look import Look

__all__ = ["every_metric", "metrics_table", "next_hypotheses", "over_time", "segments", "unplanned_parts"]

_ROLES = {"primary": "decides", "secondary": "reported", "guardrail": "must not get worse"}
_MOST_DRAWN = 12


def every_metric(look: Look) -> Section:
    """Levels and effects of every metric in every arm."""
    spec = look.spec
    blocks: list[Block] = [metrics_table(look)]
    unplanned = [m.name for m in spec.metrics if m.role == "secondary"]
    if unplanned:
        blocks.append(
            Paragraph(
                text="Only the primary metric decides. The p-values of the others are not corrected for how many there "
                "are: read them as background, not as findings.",
                weight="quiet",
            )
        )
    notes = tuple(dict.fromkeys(n for c in look.reading.comparisons for n in _notes(spec, c)))
    if notes:
        blocks.append(Items(items=notes))
    return Section(id="metrics", title="Every metric", blocks=tuple(blocks))


def metrics_table(look: Look) -> Table:
    """The table of every metric: level in control and treatment, difference, relative effect, its test."""
    spec = look.spec
    several = len(spec.treatments) > 1
    rows = []
    for c in look.reading.comparisons:
        metric = spec.metric(c.metric)
        wanted = f"{_ROLES[metric.role]}; {'more' if metric.sign > 0 else 'less'} is better"
        rows.append(
            (
                Cell(text=metric.name, note=wanted),
                *((Cell(text=spec.arm(c.treatment.arm).text),) if several else ()),
                Cell(text=formats.level(metric, c.control.value), note=f"n\u00a0=\u00a0{formats.count(c.control.n)}"),
                Cell(
                    text=formats.level(metric, c.treatment.value), note=f"n\u00a0=\u00a0{formats.count(c.treatment.n)}"
                ),
                _effect(spec, c, "absolute"),
                _effect(spec, c, "relative"),
                _test(c),
            )
        )
    columns = (
        Column(title="Metric"),
        *((Column(title="Arm"),) if several else ()),
        Column(title=spec.arm(spec.control).text, numeric=True),
        Column(title="Treatment" if several else spec.treatments[0].text, numeric=True),
        Column(title="Difference", numeric=True),
        Column(title="Relative to control", numeric=True),
        Column(title="Test of the difference", numeric=True),
    )
    return Table(caption="Levels and effects, treatment against control", columns=columns, rows=tuple(rows))


def _effect(spec: AnalysisSpec, c: Comparison, scale: str) -> Cell:
    text, note = figures(spec.metric(c.metric), c.absolute if scale == "absolute" else c.relative)
    return Cell(text=text, note=note)


def _test(c: Comparison) -> Cell:
    if isinstance(c.absolute, Refusal) or c.absolute.p_value is None:
        return Cell(text="not defined")
    found = (formats.statistic(c.absolute), c.absolute.method)
    return Cell(text=formats.p_value(c.absolute.p_value), note="; ".join(said for said in found if said))


def _notes(spec: AnalysisSpec, c: Comparison) -> list[str]:
    metric = spec.metric(c.metric)
    notes = []
    if c.simultaneous != "none":
        name = {"dunnett": "Dunnett", "bonferroni": "Bonferroni"}[c.simultaneous]
        notes.append(f"{metric.name}: intervals hold jointly over all treatment arms ({name}); p-values are per arm.")
    if c.variance_reduction is not None and metric.covariate:
        notes.append(
            f"{metric.name}, {spec.arm(c.treatment.arm).text}: adjusting for {metric.covariate}, measured before "
            f"assignment (CUPED), removed {formats.share(c.variance_reduction, 2)} of the variance."
        )
    return notes


def _cut_table(look: Look, cuts: tuple[Comparison, ...], measure: Yardstick, caption: str) -> Table:
    spec, metric = look.spec, measure.metric
    several = len(spec.treatments) > 1
    rows = []
    for c in cuts:
        effect, interval = figures(metric, c.effect(measure.scale))
        rows.append(
            (
                Cell(text=str(c.slice)),
                *((Cell(text=spec.arm(c.treatment.arm).text),) if several else ()),
                Cell(text=formats.level(metric, c.control.value), note=f"n\u00a0=\u00a0{formats.count(c.control.n)}"),
                Cell(
                    text=formats.level(metric, c.treatment.value), note=f"n\u00a0=\u00a0{formats.count(c.treatment.n)}"
                ),
                Cell(text=effect, note=interval),
            )
        )
    columns = (
        Column(title="Part"),
        *((Column(title="Arm"),) if several else ()),
        Column(title=spec.arm(spec.control).text, numeric=True),
        Column(title="Treatment" if several else spec.treatments[0].text, numeric=True),
        Column(title=f"Effect on {metric.name}", numeric=True),
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def segments(look: Look) -> Section | None:
    """Planned segments: what was predicted, and what came; None where the plan names none."""
    spec = look.spec
    if not spec.segments:
        return None
    measure = yardstick(spec)
    planned = {s.column for s in spec.segments}
    cuts = tuple(c for c in look.reading.cuts if c.slice.dimension in planned)
    predicted = tuple(f"Predicted for {s.column}: {s.predicted}" for s in spec.segments if s.predicted)
    blocks: list[Block] = []
    if predicted:
        blocks.append(Items(items=predicted))
    missing = tuple(s.column for s in spec.segments if s.column not in {c.slice.dimension for c in cuts})
    if cuts:
        picture = _cut_picture("segments", look, cuts, measure, "Effect in each planned segment")
        blocks.extend([picture] if picture else [])
        blocks.append(_cut_table(look, cuts, measure, "Planned segments"))
        blocks.append(
            Paragraph(
                text="A segment's interval stands by itself: with many segments, some will look different by chance "
                "alone. The verdict rests on everyone.",
                weight="quiet",
            )
        )
    if missing:
        blocks.append(Paragraph(text=f"Not assessable: there is no reading by {', '.join(missing)}."))
    return Section(id="segments", title="Planned segments", blocks=tuple(blocks))


def _cut_picture(name: str, look: Look, cuts: tuple[Comparison, ...], measure: Yardstick, title: str) -> Picture | None:
    if len(cuts) > _MOST_DRAWN:
        return None
    several = len(look.spec.treatments) > 1
    labels = (f"{c.slice}{f', {look.spec.arm(c.treatment.arm).text}' if several else ''}" for c in cuts)
    return effects_picture(name, measure, tuple(zip(labels, cuts, strict=True)), title=title, caption="")


def next_hypotheses(look: Look) -> Section | None:
    """Unplanned cuts: never a conclusion; None where there are none."""
    spec = look.spec
    planned = {s.column for s in spec.segments}
    cuts = tuple(c for c in look.reading.cuts if c.slice.dimension not in planned)
    if not cuts:
        return None
    measure = yardstick(spec)
    dimensions = tuple(dict.fromkeys(c.slice.dimension for c in cuts))
    cuts_named = "this cut" if len(dimensions) == 1 else f"these {in_words(len(dimensions))} cuts"
    warning = next((o for o in look.objections if o.id == "post-assignment"), None)
    blocks: list[Block] = [
        Paragraph(
            text=f"Nobody planned {cuts_named}. What looks like a finding here may be chance; it can only be the "
            "hypothesis of the next test.",
            weight="strong",
        )
    ]
    for dimension in dimensions:
        part = tuple(c for c in cuts if c.slice.dimension == dimension)
        after = dimension in spec.after_assignment
        if after:
            severity = warning.severity if warning is not None and warning.severity != "none" else "serious"
            blocks.append(
                Paragraph(
                    text=f"Conditioned on something measured after assignment ({severity}): {dimension} could itself "
                    "have been changed by the arm, so its levels no longer compare like with like.",
                    weight="strong",
                )
            )
        caption = f"By {dimension}{' (measured after assignment)' if after else ''}: exploratory"
        blocks.append(_cut_table(look, part, measure, caption))
    return Section(id="next", title="Next hypotheses, not conclusions", mark="exploratory", blocks=tuple(blocks))


def unplanned_parts(look: Look) -> tuple[str, ...]:
    """The parts of unplanned cuts by name, each once: what the next test might be about."""
    planned = {s.column for s in look.spec.segments}
    return tuple(dict.fromkeys(str(c.slice) for c in look.reading.cuts if c.slice.dimension not in planned))


def over_time(look: Look) -> Section | None:
    """The primary effect on all units up to each day; None where the data has no days."""
    spec = look.spec
    metric = spec.primary
    arms: list[tuple[str, tuple[TrajectoryPoint, ...]]] = []
    for arm in spec.treatments:
        points = tuple(p for p in look.reading.trajectory if p.arm == arm.name)
        if len(points) > 1:
            arms.append((arm.text, points))
    if not arms:
        return None
    measure = yardstick(spec)
    scale = arms[0][1][-1].effect.scale
    unit, factor = axis_unit(metric, scale)
    described = []
    for label, points in arms:
        last: Estimate = points[-1].effect
        described.append(
            f"{label}: from {points[0].day} to {points[-1].day}, ending at {formats.effect(metric, last)} "
            f"({formats.interval(metric, last.interval, scale)})"
        )
    title = f"Effect on {metric.name} over time"
    svg = timeline(
        "time",
        tuple(arms),
        measure.mark.at if scale == measure.scale and measure.mark.kind == "matters" else None,
        better=metric.sign,
        factor=factor,
        title=title,
        description="; ".join(described) + ".",
    )
    picture = Picture(
        svg=svg,
        title=title,
        description="; ".join(described) + ".",
        caption=f"All units up to each day, in {unit}; shaded: that day's interval. Read the shape, not the crossings: "
        "each day's interval holds for that day alone, and the verdict rests on the last.",
    )
    return Section(id="time", title="The effect over time", blocks=(picture,))
