"""An experiment is the fold of its ledger entries: nothing is stored twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Literal, TypeVar

from copilot_tools.base import Frozen
from expcopilot.records.entry import Entry
from expcopilot.records.events import Amendment, Closing, ReadoutMade, RefusedCommand, Registration
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["Experiment", "Stamped"]

T = TypeVar("T", bound=Frozen)


class Stamped(Frozen, Generic[T]):
    """A record with the entry's position, time and actor."""

    position: int
    time: str
    actor: str
    record: T


class Experiment(Frozen):
    """One experiment as its entries tell it.

    Attributes:
        name: Its name.
        position: Ledger position of its last entry; 0 before the first.
        registration: How the plan was frozen, or None (only quick looks so far).
        amendments: Changes to the plan, in order.
        looks: Every look, in order.
        closing: How it was closed, or None.
        readouts: Readouts made, in order.
        refused: Commands refused, in order.
    """

    name: str
    position: int = 0
    registration: Stamped[Registration] | None = None
    amendments: tuple[Stamped[Amendment], ...] = ()
    looks: tuple[Stamped[Look], ...] = ()
    closing: Stamped[Closing] | None = None
    readouts: tuple[Stamped[ReadoutMade], ...] = ()
    refused: tuple[Stamped[RefusedCommand], ...] = ()

    @property
    def plan(self) -> Plan | None:
        """The plan in force: the last amendment's, else the registered one."""
        if self.amendments:
            return self.amendments[-1].record.plan
        return self.registration.record.plan if self.registration else None

    @property
    def stage(self) -> Literal["idea", "registered", "running", "read", "closed"]:
        """Where it stands."""
        if self.closing:
            return "closed"
        if any(look.record.shows_outcomes for look in self.looks):
            return "read"
        if self.looks:
            return "running"
        return "registered" if self.registration else "idea"

    @property
    def outcome_looks(self) -> tuple[Stamped[Look], ...]:
        """Looks that showed outcomes by arm."""
        return tuple(look for look in self.looks if look.record.shows_outcomes)

    @classmethod
    def fold(cls, name: str, entries: Iterable[Entry]) -> Experiment:
        """Build the experiment from its entries, in ledger order."""
        state = cls(name=name)
        for entry in entries:
            if entry.experiment == name:
                state = state.after(entry)
        return state

    def after(self, entry: Entry) -> Experiment:
        """The experiment after one more entry."""
        stamp = {"position": entry.position, "time": entry.time, "actor": entry.actor}
        match entry.kind:
            case "registered":
                update: dict[str, object] = {
                    "registration": Stamped[Registration](record=Registration.model_validate(entry.payload), **stamp)
                }
            case "amended":
                amendment = Stamped[Amendment](record=Amendment.model_validate(entry.payload), **stamp)
                update = {"amendments": (*self.amendments, amendment)}
            case "looked":
                update = {"looks": (*self.looks, Stamped[Look](record=Look.model_validate(entry.payload), **stamp))}
            case "closed":
                update = {"closing": Stamped[Closing](record=Closing.model_validate(entry.payload), **stamp)}
            case "readout":
                made = Stamped[ReadoutMade](record=ReadoutMade.model_validate(entry.payload), **stamp)
                update = {"readouts": (*self.readouts, made)}
            case "surveyed":
                update = {}
            case "refused":
                refused = Stamped[RefusedCommand](record=RefusedCommand.model_validate(entry.payload), **stamp)
                update = {"refused": (*self.refused, refused)}
        return self.model_copy(update={**update, "position": entry.position})
