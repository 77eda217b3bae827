"""The data as content: where it came from, units by arm against the plan, its faults, and what the policy did."""

from __future__ import annotations

from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Quality
from expcopilot.outputs.report.content import Block, Cell, Column, Facts, Items, Paragraph, Section, Table
from expcopilot.records.look import Look

__all__ = ["the_data"]

_KINDS = {
    "rows": "one row a unit",
    "counts": "summary counts",
    "events": "event rows, aggregated by unit",
    "frame": "a table in memory",
}


def the_data(look: Look) -> Section:
    """The section: nothing in it is computed from outcomes by arm."""
    evidence, spec, quality = look.evidence, look.spec, look.evidence.quality
    pairs = [
        ("Source", f"{evidence.source.name} ({_KINDS[evidence.source.kind]})"),
        ("Rows", formats.count(quality.rows)),
        ("Units analysed", formats.count(evidence.total_units)),
    ]
    if evidence.days is not None:
        pairs.append(("Days", f"{evidence.days[0].isoformat()} to {evidence.days[1].isoformat()}"))
    pairs.extend(_faults(look))
    blocks: list[Block] = [Facts(pairs=tuple(pairs)), _units(look)]
    if quality.missing:
        rows = tuple(
            (
                Cell(text=m.metric),
                Cell(text=spec.arm(m.arm).text),
                Cell(text=formats.count(m.missing)),
                Cell(text=formats.share(m.missing / m.units, 2) if m.units else "no units"),
            )
            for m in quality.missing
            if m.missing
        )
        if rows:
            columns = (
                Column(title="Metric"),
                Column(title="Arm"),
                Column(title="Empty", numeric=True),
                Column(title="Share", numeric=True),
            )
            blocks.append(Table(caption="Empty cells, before the plan's policy", columns=columns, rows=rows))
        else:
            blocks.append(Paragraph(text="No metric has an empty cell."))
    if quality.treatment:
        blocks.append(Paragraph(text="What the plan's policy did to the data, in order:"))
        blocks.append(Items(items=quality.treatment))
    else:
        blocks.append(Paragraph(text="The plan's policy changed nothing: every unit found was analysed."))
    return Section(id="data", title="The data", blocks=tuple(blocks))


def _faults(look: Look) -> list[tuple[str, str]]:
    quality: Quality = look.evidence.quality
    unknown = "not assessable: units are not named"

    def by_arm(counts: dict[str, int]) -> str:
        found = [f"{_arm(look, arm)} {formats.count(n)}" for arm, n in counts.items() if n]
        return ", ".join(found) or "none"

    pairs = [
        ("Repeated rows", unknown if quality.duplicate_rows is None else by_arm(quality.duplicate_rows)),
        ("Units in two arms", unknown if quality.two_arms is None else formats.count(quality.two_arms)),
    ]
    if quality.contradictions is not None:
        pairs.append(("Rows contradicting their arm", by_arm(quality.contradictions)))
    if quality.missing_arm:
        pairs.append(("Rows without arm", formats.count(quality.missing_arm)))
    if quality.not_activated is not None:
        pairs.append(("Not activated, left out", formats.count(quality.not_activated)))
    return pairs


def _arm(look: Look, name: str) -> str:
    return look.spec.arm(name).text if name in look.spec.arm_names else name


def _units(look: Look) -> Table:
    spec, evidence = look.spec, look.evidence
    before = evidence.quality.units_before_policy
    weights = sum(a.weight for a in spec.arms)
    total = evidence.total_units
    rows = tuple(
        (
            Cell(text=arm.text, note="control" if arm.name == spec.control else ""),
            *((Cell(text=formats.count(before.get(arm.name, 0))),) if before else ()),
            Cell(text=formats.count(evidence.units_of(arm.name))),
            Cell(text=formats.share(evidence.units_of(arm.name) / total, 2) if total else "no units"),
            Cell(text=formats.share(arm.weight / weights, 2)),
        )
        for arm in spec.arms
    )
    columns = (
        Column(title="Arm"),
        *((Column(title="Found", numeric=True),) if before else ()),
        Column(title="Analysed", numeric=True),
        Column(title="Share", numeric=True),
        Column(title="Configured", numeric=True),
    )
    return Table(caption="Units by arm", columns=columns, rows=rows)
