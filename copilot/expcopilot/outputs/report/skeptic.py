"""The case for the null as content: worst first; what found nothing folded away; what could not be assessed named."""

from __future__ import annotations

from collections.abc import Iterable

from copilot_tools.results import Objection
from expcopilot.outputs.report.content import Attack, Attacks, Block, Facts, Folded, Paragraph, Section
from expcopilot.outputs.report.standing import Showing, showing, shown_objections
from expcopilot.outputs.report.words import capital, counted, listed
from expcopilot.records.look import Look

__all__ = ["attacks", "case_for_null", "counted_severities", "worst"]

_ORDER = ("blocking", "serious", "note", "not assessable", "none")


def attacks(objections: Iterable[Objection]) -> Attacks:
    """Objections worst first, in words."""
    ordered = sorted(objections, key=lambda o: _ORDER.index(o.severity))
    return Attacks(
        attacks=tuple(
            Attack(severity=o.severity, title=capital(o.title), sentence=o.sentence, details=o.details) for o in ordered
        )
    )


def worst(objections: Iterable[Objection]) -> Objection | None:
    """The worst objection that found something, or None."""
    raised = [o for o in objections if o.severity in {"blocking", "serious", "note"}]
    return min(raised, key=lambda o: _ORDER.index(o.severity), default=None)


def counted_severities(objections: Iterable[Objection]) -> str:
    """How many of each severity, in words: one serious objection, two notes and one attack not assessable."""
    tally = dict.fromkeys(_ORDER, 0)
    for o in objections:
        tally[o.severity] += 1
    parts = [
        counted(tally["blocking"], "blocking objection") if tally["blocking"] else "",
        counted(tally["serious"], "serious objection") if tally["serious"] else "",
        counted(tally["note"], "note") if tally["note"] else "",
        f"{counted(tally['not assessable'], 'attack')} not assessable" if tally["not assessable"] else "",
        f"{counted(tally['none'], 'attack')} that found nothing" if tally["none"] else "",
    ]
    return listed(tuple(p for p in parts if p)) or "no attack was made"


def _reason(sentence: str) -> str:
    """The reason alone: that it is not assessable stands above the list."""
    for opening in ("Not assessable with this data, because ", "Not assessable: "):
        if sentence.startswith(opening):
            return capital(sentence.removeprefix(opening))
    return sentence


def case_for_null(look: Look) -> Section:
    """The section. Beside an invalid verdict it holds only what needs no outcomes; the rest stands at the end."""
    mode = showing(look)
    pool = shown_objections(look)
    raised = [o for o in pool if o.severity in {"blocking", "serious", "note"}]
    blind = [o for o in pool if o.severity == "not assessable"]
    quiet = [o for o in pool if o.severity == "none"]
    title = "The case for the null" if mode is Showing.OPEN else "Checks that need no outcomes"
    opening = (
        "The strongest case that this result is noise or an artefact, made by fixed rules before anyone argued."
        if mode is Showing.OPEN
        else "What can be checked without opening the outcomes."
    )
    blocks: list[Block] = [
        Paragraph(text=f"{opening} In all: {counted_severities(pool)}."),
    ]
    if raised:
        blocks.append(attacks(raised))
    if blind:
        blocks.append(Paragraph(text="Not assessable with this data, so neither found nor ruled out:"))
        blocks.append(Facts(pairs=tuple((capital(o.title), _reason(o.sentence)) for o in blind)))
    if quiet:
        folded = f"Looked and found nothing ({len(quiet)})"
        blocks.append(Folded(title=folded, blocks=(attacks(quiet),)))
    return Section(id="null", title=title, blocks=tuple(blocks))
