"""A workspace whose settings name the model, and what was spent in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from expcopilot import Copilot
from expcopilot.language.model.prices import prompt_tokens
from expcopilot.memory.settings import FILE_NAME
from expcopilot.memory.workspace import Workspace
from expcopilot.records.answer import Answered
from expcopilot.records.events import RefusedCommand
from suite.task import Outcome

__all__ = ["answers", "broken", "object_in", "opened", "outcome"]

_SILENCES = frozenset(
    f"model.{code}"
    for code in (
        *("unreachable", "timeout", "rate_limited", "overloaded", "server_error"),
        *("over_cost", "over_tokens", "price_unknown", "billing"),
        *("key_missing", "key_rejected", "not_permitted", "unknown_model", "rejected"),
    )
)
"""Refusals that say that the model was not heard; a model that was heard and wrote nonsense is scored."""


@contextmanager
def opened(folder: Path, table: Mapping[str, Any]) -> Iterator[Copilot]:
    """A new workspace in ``folder`` in which Ada acts, with the ``[model]`` table given; closed at the end."""
    with Workspace.create(folder, person="Ada") as made:
        settings = made.folder / FILE_NAME
    lines = "\n".join(f"{name} = {_toml(value)}" for name, value in table.items())
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n[model]\n{lines}\n", encoding="utf-8")
    with Workspace.open(folder) as workspace:
        yield Copilot(workspace, workspace.ledger)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k), ensure_ascii=False)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def answers(copilot: Copilot) -> list[Answered]:
    """Everything the model answered in a workspace, in order."""
    entries = copilot.workspace.ledger.entries()
    return [Answered.model_validate(entry.payload) for entry in entries if entry.kind == "answered"]


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object that an answer's text is, or None where it is none."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def outcome(copilot: Copilot, seen: Mapping[str, Any], failed: str = "") -> Outcome:
    """What was seen, with what the model read, wrote and cost.

    Where the model was not heard at all (no connection, no money left), the case counts as not gone through: code's own
    words in its place say nothing about the model.
    """
    return Outcome(seen=dict(seen), failed=failed or next(_not_heard(copilot), ""), **_spent(answers(copilot)))


def broken(folder: Path, why: str, *, fault: bool = False) -> Outcome:
    """A case that did not come to its end, with what was spent in the workspaces anywhere under its folder.

    Args:
        folder: The case's folder.
        why: Why it did not.
        fault: Whether by a fault of the product or of the task.
    """
    given: list[Answered] = []
    for settings in folder.rglob(FILE_NAME):
        with Workspace.open(settings.parent) as workspace:
            given += answers(Copilot(workspace, workspace.ledger))
    return Outcome(failed=why, broke=fault, **_spent(given))


def _spent(given: Sequence[Answered]) -> dict[str, Any]:
    costs = [one.cost for one in given]
    return {
        "input_tokens": sum(prompt_tokens(one.usage) for one in given),
        "output_tokens": sum(one.usage.output_tokens for one in given),
        "cost": sum(cost for cost in costs if cost is not None) if None not in costs else None,
    }


def _not_heard(copilot: Copilot) -> Iterator[str]:
    for entry in copilot.workspace.ledger.entries():
        if entry.kind == "refused":
            refusals = RefusedCommand.model_validate(entry.payload).refusals
            yield from (refusal.reason for refusal in refusals if refusal.code in _SILENCES)
