"""A question about some of the units ("did it win on mobile?"): were they read apart, and how to read them so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["asked_part", "of_a_part"]

_USUAL = (
    *("mobile", "desktop", "tablet", "phone", "phones", "ios", "android", "iphone", "app", "device", "devices"),
    *("browser", "browsers", "country", "countries", "region", "regions", "segment", "segments", "subgroup"),
    *("new customers", "new users", "new visitors", "returning customers", "returning users", "returning visitors"),
    *("men", "women", "weekend", "weekends", "weekdays"),
)
"""What people ask for by name, whether or not the data tells it."""


def asked_part(question: str, look: Look | None, plan: Plan | None) -> str:
    """The part of the units a question asks for, as it names it; "" where it asks for none.

    A word that belongs to a metric's name asks for no part.
    """
    asked = question.lower()
    for name in sorted(_metrics(look, plan), key=len, reverse=True):
        asked = asked.replace(name.lower(), " ")
    parts = {**dict.fromkeys(_USUAL), **dict.fromkeys(level for levels in _read(look).values() for level in levels)}
    parts |= dict.fromkeys(_read(look)) | dict.fromkeys(_columns(look)) | dict.fromkeys(_planned(plan))
    found = [p for p in parts if p and re.search(rf"(?<!\w){re.escape(p.lower())}(?!\w)", asked)]
    return max(found, key=len, default="")


def of_a_part(name: str, plan: Plan | None, look: Look | None, question: str, *, closed: bool) -> Iterator[str]:
    """What the record says of the part a question asks for, and how to ask for it.

    Args:
        name: The experiment.
        plan: Its plan.
        look: Its last look.
        question: As it was put.
        closed: Whether outcomes are closed, or nothing was read.
    """
    part, read = asked_part(question, look, plan), _read(look)
    column = next((c for c in read if part.lower() in {c.lower(), *(level.lower() for level in read[c])}), "")
    if column and not closed:
        planned = column in _planned(plan)
        yield (
            f"{part} was read apart: the readout shows the primary number by {column}, "
            f"{'as the plan names it' if planned else 'as an exploratory cut'}. No segment by itself is this test's "
            "conclusion."
        )
        return
    segments = ", ".join(_planned(plan)) or "no segment"
    cuts = ", ".join(read) or "nothing"
    yield (
        f"{part} was not read apart: the plan names {segments}, and the last look was cut by {cuts}."
        if look
        else (f"{part} was not read apart: nothing has been read yet, and the plan names {segments}.")
    )
    if closed:
        yield "While the outcomes are closed, no part of them is shown either."
        return
    known = [c for c in _columns(look) if c.lower() == part.lower()] or ["COLUMN"]
    others = f" The data has {', '.join(_columns(look))}." if known == ["COLUMN"] and _columns(look) else ""
    yield (
        f"To read it, name the column that tells it: `expcopilot analyze {name} DATA --cut {known[0]}`.{others} That "
        "is one more look, counted, and exploratory: the question of a next test, whose plan names the segment."
    )


def _read(look: Look | None) -> dict[str, list[str]]:
    """What the look was cut by: column -> its levels."""
    found: dict[str, list[str]] = {}
    for comparison in look.reading.cuts if look is not None else ():
        levels = found.setdefault(comparison.slice.dimension, [])
        if comparison.slice.level not in levels:
            levels.append(comparison.slice.level)
    return found


def _columns(look: Look | None) -> list[str]:
    """Columns of the data that could tell parts of the units."""
    if look is None:
        return []
    spec = look.spec
    used = {spec.unit, spec.arm_column, spec.time_column, *(c for m in spec.metrics for c in m.columns)}
    return [c for c in look.evidence.source.columns if c not in used]


def _planned(plan: Plan | None) -> list[str]:
    return [s.column for s in plan.analysis.segments] if plan is not None else []


def _metrics(look: Look | None, plan: Plan | None) -> set[str]:
    specs = [*([look.spec] if look is not None else []), *([plan.analysis] if plan is not None else [])]
    return {m.name for spec in specs for m in spec.metrics}
