"""A plan begins with the hypothesis a person approved: what it says is answered, what it leaves open is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from copilot_tools.base import Frozen
from copilot_tools.stats.spec import Effect
from expcopilot.flow.gates import approved
from expcopilot.flow.moves import Move, require
from expcopilot.flow.steps.new_plan import Answers, Drafted, GuardrailAnswer, draft_plan
from expcopilot.flow.steps.sharpen import approved_hypothesis, direction_in
from expcopilot.language.roles.quantities import quantities
from expcopilot.language.roles.sharpener import GuardrailIdea, Sharpened
from expcopilot.records.experiment import Experiment

__all__ = ["Begun", "begun_with"]

_NAMED_KIND = re.compile(r"\(?\b(share|rate|proportion|number|amount|mean)\b\)?\s*$", re.IGNORECASE)
_SIGN = re.compile(r"^\s*(?:(?:by|at most|no more than|max(?:imum)?\.?)\s+){0,2}([+\-−–])", re.IGNORECASE)


class Begun(Frozen):
    """What an approved hypothesis answers of a plan.

    Attributes:
        channel: Where it runs; "" where nobody said.
        answers: Fields of ``Answers`` by name, already in their types.
        unread: Field -> what it says that cannot be taken as an answer, one sentence each: it has to be asked.
    """

    channel: str = ""
    answers: dict[str, Any] = {}
    unread: dict[str, tuple[str, ...]] = {}

    def drafted(self, answers: Answers) -> Drafted:
        """The plan; what the hypothesis names as a guardrail and nobody has settled stands in its notes.

        Raises:
            Refused: As ``draft_plan``.
        """
        further = {name: self.answers[name] for name in ("falsifier", "north_star") if name in self.answers}
        drafted = draft_plan(Answers.model_validate({**further, **answers.model_dump(exclude_defaults=True)}))
        if answers.guardrails or "guardrails" not in self.unread:
            return drafted
        notes = " ".join(("Of the approved hypothesis.", *self.unread["guardrails"]))
        return drafted.model_copy(update={"plan": drafted.plan.model_copy(update={"notes": notes})})


def begun_with(experiment: Experiment) -> Begun | None:
    """What the approved hypothesis of an experiment answers; None where none stands.

    Raises:
        Refused: A plan is no move now: it is registered already, or something waits for a decision first.
    """
    require(experiment, Move.PLAN)
    stands, asked = approved_hypothesis(experiment), approved(experiment, "hypothesis")
    if stands is None or asked is None:
        return None
    said = {name: getattr(stands, name) for name in ("change", "audience", "because", "metric", "falsifier")}
    answers: dict[str, Any] = {name: text for name, text in {**said, "north_star": stands.north_star}.items() if text}
    unread: dict[str, tuple[str, ...]] = {}
    if stands.size and (size := _effect(stands.size)) is not None and (way := _way(stands)) is not None:
        answers |= {"matters": size, "direction": way}
        if size.scale == "absolute":
            answers["kind"] = "proportion"  # points are of a share
    elif stands.size:
        unread["matters"] = (f"Its size is {stands.size!r}, which does not say one size and a direction.",)
    read = [(idea, _guardrail(idea)) for idea in stands.guardrails]
    if half := tuple(_half_said(idea) for idea, guardrail in read if guardrail is None):
        unread["guardrails"] = half  # all of them are asked then: a plan with some of them would look complete
    elif read:
        answers["guardrails"] = tuple(guardrail for _, guardrail in read)
    return Begun(channel=str(asked.record.content.get("channel", "")), answers=answers, unread=unread)


def _way(stands: Sharpened) -> Literal["increase", "decrease"] | None:
    if stands.direction is not None:
        return stands.direction
    signed = _SIGN.match(stands.size or "")
    return None if signed is None else "increase" if signed[1] == "+" else "decrease"


def _effect(text: str) -> Effect | None:
    """The one size a text names, relative ("5%") or of a share ("half a point"); None where it names none, or two."""
    found = list(_sizes(text))
    return found[0] if len(found) == 1 else None


def _sizes(text: str) -> Iterator[Effect | None]:
    parts: dict[str, tuple[float, Literal["relative", "absolute"]]] = {
        "%": (100, "relative"),
        "points": (100, "absolute"),
        "basis points": (10_000, "absolute"),
    }
    for quantity in quantities(text):
        if quantity.unit not in parts or len(quantity.values) != 1 or not any(quantity.values):
            yield None
            continue
        whole, scale = parts[quantity.unit]
        yield Effect(size=next(iter(quantity.values)) / whole, scale=scale)


class _Said(NamedTuple):
    """What an idea of a guardrail says; None where it leaves that open."""

    name: str
    size: Effect | None
    hurts: Literal["increase", "decrease"] | None
    kind: Literal["proportion", "mean"] | None


def _said(idea: GuardrailIdea) -> _Said:
    name, margin = idea.metric, idea.margin or ""
    if not margin:
        name, _, margin = idea.metric.rpartition(":")
    kind: Literal["proportion", "mean"] | None = None
    if named := _NAMED_KIND.search(margin):
        kind = "proportion" if named[1].lower() in {"share", "rate", "proportion"} else "mean"
        margin = margin[: named.start()]
    size, signed = _effect(margin), _SIGN.match(margin)
    hurts = direction_in(margin) if signed is None else "increase" if signed[1] == "+" else "decrease"
    if size is not None and size.scale == "absolute":
        kind = "proportion"
    return _Said(name.strip(), size, hurts, kind)


def _guardrail(idea: GuardrailIdea) -> GuardrailAnswer | None:
    """A guardrail with its margin, where the idea says by how much, which way hurts, and of what kind it is."""
    said = _said(idea)
    if not said.name or said.size is None or said.hurts is None or said.kind is None:
        return None
    better: Literal["increase", "decrease"] = "decrease" if said.hurts == "increase" else "increase"
    return GuardrailAnswer(name=said.name, kind=said.kind, margin=said.size, direction=better)


def _half_said(idea: GuardrailIdea) -> str:
    """What an idea of a guardrail leaves open, and nothing that it says."""
    said = _said(idea)
    told = f"{idea.metric}, at most {idea.margin}" if idea.margin else idea.metric
    left = [
        *(["by how much it may get worse"] if said.size is None else []),
        *(["whether a rise (+) or a fall (-) hurts"] if said.hurts is None else []),
        *(["whether it is a share of units or a number a unit"] if said.kind is None else []),
    ]
    return f"It names {told!r} as a guardrail, and leaves open {' and '.join(left) or 'how it is called'}."
