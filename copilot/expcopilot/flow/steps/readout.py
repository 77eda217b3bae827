"""Gather what a readout says: the latest look, every look before it, the plan and its changes, the ledger's head."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refused
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft, Entry
from expcopilot.records.events import ReadoutMade, Written
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.look import Look
from expcopilot.records.readout import ChangeLine, LookLine, Readout

__all__ = ["assemble", "changes", "made", "pick"]


def assemble(experiment: Experiment, entry_of_look: Entry, *, number: int | None = None) -> Readout:
    """The readout of one look as data.

    Args:
        experiment: The experiment.
        entry_of_look: The ledger entry of the reported look: its digest is printed, so that whoever keeps the readout
            can prove what stood when.
        number: Which look; the last by default.

    Raises:
        Refused: There is no such look.
    """
    stamped = pick(experiment, number)
    look = stamped.record
    plan = experiment.plan_of(look.plan_digest)
    if plan is None:
        primary = look.spec.primary
        arms = ", ".join(a.text for a in look.spec.treatments)
        question = f"Quick look: {primary.name}, {arms} against {look.spec.arm(look.spec.control).text}"
    else:
        question = plan.question
    written = experiment.written_for(look.number) or Written(look=look.number)
    closing = experiment.closing
    closed = ""
    if closing is not None:
        closed = f"Closed on {closing.time[:10]} by {closing.actor}" + (
            f", early: {closing.record.reason}" if closing.record.early else ""
        )
    return Readout(
        experiment=experiment.name,
        question=question,
        plan=plan,
        look=look,
        looked_at=stamped.time,
        looked_by=stamped.actor,
        looks=tuple(_look_lines(experiment)),
        changes=changes(experiment),
        closed=closed,
        ledger_head=entry_of_look.digest,
        ledger_position=entry_of_look.position,
        recompute=("expcopilot verify", f"expcopilot readout {experiment.name} --look {look.number}"),
        prose=written.prose,
        without=written.without,
    )


def pick(experiment: Experiment, number: int | None = None) -> Stamped[Look]:
    """The stamped look with this number, or the last one."""
    if not experiment.looks:
        raise Refused.because(
            "readout.no_look",
            f"{experiment.name!r} has not been looked at yet, so there is nothing to read out.",
            f"Read its data first: `expcopilot analyze {experiment.name} DATA`.",
            name="experiment",
            value=experiment.name,
        )
    if number is None:
        return experiment.looks[-1]
    for stamped in experiment.looks:
        if stamped.record.number == number:
            return stamped
    raise Refused.because(
        "readout.unknown_look",
        f"{experiment.name!r} has {len(experiment.looks)} looks, so there is no look {number}.",
        f"Choose one from 1 to {len(experiment.looks)}.",
        name="look",
        value=number,
    )


def made(readout: Readout, files: tuple[str, ...], *, actor: str) -> Draft:
    """The entry that says a readout left the house; the same readout made again is the same entry."""
    content = digest(readout.to_json())
    record = ReadoutMade(look=readout.look.number, digest=content, files=files)
    return Draft(
        experiment=readout.experiment,
        kind="readout",
        actor=actor,
        payload=record.to_json(),
        key=f"readout/{readout.experiment}/{content}/{'+'.join(files)}",
    )


def _look_lines(experiment: Experiment) -> Iterator[LookLine]:
    for stamped in experiment.looks:
        look = stamped.record
        yield LookLine(
            number=look.number,
            time=stamped.time,
            actor=stamped.actor,
            kind=look.kind,
            units=look.evidence.total_units,
            cuts=look.cuts,
            verdict=look.verdict.phrase,
            reason=look.reason,
        )


def changes(experiment: Experiment) -> tuple[ChangeLine, ...]:
    """How the plan came to stand: its registration and every amendment, in order."""
    return tuple(_changes(experiment))


def _changes(experiment: Experiment) -> Iterator[ChangeLine]:
    registration = experiment.registration
    if registration is not None:
        post_hoc = registration.record.post_hoc
        yield ChangeLine(
            time=registration.time,
            actor=registration.actor,
            what="registered" + (", post hoc" if post_hoc else ""),
            reason=post_hoc,
            digest=registration.record.digest,
        )
    for amendment in experiment.amendments:
        yield ChangeLine(
            time=amendment.time,
            actor=amendment.actor,
            what=f"amended: {', '.join(amendment.record.changed)}",
            reason=amendment.record.reason,
            digest=amendment.record.digest,
            after_outcomes=amendment.record.after_outcomes,
        )
