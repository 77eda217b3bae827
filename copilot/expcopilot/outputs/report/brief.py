"""Page -> five lines to paste into a chat or a slide: question, verdict, number, the case against it, standing."""

from __future__ import annotations

from copilot_tools.stats import formats
from copilot_tools.wording.plain import chat
from expcopilot.outputs.report.looks import looks_sentence
from expcopilot.outputs.report.skeptic import counted_severities, worst
from expcopilot.outputs.report.standing import Showing, showing, shown_objections
from expcopilot.outputs.report.view import page
from expcopilot.outputs.report.words import times
from expcopilot.records.readout import Readout

__all__ = ["render"]


def render(readout: Readout) -> str:
    """Exactly five lines."""
    headline = page(readout).headline
    phrase = headline.phrase
    if len({a.phrase for a in headline.arms}) > 1:
        phrase = "; ".join(f"“{a.name}”: {a.phrase}" for a in headline.arms)
    stamped = "".join(f" [{s.label}]" for s in headline.stamps)
    numbers = " ".join(headline.sentences)
    months = " ".join(s for a in headline.arms for s in a.practical)
    yard = f" {headline.yardstick}" if headline.yardstick else ""
    standing = f"{looks_sentence(readout)}{_ended(readout)} {_plan(readout)} Ledger head {readout.ledger_head[:12]}."
    lines = (
        f"Question: {readout.question}",
        f"Verdict: {headline.tone.mark} {phrase}{stamped}",
        f"Result: {numbers}{yard}{f' {months}' if months else ''}",
        f"{'Against it' if showing(readout.look) is Showing.OPEN else 'Checks'}: {_against(readout)}",
        f"Standing: {standing}",
    )
    return "\n".join(chat(line) for line in lines) + "\n"


def _against(readout: Readout) -> str:
    look = readout.look
    pool = shown_objections(look)
    said = list(dict.fromkeys(c.sentence for a in look.verdict.arms for c in a.caveats))
    raised = worst(pool)
    if raised is not None and raised.sentence not in look.verdict.sentence:
        said.append(raised.sentence)
    return " ".join([*said, f"In all: {counted_severities(pool)}."])


def _ended(readout: Readout) -> str:
    """That a registered look stopped the test; and, of whatever is read after the test's end, whose verdict stands."""
    look, standing = readout.look, readout.look.circumstances
    end = next((k for k in readout.looks if k.kind == "outcome"), None)
    if end is None or look.kind != "outcome":
        return ""
    if look.number == end.number:
        return " A registered look stopped the test here." if standing.look_due else ""
    if look.evidence.total_units == end.units:
        return ""
    where = "A registered look stopped the test" if standing.stopped else "The test was read at its end"
    return f" {where} at {formats.count(end.units)} units (look {end.number}), and that verdict stands: {end.verdict}."


def _plan(readout: Readout) -> str:
    if readout.plan is None:
        return "No registered plan."
    first = readout.changes[0].time[:10] if readout.changes else ""
    changed = len(readout.changes) - 1
    when = f" {first}" if first else ""
    return f"Plan registered{when}{f', amended {times(changed)}' if changed > 0 else ''}."
