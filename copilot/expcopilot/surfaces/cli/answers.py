"""The answers of a new plan as typed: checked one by one, kept as a draft after each, in the end made ``Answers``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.flow.steps.new_plan import Answers, Channel
from expcopilot.memory.whole_file import write_whole
from expcopilot.surfaces.cli import parsing

__all__ = ["FIELDS", "Typed", "check", "drop_draft", "load_draft", "needed", "save_draft", "to_answers"]

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


_OPTIONS = {"change": "--change", "audience": "--audience", "because": "--because", "metric": "--metric"}
_OPTIONS |= {"matters": "--matters"}


def check(field: str, text: str, typed: Typed) -> None:
    """Refuse an answer that cannot be read, as soon as it is given."""
    metric_kind = typed.get("kind")
    known = parsing.kind("kind", metric_kind) if metric_kind else None
    checks: dict[str, Callable[[], object]] = {
        "kind": lambda: parsing.kind("kind", text),
        "matters": lambda: parsing.size("matters", text, known),
        "guardrail": lambda: parsing.guardrail("guardrail", text),
        "baseline": lambda: parsing.number("baseline", text) if known == "mean" else parsing.share("baseline", text),
        "sd": lambda: parsing.number("sd", text),
        "traffic": lambda: parsing.count("traffic", text),
        "list": lambda: parsing.count("list", text),
        "start": lambda: parsing.day("start", text),
        "looks": lambda: parsing.shares("looks", text),
    }
    if field in checks:
        checks[field]()


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


def to_answers(typed: Typed, *, channel: str, name: str) -> Answers:
    """All answers together.

    Raises:
        Refused: Every answer that is missing or cannot be read.
    """
    problems = [
        Refusal(
            code="new.missing",
            reason=f"The answer to {option} is missing.",
            cure=f"Add {option} TEXT, or answer the questions in a terminal.",
            name=field,
        )
        for field, option in _OPTIONS.items()
        if not str(typed.get(field) or "").strip()
    ]
    read: dict[str, Any] = {}

    def take(field: str, reader: Callable[[str], Any]) -> None:
        if typed.get(field):
            try:
                read[field] = reader(str(typed[field]))
            except Refused as refused:
                problems.extend(refused.refusals)

    take("kind", lambda text: parsing.kind("kind", text))
    take("matters", lambda text: parsing.size("matters", text, read.get("kind")))
    matters = read.get("matters")
    kind = read.get("kind") or "proportion"
    take("baseline", lambda text: (parsing.share if kind == "proportion" else parsing.number)("baseline", text))
    take("sd", lambda text: parsing.number("sd", text))
    take("traffic", lambda text: parsing.count("traffic", text))
    take("list", lambda text: parsing.count("list", text))
    take("start", lambda text: parsing.day("start", text))
    take("looks", lambda text: parsing.shares("looks", text))
    guardrails = []
    for text in typed.get("guardrail") or ():
        try:
            guardrails.append(parsing.guardrail("guardrail", text))
        except Refused as refused:
            problems.extend(refused.refusals)
    refuse_if_any(problems)
    if matters is None:
        raise AssertionError("a missing answer is refused above")
    return _validated(
        {
            "channel": channel,
            "name": name,
            **{field: str(typed[field]).strip() for field in ("change", "audience", "because", "metric")},
            "kind": kind,
            "direction": matters.direction or "increase",
            "matters": matters.effect,
            "guardrails": tuple(guardrails),
            "baseline": read.get("baseline"),
            "sd": read.get("sd"),
            "traffic_per_week": read.get("traffic"),
            "list_size": read.get("list"),
            "start": read.get("start"),
            "looks": read.get("looks", ()),
            "currency": _currency(),
        }
    )


def _currency() -> str:
    """The currency the workspace counts in; a plan written outside of one names none."""
    from expcopilot.memory.workspace import Workspace
    from expcopilot.surfaces.cli.session import folder

    try:
        return Workspace.find(folder()).settings.organisation.currency
    except Refused as refused:
        if refused.refusals[0].code != "workspace.not_found":
            raise
        return ""


def _validated(data: Mapping[str, Any]) -> Answers:
    from pydantic import ValidationError

    from copilot_tools.validation import refusals_of

    try:
        return Answers.model_validate(dict(data))
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None


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
