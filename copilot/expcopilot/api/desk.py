"""The desk every verb works at: a workspace with its ledger, what it holds, and how drafts and refusals get on it."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from copilot_tools.refusals import Refused
from expcopilot.flow.refusals import refusal_draft
from expcopilot.memory.ledger import Ledger, Wanted
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft, Entry
from expcopilot.records.experiment import Experiment

__all__ = ["Desk"]


class Desk:
    """A workspace at work: its record read, and entries appended to it.

    Attributes:
        workspace: The folder, its settings and its ledger.
        ledger: The record.
    """

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self.workspace = workspace
        self.ledger = ledger

    @classmethod
    def init(cls, folder: str | Path, *, person: str, email: str = "", organisation: str = "") -> Self:
        """Make a workspace in ``folder`` and open it.

        Raises:
            Refused: There is a workspace already, or the folder cannot be written.
        """
        workspace = Workspace.create(Path(folder), person=person, email=email, organisation=organisation)
        return cls(workspace, workspace.ledger)

    @classmethod
    def open(cls, folder: str | Path = ".", *, person: str = "") -> Self:
        """Open the workspace that holds ``folder``.

        Args:
            folder: A folder of it.
            person: Who acts, one of the people its settings name; the first of them by default.

        Raises:
            Refused: There is none, its settings or ledger cannot be read, or it knows no such person.
        """
        workspace = Workspace.find(Path(folder))
        if person:
            workspace = workspace.acting_as(person)
        return cls(workspace, workspace.ledger)

    def experiments(self) -> tuple[Experiment, ...]:
        """All experiments, in order of first appearance."""
        entries: dict[str, list[Entry]] = {}
        for entry in self.ledger.entries():
            if entry.experiment:
                entries.setdefault(entry.experiment, []).append(entry)
        return tuple(Experiment.fold(name, own) for name, own in entries.items())

    def experiment(self, name: str) -> Experiment:
        """One experiment as the ledger tells it.

        Raises:
            Refused: There is none of this name.
        """
        self.refuse_unknown(name)
        return self._fold(name)

    def refuse_unknown(self, name: str) -> None:
        """Refuse a name that no experiment has.

        Raises:
            Refused: There is none of this name.
        """
        known = self.ledger.experiments()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise Refused.because(
                "experiment.unknown",
                f"There is no experiment {name!r} in this workspace (known: {', '.join(known) or 'none yet'}).",
                (f"Did you mean {near[0]!r}? " if near else "")
                + "Register its plan first: `expcopilot register PLAN`.",
                name="experiment",
                value=name,
            )

    def log(self, name: str | None = None) -> tuple[Entry, ...]:
        """Ledger entries in order: of one experiment, or all."""
        if name is not None:
            self.refuse_unknown(name)
        return tuple(self.ledger.entries(name))

    def entries(self, wanted: Wanted, *, before: int = 0, most: int = 50) -> tuple[Entry, ...]:
        """The newest ledger entries of an experiment, kind or person, the newest first: a page of them.

        Args:
            wanted: Which.
            before: Only those at a lower position; 0 for all.
            most: How many at most.

        Raises:
            Refused: There is no such experiment.
        """
        if wanted.experiment:
            self.refuse_unknown(wanted.experiment)
        return self.ledger.page(wanted, before=before, most=most)

    def tally(self, wanted: Wanted) -> dict[tuple[str, str], int]:
        """(Kind, person) -> how many ledger entries."""
        return self.ledger.tally(wanted)

    def today(self) -> dt.date:
        """The calendar's date in UTC, as the ledger stamps it: a clock set back does not make it earlier again."""
        now = dt.datetime.now(tz=dt.UTC).date()
        latest = self.ledger.latest()
        return max(now, dt.datetime.fromisoformat(latest).date()) if latest else now

    # --- inside -------------------------------------------------------------------------------------------------

    def _today(self) -> dt.date:
        return self.today()

    def _fold(self, name: str) -> Experiment:
        return Experiment.fold(name, self.ledger.entries(name))

    def _others(self, name: str) -> tuple[Experiment, ...]:
        return tuple(e for e in self.experiments() if e.name != name)

    def _append(self, state: Experiment, draft: Draft) -> Experiment:
        """Append unless another process got in between, and return the experiment as it then stands."""
        entry = self.ledger.append_if(state.position, draft)[0]
        return state.after(entry)

    @contextmanager
    def _recorded(self, experiment: str, command: str) -> Iterator[None]:
        """A refusal is part of the record: every attempt counts."""
        try:
            yield
        except Refused as refused:
            self._record_refusal(experiment, command, refused)
            raise

    def _record_blinded(self, refused: Refused) -> None:
        """The attempt belongs to the record of the experiment whose blinding it would have broken, too."""
        for refusal in refused.refusals:
            if refusal.code == "look.blinded" and isinstance(refusal.value, str):
                self._record_refusal(refusal.value, "look", refused)

    def _record_refusal(self, experiment: str, command: str, refused: Refused) -> None:
        if all(r.code.startswith(("ledger.", "experiment.unknown")) for r in refused.refusals):
            return  # the ledger itself is the trouble, or there is no experiment to record it under
        self.ledger.append(refusal_draft(experiment, command, refused, actor=self.workspace.actor))
