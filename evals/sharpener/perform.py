"""Goes through the product: the idea is sharpened, the person approves what is put before them, the ledger is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pressure.score import read_ledger
from suite.task import Outcome
from suite.workspaces import answers, object_in, opened, outcome

from sharpener.case import SharpenerCase

__all__ = ["FIELDS", "perform"]

NAME = "idea"
FIELDS = {"mechanism": "because"}
"""Atom -> the field of the product's draft that holds it, where the names differ."""


def perform(case: SharpenerCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One idea, as plain data: the approved draft, its questions, and what the model wrote first."""
    with opened(folder, table) as copilot:
        given = [
            {"field": FIELDS.get(atom, atom), "question": "Which?", "answer": answer}
            for atom, answer in case.answers.items()
        ]
        copilot.sharpen(NAME, case.idea, channel=case.channel, metrics=list(case.metrics), answers=given)
        copilot.decide(NAME, "approve")
        rows = read_ledger(copilot.workspace.folder / "ledger.sqlite")
        shown = next(row.payload["content"] for row in reversed(rows) if row.kind == "proposed")
        decided = [row.payload["action"] for row in rows if row.kind == "decided"]
        written = [one.text for one in answers(copilot) if one.role == "sharpener"]
        seen = {
            "draft": shown["sharpened"],
            "questions": shown["questions"],
            "removed": shown["removed"],
            "decided": decided,
            # The first that is a draft at all: with nobody in between it would have been put before the person.
            "raw": next(filter(None, map(object_in, written)), None),
        }
        return outcome(copilot, seen)
