"""The answers of a new plan as people type them: read one by one, kept as a draft, in the terminal and on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.steps.new_plan import Channel
from expcopilot.memory.whole_file import write_whole
from expcopilot.surfaces import parsing

if TYPE_CHECKING:
    from copilot_tools.stats.spec import Effect
    from expcopilot.flow.steps.from_hypothesis import Begun

__all__ = [
    "DRAFT",
    "FIELDS",
    "NEEDED",
    "Read",
    "Typed",
    "begun_typed",
    "drop_draft",
    "load_draft",
    "needed",
    "read",
    "save_draft",
]

Typed = dict[str, Any]
"""Answers as typed: field -> text; ``guardrail`` is a list of texts."""

FIELDS = (
    "change",
    "audience",
    "because",
    "metric",
    "kind",
    "matters",
    "guardrail",
    "baseline",
    "sd",
    "traffic",
    "list",
    "start",
    "looks",
)
NEEDED = ("change", "audience", "because", "metric", "matters")
"""Without these there is no plan."""
DRAFT = "new-plan.draft.json"
"""File of a plan that is still being answered, among the workspace's plans."""


class Read(NamedTuple):
    """What was typed, read.

    Attributes:
        fields: Fields of ``flow.steps.new_plan.Answers``; only those that were typed and can be read.
        problems: What cannot be read, each named after what was typed.
    """

    fields: dict[str, Any]
    problems: tuple[Refusal, ...]


def read(typed: Typed) -> Read:
    """Every answer that can be read, in its type, and why the others cannot."""
    found: dict[str, Any] = {}
    problems: list[Refusal] = []

    def take(field: str, name: str, reader: Callable[[str], Any]) -> None:
        if typed.get(field):
            try:
                found[name] = reader(str(typed[field]))
            except Refused as refused:
                problems.extend(refused.refusals)

    for field in ("change", "audience", "because", "metric"):
        take(field, field, str.strip)
    take("kind", "kind", lambda text: parsing.kind("kind", text))
    kind = found.get("kind")
    take("matters", "matters", lambda text: parsing.size("matters", text, kind))
    if (size := found.get("matters")) is not None:
        found |= {"matters": size.effect, "direction": size.direction or "increase"}
    level = parsing.number if kind == "mean" else parsing.share
    take("baseline", "baseline", lambda text: level("baseline", text))
    take("sd", "sd", lambda text: parsing.number("sd", text))
    take("traffic", "traffic_per_week", lambda text: parsing.count("traffic", text))
    take("list", "list_size", lambda text: parsing.count("list", text))
    take("start", "start", lambda text: parsing.day("start", text))
    take("looks", "looks", lambda text: parsing.shares("looks", text))
    guardrails = []
    for text in typed.get("guardrail") or ():
        try:
            guardrails.append(parsing.guardrail("guardrail", text))
        except Refused as refused:
            problems.extend(refused.refusals)
    found["guardrails"] = tuple(guardrails)
    return Read(found, tuple(problems))


def needed(field: str, typed: Typed, of: Channel) -> bool:
    """Whether a question makes sense after the answers so far."""
    match field:
        case "sd":
            return typed.get("kind") in {"number", "mean", "amount"} and bool(typed.get("baseline"))
        case "kind":
            return True
        case "traffic":
            return not of.fixed_list and not typed.get("list")
        case "list":
            return of.fixed_list and not typed.get("traffic")
        case "looks":
            return not of.fixed_list and bool(typed.get("traffic"))
        case _:
            return True


def begun_typed(begun: Begun) -> Typed:
    """What a hypothesis answers, as a person would type it."""
    said = begun.answers
    typed: Typed = {field: said[field] for field in ("change", "audience", "because", "metric") if field in said}
    if "kind" in said:
        typed["kind"] = "share"
    if "matters" in said:
        typed["matters"] = _signed(said["matters"], "+" if said["direction"] == "increase" else "-")
    if "guardrails" in said:
        typed["guardrail"] = [
            f"{g.name}: {_signed(g.margin, '-' if g.direction == 'increase' else '+')}"
            + ("" if g.margin.scale == "absolute" else f" ({'share' if g.kind == 'proportion' else 'number'})")
            for g in said["guardrails"]
        ]
    return typed


def _signed(size: Effect, sign: str) -> str:
    return f"{sign}{size.size * 100:.10g}{'%' if size.scale == 'relative' else ' points'}"


def save_draft(path: Path, typed: Typed, channel: str) -> None:
    """Keep the answers so far; a kill at any moment leaves this draft or the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"channel": channel, "answers": typed}, ensure_ascii=False, indent=2))


def load_draft(path: Path) -> tuple[Typed, str]:
    """The answers so far, and the channel.

    Raises:
        Refused: There is no draft, or it cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        typed, channel = dict(data["answers"]), str(data["channel"])
    except FileNotFoundError:
        raise Refused.because(
            "new.no_draft", "There is no draft to go on with.", "Start with `expcopilot new`.", value=str(path)
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        typed, channel = {"": ""}, ""
    texts = all(isinstance(v, str) or (k == "guardrail" and isinstance(v, list)) for k, v in typed.items())
    if not texts or not set(typed) <= set(FIELDS):
        raise Refused.because(
            "new.bad_draft",
            f"The draft {path} cannot be read: it holds no answers.",
            "Remove it and start with `expcopilot new`.",
            value=str(path),
        )
    return typed, channel


def drop_draft(path: Path) -> None:
    """Remove the draft once its plan is written."""
    path.unlink(missing_ok=True)
