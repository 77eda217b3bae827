"""Close an experiment: at its end, or early with a reason that is stamped on whatever is read afterwards."""

from __future__ import annotations

from copilot_tools.refusals import Refused
from expcopilot.records.entry import Draft
from expcopilot.records.events import Closing
from expcopilot.records.experiment import Experiment

__all__ = ["close"]


def close(experiment: Experiment, *, actor: str, early: bool, reason: str) -> Draft:
    """Close the experiment.

    Args:
        experiment: Registered and open.
        actor: Who closes it.
        early: Before the committed end: its outcomes may then be read, stamped, and are never "supported".
        reason: Why; needed when early.

    Raises:
        Refused: Not registered, closed already, no reason for an early end, the end is not reached, or it is: then
            closing is no early stop.
    """
    name = experiment.name
    if experiment.registration is None:
        raise Refused.because(
            "close.not_registered",
            f"{name!r} has no registered plan, so there is nothing to close.",
            "See `expcopilot log` for the experiments of this workspace.",
            name="experiment",
            value=name,
        )
    if experiment.closing is not None:
        raise Refused.because(
            "close.closed",
            f"{name!r} was closed on {experiment.closing.time[:10]} by {experiment.closing.actor} already.",
            "Its readout stands: `expcopilot readout`.",
            name="experiment",
            value=name,
        )
    if early and not reason.strip():
        raise Refused.because(
            "close.no_reason",
            "Stopping early needs a reason: it is stamped on the readout.",
            "Give it in one sentence; on the command line with `--reason`.",
            name="reason",
            value="",
        )
    ended = next((look for look in experiment.looks if look.record.kind == "outcome"), None)
    if not early and ended is None:
        raise Refused.because(
            "close.not_read",
            f"{name!r} has not been read at its committed end.",
            "Read it first with `expcopilot analyze`; or stop with `--early --reason ...`.",
            name="experiment",
            value=name,
        )
    if early and ended is not None:
        stopped = ended.record.circumstances.look_due
        where = "was stopped by its plan at a registered look" if stopped else "was read at its committed end"
        raise Refused.because(
            "close.not_early",
            f"{name!r} {where} already (look {ended.record.number}, {ended.time[:10]}), so this is no early stop.",
            "Close it without `--early`.",
            name="experiment",
            value=name,
        )
    record = Closing(early=early, reason=reason.strip())
    return Draft(experiment=name, kind="closed", actor=actor, payload=record.to_json(), key=f"close/{name}")
