"""A cut somebody asked for in conversation: one more look at registered data, counted like any other.

The file is opened where the last look left it, read as it was read then, and only when outcomes are open. What a model
asks for under one call is looked at once, however often the conversation is taken up again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from copilot_tools.refusals import Refused
from expcopilot.flow.looks import planned_look
from expcopilot.flow.open_data import present, reopen
from expcopilot.flow.refusals import refusal_draft
from expcopilot.memory.ledger import Ledger
from expcopilot.records.entry import Entry
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look

__all__ = ["ASKED", "AskedCuts", "is_asked"]

ASKED = "look/asked/"
"""How the keys of looks taken for a question begin."""


def is_asked(entry: Entry) -> bool:
    """Whether an entry is a look taken for a question."""
    return entry.kind == "looked" and entry.key.startswith(ASKED)


@dataclass(frozen=True)
class AskedCuts:
    """Takes looks for questions about one experiment.

    Attributes:
        ledger: The record.
        actor: Who asks.
        today: The calendar's date.
        experiment: Its name.
    """

    ledger: Ledger
    actor: str
    today: Callable[[], date]
    experiment: str

    def take(self, column: str, call: str) -> Look:
        """The look at the data cut by a column: a new one, or the one this call took before.

        Args:
            column: The column, as the data spells it but for case.
            call: What asks: the question's turn and the call's id.

        Raises:
            Refused: Outcomes are closed, the data is gone or has changed, there is no such column, or the look itself
                is refused. On record, as every attempt is.
        """
        key = f"{ASKED}{self.experiment}/{call}"
        if entry := self.ledger.find(key):
            return Look.model_validate(entry.payload)
        try:
            return self._take(column, key)
        except Refused as refused:
            self.ledger.append(refusal_draft(self.experiment, "ask", refused, actor=self.actor))
            raise

    def _take(self, column: str, key: str) -> Look:
        entries = tuple(self.ledger.entries())
        state = Experiment.fold(self.experiment, entries)
        last = _last_open(state)
        location = last.evidence.source.location
        if location is None or not present(location):
            raise Refused.because(
                "ask.no_data",
                "The data of the last look is no longer where it was (or was typed by hand), so it cannot be cut.",
                f"Read it again: `expcopilot analyze {self.experiment} DATA --cut COLUMN`.",
                name="data",
            )
        named = _column(last, column)
        if named in {*last.cuts, *(s.column for s in last.spec.segments)}:
            return last  # these numbers are there already: no look is spent on them
        source = reopen(Path(location), last)
        if source.describe().digest != last.evidence.source.digest:
            raise Refused.because(
                "ask.data_changed",
                "The data has changed since the last look, so a cut of it would not be a cut of what was read.",
                f"Take the look yourself first: `expcopilot analyze {self.experiment} DATA`.",
                name="data",
            )
        names = [n for n in self.ledger.experiments() if n != self.experiment]
        others = [Experiment.fold(n, entries) for n in names]
        draft = planned_look(
            state, source, others, actor=self.actor, today=self.today(), cuts=tuple(dict.fromkeys((*last.cuts, named)))
        )
        entry = self.ledger.append_if(state.position, draft.model_copy(update={"key": key}))[0]
        return Look.model_validate(entry.payload)


def _last_open(state: Experiment) -> Look:
    last = state.looks[-1].record if state.looks else None
    closed = last is None or not last.shows_outcomes or last.kind == "interim"
    if state.plan is None or last is None or closed or last.plan_digest is None:
        raise Refused.because(
            "ask.closed",
            "Outcomes are not open in this experiment, so nothing is cut.",
            "Wait for the committed end, and read the data then.",
            name="experiment",
            value=state.name,
        )
    return last


def _column(last: Look, asked: str) -> str:
    columns = last.evidence.source.columns
    found = [c for c in columns if c == asked] or [c for c in columns if c.lower() == asked.strip().lower()]
    if len(found) != 1:
        known = ", ".join(columns) or "none that can be cut by"
        raise Refused.because(
            "ask.no_column",
            "The data has no column of the name that was asked for.",
            f"Its columns: {known}.",
            name="cut",
        )
    if found[0] in {last.spec.unit, last.spec.arm_column}:
        raise Refused.because(
            "ask.not_a_cut",
            f"{found[0]!r} says who is who and in which arm; it cuts nothing.",
            "Ask for a column that describes the units, such as their device.",
            name="cut",
            value=found[0],
        )
    return found[0]
