"""Recompute every look from plan and moments, re-read data where it still is, rebuild readouts: name any difference."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sources.source import Source
from expcopilot.flow.blinding import at_interim, without_outcomes
from expcopilot.flow.looks import judge
from expcopilot.flow.open_data import present
from expcopilot.flow.standing import circumstances, late_registration
from expcopilot.flow.steps.readout import assemble
from expcopilot.records.digest import digest
from expcopilot.records.entry import Entry
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.verification import Verification

__all__ = ["verify"]

Reopen = Callable[[Path, Look], Source]


def verify(entries: Iterable[Entry], chain_faults: Iterable[str], reopen: Reopen) -> Verification:
    """Recompute what the ledger says.

    Args:
        entries: All entries, in order.
        chain_faults: What the ledger's own check of its chain found.
        reopen: Opens the data of a look again.
    """
    state = _State()
    head, count = "", 0
    state.faults.extend(chain_faults)
    for entry in entries:
        count, head = count + 1, entry.digest
        try:
            state.take(entry)
        except (ValidationError, Refused) as error:
            state.faults.append(
                f"Entry {entry.position} ({entry.kind} of {entry.experiment}) cannot be recomputed: {error}"
            )
    state.check_data(reopen)
    return Verification(
        entries=count,
        head=head,
        looks=state.looks,
        sources=state.sources,
        readouts=state.readouts,
        faults=tuple(dict.fromkeys(state.faults)),
        notes=tuple(dict.fromkeys(state.notes)),
    )


class _State:
    """The experiments as they stood at each entry, and what was found on the way."""

    def __init__(self) -> None:
        self.experiments: dict[str, Experiment] = {}
        self.look_entries: dict[tuple[str, int], Entry] = {}
        self.looks = self.sources = self.readouts = 0
        self.faults: list[str] = []
        self.notes: list[str] = []

    def take(self, entry: Entry) -> None:
        before = self.experiments.get(entry.experiment, Experiment(name=entry.experiment))
        after = before.after(entry)
        if entry.kind == "looked":
            self.check_look(before, after.looks[-1].record, entry)
            self.look_entries[entry.experiment, after.looks[-1].record.number] = entry
        elif entry.kind in {"registered", "amended"}:
            self.check_plan(after, entry)
        elif entry.kind == "readout":
            self.check_readout(before, after, entry)
        self.experiments[entry.experiment] = after

    def check_plan(self, after: Experiment, entry: Entry) -> None:
        if after.plan is not None and after.plan.digest != entry.payload["digest"]:
            self.faults.append(f"The plan in entry {entry.position} ({entry.experiment}) does not fit its own digest.")
        if entry.kind == "registered" and after.registration is not None:
            plan, said = after.registration.record.plan, after.registration.record.post_hoc
            if all(said != late_registration(plan, day) for day in _days_of(entry)):
                self.faults.append(
                    f"Entry {entry.position} ({entry.experiment}) does not say truly whether its plan came in time."
                )

    def check_look(self, before: Experiment, look: Look, entry: Entry) -> None:
        plan = before.plan if look.plan_digest else None
        if plan is not None and plan.digest != look.plan_digest:
            self.faults.append(
                f"Look {look.number} of {before.name} was read under another plan than the one in force."
            )
        found: list[str] = []
        for today in _days_of(entry):
            again = self.look_again(before, look, plan, today)
            found = list(_differences(look.to_json(), again.to_json()))
            if not found:
                break
        self.looks += 1
        if found:
            self.faults.append(
                f"Look {look.number} of {before.name} does not recompute: {', '.join(found[:5])}"
                + (f" and {len(found) - 5} more." if len(found) > 5 else ".")
            )

    def look_again(self, before: Experiment, look: Look, plan: Plan | None, today: dt.date) -> Look:
        """The look as it is computed now from what the ledger kept."""
        others = [e for name, e in self.experiments.items() if name != before.name]
        stand = functools.partial(
            circumstances, before, plan, look.spec, look.evidence, others, cuts=look.cuts, today=today
        )
        standing = stand(opens=look.shows_outcomes)
        if look.kind == "unblinding":
            said = {"unblinded": look.circumstances.unblinded, "information": stand(opens=False).information}
            standing = standing.model_copy(update=said)
        return judge(
            look.number,
            look.kind,
            plan,
            look.spec,
            look.evidence,
            standing,
            cuts=look.cuts,
            reason=look.reason,
            seen=look.reading,
        )

    def check_readout(self, before: Experiment, after: Experiment, entry: Entry) -> None:
        made = after.readouts[-1].record
        readout = assemble(before, self.look_entries[before.name, made.look], number=made.look)
        self.readouts += 1
        if digest(readout.to_json()) != made.digest:
            self.faults.append(f"The readout of entry {entry.position} ({before.name}) does not rebuild to its digest.")

    def check_data(self, reopen: Reopen) -> None:
        for experiment in self.experiments.values():
            for look in _last_by_location(experiment):
                self.check_source(experiment.name, look, reopen)

    def check_source(self, name: str, look: Look, reopen: Reopen) -> None:
        info = look.evidence.source
        where = f"the data of look {look.number} of {name} ({info.name})"
        if info.location is None:
            self.notes.append(f"{where[0].upper()}{where[1:]} was given by hand; recomputed from its moments.")
            return
        path = Path(info.location)
        if not present(info.location):
            self.notes.append(f"{where[0].upper()}{where[1:]} is no longer where it was; recomputed from its moments.")
            return
        try:
            source = reopen(path, look)
            if source.describe().digest != info.digest:
                self.faults.append(f"{where[0].upper()}{where[1:]} has changed since it was read.")
                return
            evidence = source.scan(look.spec, metrics=look.spec.metrics, cuts=look.cuts)
        except Refused as refused:
            told = f"{where[0].upper()}{where[1:]} cannot be read any more: {refused}"
            away = {r.code for r in refused.refusals} <= {"warehouse.unreachable", "warehouse.no_driver"}
            (self.notes if away else self.faults).append(told)  # a warehouse out of reach contradicts nothing
            return
        self.sources += 1
        if look.kind == "interim":
            evidence = at_interim(look.spec, evidence)
        elif not look.shows_outcomes:
            evidence = without_outcomes(look.spec, evidence)
        if not _same_evidence(look.evidence, evidence):
            self.faults.append(f"{where[0].upper()}{where[1:]} no longer gives the moments that were kept.")


def _days_of(entry: Entry) -> tuple[dt.date, dt.date]:
    """The entry's day and the one before: a command may begin before midnight and be recorded after it."""
    day = dt.datetime.fromisoformat(entry.time).date()
    return day, day - dt.timedelta(days=1)


def _last_by_location(experiment: Experiment) -> Iterator[Look]:
    """A file that grew between looks is the same file; only its last reading can still be checked against it."""
    last: dict[str | None, Look] = {}
    for stamped in experiment.looks:
        last[stamped.record.evidence.source.location] = stamped.record
    yield from last.values()


def _same_evidence(kept: Evidence, again: Evidence) -> bool:
    if {(u.arm, u.slice, u.units) for u in kept.units} != {(u.arm, u.slice, u.units) for u in again.units}:
        return False
    for cell in kept.cells:
        moments = again.moments_of(cell.metric, cell.arm, cell.slice)
        if moments is None or not moments.close_to(cell.moments):
            return False
    return True


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Dotted places where two JSON values differ by more than rounding."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _differences(a, b, f"{path}[{i}]")
    elif isinstance(old, float) and isinstance(new, float | int) and not isinstance(new, bool):
        if not math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12):
            yield path
    elif old != new:
        yield path
