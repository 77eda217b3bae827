"""The plan as content: what was believed, what was to decide, what would be done with bad data, and what changed."""

from __future__ import annotations

from copilot_tools.stats import formats
from copilot_tools.stats.spec import AnalysisSpec, Effect, Metric
from expcopilot.outputs.report.content import Block, Cell, Column, Facts, Folded, Items, Paragraph, Section, Table
from expcopilot.outputs.report.registered import boundary_lines
from expcopilot.outputs.report.words import when
from expcopilot.outputs.report.yardstick import yardstick
from expcopilot.records.plan import Plan
from expcopilot.records.readout import ChangeLine, Readout

__all__ = ["changes_table", "plan_blocks", "the_plan"]

_GOALS = {
    "superiority": "better than control, by at least what matters",
    "noninferiority": "not worse than control by the margin",
    "aa": "the arms are the same on purpose",
}


def the_plan(readout: Readout) -> Section:
    """Plan and amendments; for a quick look, what was analysed instead."""
    plan = readout.plan
    if plan is None:
        opening = Paragraph(text="There is no registered plan. What follows was chosen for this look.", weight="strong")
        blocks: tuple[Block, ...] = (opening, *_analysed(readout.look.spec, None))
    else:
        blocks = plan_blocks(plan)
    if readout.changes:
        blocks = (*blocks, changes_table(readout.changes))
    title = "What was analysed" if plan is None else "The plan, and every change to it"
    return Section(id="plan", title=title, blocks=blocks)


def plan_blocks(plan: Plan) -> tuple[Block, ...]:
    """A plan in plain words: what is believed, what decides, each metric, what is done with bad data."""
    return (Facts(pairs=_hypothesis(plan)), *_analysed(plan.analysis, plan))


def _analysed(spec: AnalysisSpec, plan: Plan | None) -> tuple[Block, ...]:
    lines = boundary_lines(plan) if plan is not None else ()
    looks = Folded(title="Registered looks and their boundaries, as planned", blocks=(Items(items=lines),))
    return (
        Facts(pairs=_rule(spec, plan)),
        *((looks,) if lines else ()),
        _metrics(spec),
        Folded(title="Data policy and declared columns", blocks=(Facts(pairs=_data(spec)),)),
    )


def _given(*pairs: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in pairs if value not in (None, ""))


def _hypothesis(plan: Plan) -> tuple[tuple[str, str], ...]:
    h = plan.hypothesis
    return _given(
        ("Change", h.change),
        ("For", h.audience),
        ("Because", h.because),
        ("Proved wrong by", h.falsifier),
        ("North Star", plan.north_star),
        ("Attested", plan.attested),
        ("Notes", plan.notes),
    )


def _rule(spec: AnalysisSpec, plan: Plan | None) -> tuple[tuple[str, str], ...]:
    design = plan.design if plan else None
    total = sum(a.weight for a in spec.arms)
    arms = ", ".join(
        f"{a.text}{' (control)' if a.name == spec.control else ''} {formats.share(a.weight / total, 0)}"
        for a in spec.arms
    )
    several = len(spec.treatments) > 1
    adjustment = {"dunnett": "Dunnett", "bonferroni": "Bonferroni"}[spec.adjustment]
    errors = (
        f"{formats.share(spec.alpha, 1)} over all treatment arms together, {spec.sides}-sided; "
        f"power {formats.share(spec.power, 0)}{f'; {adjustment} across arms' if several else ''}"
    )
    prior = (
        f"{formats.share(spec.win_rate, 0)} of ideas like this work; above a false-positive risk of "
        f"{formats.share(spec.max_false_positive_risk, 0)}: replicate first"
    )
    return _given(
        ("Goal", _GOALS[spec.goal]),
        ("Arms", arms),
        ("Unit", spec.unit or "summary counts"),
        ("Minimum effect", yardstick(spec).sentence),
        ("Error rates", errors),
        ("Prior", prior),
        (
            "Committed size",
            f"{formats.count(design.committed_units)} units" if design and design.committed_units else "",
        ),
        ("Committed runtime", f"{design.committed_days:g} days" if design and design.committed_days else ""),
        (
            "Registered looks",
            f"at {', '.join(f'{share * 100:.4g}%' for share in spec.looks.shares)} of the units, and at the end"
            if spec.looks
            else "",
        ),
        ("First exposure", design.first_exposure if design else None),
        (
            "Traffic",
            f"{formats.count(design.traffic_per_month)} units a month" if design and design.traffic_per_month else "",
        ),
        ("Value of one", f"{design.value_per_unit:g}" if design and design.value_per_unit else ""),
        ("Model version", design.model_version if design else None),
        ("Flag", design.flag if design else None),
    )


def _size(metric: Metric, effect: Effect | None) -> str:
    return "none" if effect is None else formats.effect_size(metric, effect.size, effect.scale).removeprefix("+")


def _metrics(spec: AnalysisSpec) -> Table:
    rows = []
    for m in spec.metrics:
        columns = m.column if m.denominator is None else f"{m.column} / {m.denominator}"
        cap = "none"
        if m.cap is not None:
            cap = f"at {m.cap.at:g}" if m.cap.at is not None else f"at the {m.cap.quantile:g} quantile"
        rows.append(
            (
                Cell(text=m.name, note=f"{m.kind}, column {columns}"),
                Cell(text=m.role),
                Cell(text="more" if m.sign > 0 else "less"),
                Cell(text=_size(m, m.margin)),
                Cell(text=m.covariate or "none"),
                Cell(text={"refuse": "stop and ask", "drop": "leave the unit out", "zero": "count as 0"}[m.nulls]),
                Cell(text=cap),
                Cell(text="not stated" if m.window_days is None else f"{m.window_days:g} days"),
            )
        )
    titles = ("Metric", "Role", "Better", "Margin", "Covariate", "Empty cells", "Cap", "Window")
    return Table(caption="Metrics as planned", columns=tuple(Column(title=t) for t in titles), rows=tuple(rows))


def _data(spec: AnalysisSpec) -> tuple[tuple[str, str], ...]:
    policy, dialect = spec.policy, spec.dialect
    two_arms = "stop and ask" if policy.two_arms == "refuse" else "leave the unit out"
    if policy.two_arms_tolerance:
        two_arms += f"; up to {formats.share(policy.two_arms_tolerance, 2)} tolerated and left out"
    writes = (
        f"decimal mark {dialect.decimal!r}, separator {dialect.delimiter!r}, {dialect.encoding}, "
        f"time zone {dialect.timezone}{f', currency {dialect.currency}' if dialect.currency else ''}"
    )
    return _given(
        ("Arm column", spec.arm_column),
        ("Day column", spec.time_column),
        ("Planned segments", ", ".join(s.column for s in spec.segments)),
        ("Measured before assignment", ", ".join(spec.covariates)),
        ("Measured after assignment", ", ".join(spec.after_assignment)),
        ("Activation", spec.activation),
        (
            "What each arm should see",
            spec.exposure
            and f"{spec.exposure.column}: "
            + ", ".join(f"{arm} = {seen}" for arm, seen in spec.exposure.expected.items()),
        ),
        ("Same unit twice in one arm", {"refuse": "stop and ask", "first": "keep the first row"}[policy.duplicates]),
        ("A unit in two arms", two_arms),
        (
            "A row that contradicts its arm",
            {"refuse": "stop and ask", "drop": "leave the row out"}[policy.contradictions],
        ),
        ("A row without arm", {"refuse": "stop and ask", "drop": "leave the row out"}[policy.missing_arm]),
        ("How the file writes", writes),
    )


def changes_table(changes: tuple[ChangeLine, ...]) -> Table:
    """The registration and every amendment, each with who, when, why and the plan's digest."""
    rows = tuple(
        (
            Cell(text=when(c.time), note=c.actor),
            Cell(text=c.what, note="after outcomes had been seen" if c.after_outcomes else ""),
            Cell(text=c.reason or "–"),
            Cell(text=c.digest[:12]),
        )
        for c in changes
    )
    titles = ("When and who", "What", "Reason", "Plan digest")
    return Table(caption="Registration and amendments", columns=tuple(Column(title=t) for t in titles), rows=rows)
