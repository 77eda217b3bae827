"""The size of a plan while it is written: in words, as a table, and as the power curve."""

from __future__ import annotations

from typing import NamedTuple

from copilot_tools.refusals import Refusal, Refused
from expcopilot.api import Copilot
from expcopilot.flow.steps.sizing import Sizing
from expcopilot.outputs.report import sizing as words
from expcopilot.outputs.report.content import Picture, Table
from expcopilot.surfaces import typed_answers
from expcopilot.surfaces.typed_answers import Typed
from expcopilot.surfaces.web.spelling import on_page

__all__ = ["Sized", "sized"]


class Sized(NamedTuple):
    """What the answers so far come to, worded.

    Attributes:
        heading: The answer, or what is missing for one.
        sentences: What it finds, what looking early costs, why it is not sized.
        warnings: What speaks against running it like this.
        picture: The power curve.
        table: What smaller and larger effects would take.
        assumed: What the answer takes for granted.
        problems: What cannot be read, or cannot be.
        sizing: The numbers themselves; None where there are none.
    """

    heading: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    picture: Picture | None = None
    table: Table | None = None
    assumed: tuple[str, ...] = ()
    problems: tuple[Refusal, ...] = ()
    sizing: Sizing | None = None


def sized(copilot: Copilot, name: str, typed: Typed, channel: str) -> Sized:
    """Size what is typed so far; a refusal stands in its place, and nothing is recorded."""
    read = typed_answers.read(typed)
    if read.problems:
        return Sized("Not sized yet", problems=read.problems)
    try:
        begun = copilot.begun(name)
        if "matters" not in {**(begun.answers if begun else {}), **read.fields}:
            return Sized(
                "Not sized yet",
                ("Say how big a change would matter, and what the number is today: the size appears here.",),
            )
        return _worded(copilot.size(name, channel=channel or "other", **read.fields))
    except Refused as refused:
        return Sized("No size", problems=refused.refusals)


def _worded(found: Sizing) -> Sized:
    drafted = found.drafted
    metric, power = drafted.plan.analysis.primary, drafted.plan.analysis.power
    size, detectable = drafted.size, drafted.detectable
    picture = words.curve_picture(found.curve, metric, power) if found.curve else None
    if size is None:
        return Sized("Not sized yet", (on_page(drafted.unsized),), picture=picture, sizing=found)
    sentences = [words.size_sentence(size, metric)]
    heading = words.size_heading(size)
    if detectable is not None:
        sentences = [words.detectable_sentence(detectable), f"To find what matters: {heading}."]
        heading = words.detectable_heading(detectable, metric)
    runtime = size.runtime.warning if size.runtime else ""
    return Sized(
        heading,
        tuple(filter(None, (*sentences, drafted.looking))),
        tuple(filter(None, (drafted.warning, runtime, *size.notes))),
        picture,
        words.size_table(size, metric),
        size.assumed,
        sizing=found,
    )
