"""The registered looks as content: where they lie, by which boundary each is judged, and the effect after the end."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refused
from copilot_tools.stats import formats
from copilot_tools.stats.sequential.registered import RegisteredLook, StageWise, design_of_looks, units_at
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot.outputs.report.content import Block, Cell, Column, Paragraph, Section, Table
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["STAGE_WISE", "boundary_lines", "registered_looks"]

STAGE_WISE = "stage-wise ordering (Tsiatis, Rosner and Mehta), median-unbiased"
"""The method of the estimate after a test with registered looks has ended."""


def boundary_lines(plan: Plan) -> tuple[str, ...]:
    """The registered looks of a plan in plain words, one line each, the committed end last; none without any."""
    spec, committed = plan.analysis, plan.design.committed_units
    if spec.looks is None:
        return ()
    try:
        design = design_of_looks(spec)
    except Refused as refused:
        return (str(refused.refusals[0]),)
    opening = f"Spending: {design.convention}."
    if len(spec.treatments) > 1:
        opening += f" The error rate is shared among {len(spec.treatments)} treatment arms (Bonferroni)."
    cost = (
        f"With these looks a test needs {formats.share(design.inflation - 1, 1)} more units for the same power than "
        "with one look at the end. If the effect is as planned, it ends at "
        f"{formats.share(design.expected_effect, 0)} of the units of a test with one look on average."
    )
    return (opening, *(_line(spec, committed, place) for place in range(len(design.looks))), cost)


def _line(spec: AnalysisSpec, committed: int | None, place: int) -> str:
    design = design_of_looks(spec)
    look = design.looks[place]
    units = "" if committed is None else f", {formats.count(units_at(look.information, committed))} units"
    where = f"Look {place + 1} at {look.information * 100:.4g}%{units}"
    if place + 1 == len(design.looks):
        where = f"Look {place + 1}, the committed end{units}"
    futile = ""
    if look.futility_z is not None and 0 < look.futility_z < look.efficacy_z:
        futile = f" Below {look.futility_z:.2f} it says that the planned effect has become unlikely."
    stops = "stops the test" if place + 1 < len(design.looks) else "decides"
    return (
        f"{where}: {stops} from {look.efficacy_z:.3f} standard errors on (p {look.nominal_p:.2g}); chance to have "
        f"found the planned effect by then {formats.share(look.power, 0)}.{futile}"
    )


def registered_looks(look: Look) -> Section | None:
    """The looks taken of those registered, and once the test has ended the effect with them reckoned in."""
    spec, taken = look.spec, look.circumstances.information
    if spec.looks is None or not look.circumstances.planned:
        return None
    of = len(spec.looks.shares) + 1
    blocks: list[Block] = [Paragraph(text=f"Registered looks taken: {len(taken)} of {of}.")]
    at = look.reading.registered
    if at is not None:
        blocks.append(Paragraph(text=f"{at.convention}.", weight="quiet"))
        blocks.append(_boundaries(at, look.circumstances.committed_units))
    if look.reading.stage_wise:
        blocks.extend(_after(spec, look.reading.stage_wise))
    return Section(id="registered-looks", title="Registered looks", blocks=tuple(blocks))


def _boundaries(at: RegisteredLook, committed: int | None) -> Table:
    rows = tuple(
        (
            Cell(text=str(number)),
            Cell(text=formats.share(share, 1)),
            Cell(text="not stated" if committed is None else formats.count(round(share * committed))),
            Cell(text=f"{boundary:.3f}"),
        )
        for number, (share, boundary) in enumerate(zip(at.information, at.boundaries, strict=True), start=1)
    )
    columns = (
        Column(title="Look taken"),
        Column(title="Of the committed units", numeric=True),
        Column(title="Units", numeric=True),
        Column(title="Boundary, standard errors", numeric=True),
    )
    return Table(caption="Registered looks taken, each with its boundary", columns=columns, rows=rows)


def _after(spec: AnalysisSpec, found: tuple[StageWise, ...]) -> Iterator[Block]:
    metric = spec.primary
    rows = []
    for s in found:
        plain = formats.effect_size(metric, s.plain, s.scale)
        if s.value is None or s.interval is None:
            why = s.refused.reason if s.refused is not None else ""
            rows.append(
                (Cell(text=spec.arm(s.arm).text), Cell(text=plain), Cell(text="none", note=why), Cell(text="–"))
            )
            continue
        rows.append(
            (
                Cell(text=spec.arm(s.arm).text),
                Cell(text=plain),
                Cell(
                    text=formats.effect_size(metric, s.value, s.scale),
                    note=formats.interval(metric, s.interval, s.scale),
                ),
                Cell(text="none" if s.p_value is None else f"{s.p_value:.2g}"),
            )
        )
    columns = (
        Column(title="Arm"),
        Column(title="Plain estimate", numeric=True),
        Column(title="Median-unbiased", numeric=True),
        Column(title="p over all looks", numeric=True),
    )
    yield Table(caption=f"Effect on {metric.name} with the looks reckoned in", columns=columns, rows=tuple(rows))
    yield Paragraph(
        text=f"A test that may stop at a high stops at one: its plain estimate is too large on average. Method: "
        f"{STAGE_WISE}. The verdict rests on the repeated interval, not on this.",
        weight="quiet",
    )
