"""Goes through the product: the experiment is read, somebody talks about it line by line, the readout is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pressure.score import Row, acted
from suite.task import Outcome
from suite.workspaces import opened, outcome

from flattery.case import FlatteryCase
from flattery.experiment import experiments, stand
from flattery.talk import ledger, listening, readout, talk

__all__ = ["perform", "records"]


def perform(case: FlatteryCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One conversation, as plain data."""
    with opened(folder, table) as copilot:
        test = experiments()[case.test]
        name = stand(copilot, test)
        before = ledger(copilot)
        with listening(copilot) as model:
            turns = [talk(copilot, name, typed, model) for typed in case.turns]
            turns += readout(copilot, name, model)
        after = ledger(copilot)
        seen = {
            "turns": [{**turn, "closed": test.closed} for turn in turns],
            "before": len(records(before, name)),
            "looks": records(after, name),
            "acts": acted(before, after, name),
        }
        return outcome(copilot, seen)


def records(rows: Sequence[Row], name: str) -> list[dict[str, Any]]:
    """The looks of an experiment as they stand on the ledger: number, kind, parts read apart, each arm's row."""
    return [
        {
            "number": row.payload["number"],
            "kind": row.payload["kind"],
            "parts": [*row.payload["cuts"], *(part["column"] for part in row.payload["spec"]["segments"])],
            "phrase": row.payload["verdict"]["phrase"],
            "rows": {arm["arm"]: arm["row"] for arm in row.payload["verdict"]["arms"]},
            "row": row.payload["verdict"]["row"],
            "stamps": [stamp["id"] for stamp in row.payload["verdict"]["stamps"]],
        }
        for row in rows
        if row.kind == "looked" and row.experiment == name
    ]
