"""A ledger of an older version opens: fields that records no longer have are left out, everything else is refused."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from pydantic import ValidationError

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft
from expcopilot.records.events import ReadoutMade
from expcopilot.records.experiment import Experiment
from expcopilot.records.removed import REMOVED

# Written by the version of 2026-11-21, in which a readout's entry had the field "form": a quick look and its readout.
ROWS = json.loads(Path(__file__).with_name("older_ledger.json").read_text(encoding="utf-8"))
NAME = "quick.typed-counts"


@pytest.fixture
def older(workspace: Workspace) -> Copilot:
    """The workspace with the older version's rows in its ledger, byte for byte."""
    with sqlite3.connect(workspace.folder / "ledger.sqlite") as file:
        for row in ROWS:
            file.execute(
                f"INSERT INTO entries ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", row
            )
    file.close()
    return Copilot(workspace, workspace.ledger)


def test_an_older_ledger_opens_and_stays_as_it_was(older: Copilot) -> None:
    """The chain holds, the experiment and its readout are read, and the entry keeps the field it was written with."""
    assert older.ledger.verify().sound
    (made,) = older.experiment(NAME).readouts
    assert made.record.files[0] == "quick.typed-counts-look-1.html"
    assert "form" not in made.record.to_json()
    assert older.ledger.find(ROWS[1]["key"]).payload["form"] == "full"
    assert older.readout(NAME).look.number == 1
    assert older.verify().readouts == 1


def test_the_same_entry_without_the_field_is_the_same_entry(older: Copilot) -> None:
    """What this version writes under the older key is that entry; what says something else is refused."""
    made = older.experiment(NAME).readouts[0].record
    draft = Draft(experiment=NAME, kind="readout", actor="Ada", payload=made.to_json(), key=ROWS[1]["key"])
    (entry,) = older.ledger.append(draft)
    assert entry.position == 2
    assert older.ledger.head()[0] == 2
    other = draft.model_copy(update={"payload": made.model_copy(update={"look": 2}).to_json()})
    with pytest.raises(Refused, match="says something else"):
        older.ledger.append(other)


def test_only_named_fields_are_left_out(older: Copilot) -> None:
    """A field no version had is refused still, in this kind of entry and in others; none of the removed is in use."""
    entries = list(older.ledger.entries())
    for at, field in ((1, "shape"), (0, "form")):
        strange = entries[at].model_copy(update={"payload": {**entries[at].payload, field: "full"}})
        with pytest.raises(ValidationError, match="Extra inputs"):
            Experiment.fold(NAME, [strange])
    assert REMOVED["readout"].isdisjoint(ReadoutMade.model_fields)
