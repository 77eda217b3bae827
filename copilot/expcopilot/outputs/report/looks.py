"""Sections about what was done: every look taken, how the plan came to stand, how to check it all."""

from __future__ import annotations

from copilot_tools.stats import formats
from expcopilot.outputs.report.content import Block, Cell, Code, Column, Facts, Paragraph, Section, Table
from expcopilot.outputs.report.words import counted, in_words, times, when
from expcopilot.records.readout import Readout

__all__ = ["every_look", "looks_sentence", "recompute"]

_KINDS = {
    "blinded": "blinded: no outcome shown",
    "interim": "registered look: the primary metric at its boundary, guardrails",
    "outcome": "outcomes shown",
    "unblinding": "outcomes opened before the committed end",
    "quick": "quick look: no registered plan",
}


def looks_sentence(readout: Readout) -> str:
    """How often the data was opened and what was shown, in words."""
    opened = [k for k in readout.looks if k.kind != "blinded"]
    shown = {0: "none", 1: "one", len(readout.looks): "each"}.get(len(opened), in_words(len(opened)))
    if len(readout.looks) == 1:
        shown_text = "outcomes by arm were shown" if opened else "no outcome by arm was shown"
        return f"The data was opened once, and {shown_text}."
    again = len(opened) - len({(k.kind, k.units) for k in opened})
    repeated = ""
    if again:
        one = "one of them" if again == 1 else f"{in_words(again)} of them"
        repeated = f", {one} on as many units as before: the same look again"
    said = f"The data was opened {times(len(readout.looks))}; outcomes by arm were shown at {shown} of these looks"
    return f"{said}{repeated}."


def every_look(readout: Readout) -> Section:
    """Each look, in order, and what was looked at in all."""
    standing = readout.look.circumstances
    blocks: list[Block] = [Paragraph(text=looks_sentence(readout))]
    if standing.metrics_looked or standing.cuts_looked:
        blocks.append(
            Paragraph(
                text=f"Shown so far, this look included: {counted(standing.metrics_looked, 'metric')} and "
                f"{counted(standing.cuts_looked, 'unplanned cut')}."
            )
        )
    blocks.extend(Paragraph(text=sentence, weight="strong") for sentence in standing.shared_units)
    rows = tuple(
        (
            Cell(text=str(k.number)),
            Cell(text=when(k.time), note=k.actor),
            Cell(text=_KINDS[k.kind], note=k.reason),
            Cell(text=formats.count(k.units)),
            Cell(text=", ".join(k.cuts) or "none"),
            Cell(text=k.verdict),
        )
        for k in readout.looks
    )
    columns = (
        Column(title="Look"),
        Column(title="When and who"),
        Column(title="What was shown"),
        Column(title="Units", numeric=True),
        Column(title="Unplanned cuts"),
        Column(title="Verdict then"),
    )
    blocks.append(Table(caption="Every look taken", columns=columns, rows=rows))
    if readout.closed:
        blocks.append(Paragraph(text=f"Closed: {readout.closed}"))
    return Section(id="looks", title="Every look taken", blocks=tuple(blocks))


def recompute(readout: Readout) -> Section:
    """The ledger's head, and the commands that compute this readout again."""
    source = readout.look.evidence.source
    pairs = [
        ("Ledger head", readout.ledger_head),
        ("At entry", formats.count(readout.ledger_position)),
        ("Data", f"{source.name}, SHA-256 {source.digest}"),
    ]
    if readout.look.plan_digest:
        pairs.insert(2, ("Plan", f"SHA-256 {readout.look.plan_digest}"))
    blocks: list[Block] = [
        Paragraph(
            text="Whoever keeps the ledger's head can prove later what stood when: any change to an earlier entry "
            "changes it."
        ),
        Facts(pairs=tuple(pairs)),
    ]
    if readout.recompute:
        blocks.append(Code(lines=readout.recompute))
    return Section(id="recompute", title="How to check this readout", blocks=tuple(blocks))
