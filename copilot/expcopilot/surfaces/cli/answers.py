"""The answers of a new plan as typed in a terminal: checked one by one, in the end made ``Answers``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.flow.steps.new_plan import Answers
from expcopilot.surfaces import parsing, typed_answers
from expcopilot.surfaces.typed_answers import NEEDED, Typed, drop_draft, load_draft, needed, save_draft

__all__ = ["Typed", "check", "drop_draft", "load_draft", "needed", "save_draft", "to_answers"]


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


def to_answers(typed: Typed, *, channel: str, name: str) -> Answers:
    """All answers together.

    Raises:
        Refused: Every answer that is missing or cannot be read.
    """
    problems = [
        Refusal(
            code="new.missing",
            reason=f"The answer to --{field} is missing.",
            cure=f"Add --{field} TEXT, or answer the questions in a terminal.",
            name=field,
        )
        for field in NEEDED
        if not str(typed.get(field) or "").strip()
    ]
    read = typed_answers.read(typed)
    refuse_if_any([*problems, *read.problems])
    return _validated({"channel": channel, "name": name, **read.fields, "currency": _currency()})


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
