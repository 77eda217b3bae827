"""An experiment is the fold of its ledger entries: nothing is stored twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Literal, TypeVar

from copilot_tools.base import Frozen
from expcopilot.records.answer import Answered
from expcopilot.records.entry import Entry
from expcopilot.records.events import Amendment, Closing, ReadoutMade, RefusedCommand, Registration, Said, Written
from expcopilot.records.gate import Decision, Proposal
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.removed import payload_of

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
        turns: The conversation, in order.
        answers: What models answered, in order.
        proposals: What was put before a person, in order.
        decisions: What persons decided, in order.
        written: Prose for readouts, in order.
    """

    name: str
    position: int = 0
    registration: Stamped[Registration] | None = None
    amendments: tuple[Stamped[Amendment], ...] = ()
    looks: tuple[Stamped[Look], ...] = ()
    closing: Stamped[Closing] | None = None
    readouts: tuple[Stamped[ReadoutMade], ...] = ()
    refused: tuple[Stamped[RefusedCommand], ...] = ()
    turns: tuple[Stamped[Said], ...] = ()
    answers: tuple[Stamped[Answered], ...] = ()
    proposals: tuple[Stamped[Proposal], ...] = ()
    decisions: tuple[Stamped[Decision], ...] = ()
    written: tuple[Stamped[Written], ...] = ()

    @property
    def plan(self) -> Plan | None:
        """The plan in force: the last amendment's, else the registered one."""
        if self.amendments:
            return self.amendments[-1].record.plan
        return self.registration.record.plan if self.registration else None

    def plan_of(self, digest: str | None) -> Plan | None:
        """The plan with this digest, as registered or amended: what was in force when a look was taken."""
        stood = ([self.registration.record] if self.registration else []) + [a.record for a in self.amendments]
        return next((record.plan for record in stood if record.digest == digest), None)

    @property
    def stage(self) -> Literal["idea", "registered", "running", "read", "closed"]:
        """Where it stands."""
        if self.closing:
            return "closed"
        if any(look.record.shows_outcomes and look.record.kind != "interim" for look in self.looks):
            return "read"
        if self.looks:
            return "running"
        return "registered" if self.registration else "idea"

    @property
    def concluded(self) -> bool:
        """Whether it was closed at its end: nothing more is read for it. One stopped early may still be read."""
        return self.closing is not None and not self.closing.record.early

    @property
    def outcome_looks(self) -> tuple[Stamped[Look], ...]:
        """Looks that showed outcomes by arm."""
        return tuple(look for look in self.looks if look.record.shows_outcomes)

    def written_for(self, look: int) -> Written | None:
        """The prose that stands for a look: the last one written."""
        return next((w.record for w in reversed(self.written) if w.record.look == look), None)

    @classmethod
    def fold(cls, name: str, entries: Iterable[Entry]) -> Experiment:
        """Build the experiment from its entries, in ledger order: as ``after`` one by one, without a copy for each."""
        position, alone = 0, dict[str, object]()
        listed: dict[str, list[object]] = {}
        for entry in entries:
            if entry.experiment != name:
                continue
            position = entry.position
            if entry.kind in _ONE:
                field, record = _ONE[entry.kind]
                alone[field] = _stamped(record, entry)
            elif entry.kind in _MANY:
                field, record = _MANY[entry.kind]
                listed.setdefault(field, []).append(_stamped(record, entry))
        update = {**alone, **{field: tuple(found) for field, found in listed.items()}}
        return cls(name=name).model_copy(update={"position": position, **update})

    def after(self, entry: Entry) -> Experiment:
        """The experiment after one more entry."""
        update: dict[str, object] = {"position": entry.position}
        if entry.kind in _ONE:
            field, record = _ONE[entry.kind]
            update[field] = _stamped(record, entry)
        elif entry.kind in _MANY:
            field, record = _MANY[entry.kind]
            update[field] = (*getattr(self, field), _stamped(record, entry))
        return self.model_copy(update=update)


_ONE: dict[str, tuple[str, type[Frozen]]] = {
    "registered": ("registration", Registration),
    "closed": ("closing", Closing),
}
_MANY: dict[str, tuple[str, type[Frozen]]] = {
    "amended": ("amendments", Amendment),
    "looked": ("looks", Look),
    "readout": ("readouts", ReadoutMade),
    "refused": ("refused", RefusedCommand),
    "said": ("turns", Said),
    "answered": ("answers", Answered),
    "proposed": ("proposals", Proposal),
    "decided": ("decisions", Decision),
    "written": ("written", Written),
}
"""Which field an entry's kind feeds, and what its payload is; "surveyed" belongs to no experiment."""


def _stamped(record: type[T], entry: Entry) -> Stamped[T]:
    return Stamped(
        position=entry.position, time=entry.time, actor=entry.actor, record=record.model_validate(payload_of(entry))
    )
