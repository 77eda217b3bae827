"""The only door to an experiment's data: checks it, applies the blinding, calls the tools, and counts the look."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from typing import Literal

from copilot_tools.refusals import Refused
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import decide
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.practical import Practical, practical
from copilot_tools.stats.reading import Reading, alarms, read, read_interim
from copilot_tools.stats.sequential.registered import RegisteredLook, registered_look
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity.case import blinded_checks, case_for_null
from copilot_tools.stats.validity.looks import looks as looks_taken
from copilot_tools.stats.verdict_table import Row
from expcopilot.flow.blinding import (
    at_interim,
    refuse_blinded_data,
    refuse_blinded_layout,
    refuse_blinded_units,
    without_outcomes,
)
from expcopilot.flow.standing import circumstances, registered_plan, unplanned_cuts
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["judge", "planned_look", "quick_look"]

LookKind = Literal["blinded", "interim", "outcome", "unblinding", "quick"]


def planned_look(
    experiment: Experiment,
    source: Source,
    others: Iterable[Experiment],
    *,
    actor: str,
    today: dt.date,
    cuts: tuple[str, ...] = (),
    unblind: str = "",
) -> Draft:
    """Take one look under the registered plan: blinded, unless the committed end or a registered look is reached.

    Args:
        experiment: Registered, and not closed (unless closed early, which opens it).
        source: The data.
        others: All other experiments of the workspace.
        actor: Who looks.
        today: The calendar's date.
        cuts: Further columns to slice by.
        unblind: Why outcomes must be opened before the committed end; empty to stay blinded.

    Raises:
        Refused: No plan, closed, or data that cannot be read under the plan; every problem together.
    """
    plan = registered_plan(experiment)
    if experiment.closing and experiment.concluded:
        raise Refused.because(
            "look.closed",
            f"{experiment.name!r} was closed on {experiment.closing.time[:10]}: nothing more is read for it.",
            "Its readout stands (`expcopilot readout`). A further question is a new experiment.",
            name="experiment",
            value=experiment.name,
        )
    others = tuple(others)
    spec = plan.analysis
    extra = unplanned_cuts(spec, cuts)
    evidence = source.scan(spec, metrics=spec.metrics, cuts=extra)
    stand = functools.partial(circumstances, experiment, plan, spec, evidence, others, cuts=extra, today=today)
    standing = stand(opens=False)
    early = standing.goes_on(evidence.total_units)
    if early and standing.look_due and not unblind and _has_outcomes(spec, evidence):
        refuse_blinded_units(evidence, others, today)
        at = functools.partial(circumstances, experiment, plan, spec, others=others, cuts=extra, today=today)
        look = _registered(len(experiment.looks) + 1, plan, evidence, at, cuts=extra, stopped=standing.stopped)
        return _draft(experiment.name, look, actor)
    opens = (bool(unblind) or not early) and _has_outcomes(spec, evidence)
    kind: LookKind = "blinded" if not opens else "unblinding" if early else "outcome"
    if opens:
        refuse_blinded_units(evidence, others, today)
    _refuse_closed_cuts(kind, spec, evidence, extra)
    number = len(experiment.looks) + 1
    taken = standing.information
    if opens:
        standing = stand(opens=True)
    if kind == "unblinding":
        note = (
            f"Outcomes were opened early at this look by {actor}, with {evidence.total_units:,} units in ({unblind})."
        )
        standing = standing.model_copy(update={"unblinded": (*standing.unblinded, note), "information": taken})
    look = judge(
        number, kind, plan, spec, evidence, standing, cuts=extra, reason=unblind if kind == "unblinding" else ""
    )
    return _draft(experiment.name, look, actor)


def _registered(
    number: int,
    plan: Plan,
    evidence: Evidence,
    stand: Callable[..., Circumstances],
    *,
    cuts: tuple[str, ...],
    stopped: bool,
) -> Look:
    """A registered look before the committed end: it stops the test and opens everything, or lets it go on.

    While a blocking check or an alarm stands nothing is opened, and the look is not used up.
    """
    spec = plan.analysis
    if not stopped:
        _refuse_closed_cuts("interim", spec, evidence, cuts)
        bare = without_outcomes(spec, evidence)
        closed = judge(number, "blinded", plan, spec, evidence, stand(bare, opens=False))
        if closed.verdict.row is not Row.NOT_YET:
            return closed
        kept = at_interim(spec, evidence)
        open_ = judge(number, "interim", plan, spec, kept, stand(kept, opens=True))
        if open_.verdict.row in {Row.CONTINUE, Row.INVALID}:
            return open_
    return judge(number, "outcome", plan, spec, evidence, stand(evidence, opens=True), cuts=cuts)


def quick_look(
    experiment: Experiment,
    spec: AnalysisSpec,
    source: Source,
    others: Iterable[Experiment],
    *,
    actor: str,
    today: dt.date,
    cuts: tuple[str, ...] = (),
) -> Draft:
    """Take one look without a plan: exploratory, and refused on the data of a registered, blinded experiment.

    Args:
        experiment: Where quick looks at this data are counted.
        spec: What is looked at.
        source: The data.
        others: All other experiments of the workspace.
        actor: Who looks.
        today: The calendar's date.
        cuts: Further columns to slice by.

    Raises:
        Refused: The data is a blinded experiment's, or cannot be read.
    """
    others = tuple(others)
    # Before the scan: the data of a blinded experiment is not even read for its outcomes.
    refuse_blinded_layout(spec, source.describe(), others, today)
    extra = unplanned_cuts(spec, cuts)
    evidence = source.scan(spec, metrics=spec.metrics, cuts=extra)
    refuse_blinded_data(spec, evidence, others, today)
    _refuse_closed_cuts("quick", spec, evidence, extra)
    opens = _has_outcomes(spec, evidence)
    standing = circumstances(experiment, None, spec, evidence, others, cuts=extra, today=today, opens=opens)
    look = judge(len(experiment.looks) + 1, "quick", None, spec, evidence, standing, cuts=extra)
    return _draft(experiment.name, look, actor)


def judge(
    number: int,
    kind: LookKind,
    plan: Plan | None,
    spec: AnalysisSpec,
    evidence: Evidence,
    standing: Circumstances,
    *,
    cuts: tuple[str, ...] = (),
    reason: str = "",
    seen: Reading | None = None,
) -> Look:
    """From evidence to a whole look: estimates, objections, verdict. Pure, so that ``verify`` can do it again.

    Args:
        number: Of the look within its experiment.
        kind: What may be shown.
        plan: In force, or None.
        spec: What is analysed.
        evidence: What the data was reduced to.
        standing: How the reading stands in the ledger.
        cuts: Unplanned cuts.
        reason: Why outcomes are opened early.
        seen: The reading a blinded look recorded: its alarms cannot be computed again from evidence without outcomes.
    """
    horizon = standing.committed_units
    at = _look_at(kind, spec, evidence, standing)
    withheld = not _has_outcomes(spec, evidence)
    month: tuple[Practical, ...] = ()
    if kind == "blinded" or withheld:
        if withheld and seen is not None:
            alarming = seen.guardrails
        else:
            alarming = () if withheld else tuple(g for g in alarms(spec, evidence, horizon=horizon) if g.alarm)
        reading = Reading(comparisons=(), guardrails=alarming)
        evidence = without_outcomes(spec, evidence)
        objections = blinded_checks(spec, evidence, standing)
    elif kind == "interim" and at is not None:
        reading = read_interim(spec, evidence, at, horizon=horizon)
        objections = (*blinded_checks(spec, evidence, standing), looks_taken(spec, standing))
    else:
        reading = read(spec, evidence, horizon=horizon, registered=at)
        objections = case_for_null(spec, evidence, reading, standing)
        if plan is not None and plan.design.traffic_per_month is not None:
            month = practical(spec, reading, plan.design.traffic_per_month, plan.design.value_per_unit)
    return Look(
        number=number,
        kind=kind,
        reason=reason,
        spec=spec,
        plan_digest=plan.digest if plan else None,
        evidence=evidence,
        circumstances=standing,
        cuts=cuts,
        reading=reading,
        practical=month,
        objections=objections,
        verdict=decide(spec, standing, evidence.total_units, reading, objections),
    )


def _look_at(kind: LookKind, spec: AnalysisSpec, evidence: Evidence, standing: Circumstances) -> RegisteredLook | None:
    """The registered look this is, with its boundary; None where it is none."""
    if kind not in {"interim", "outcome"}:
        return None
    # Who closes early has not reached the end: spending the rest then would reward a peek at a look that went on.
    ended = not standing.shortfall(evidence.total_units) or not (standing.look_due or standing.closed_early)
    return registered_look(spec, standing, last=ended)


def _refuse_closed_cuts(kind: LookKind, spec: AnalysisSpec, evidence: Evidence, cuts: tuple[str, ...]) -> None:
    """While outcomes are closed there is no further cut: units by a column that holds the outcome are the outcome."""
    if cuts and (kind in {"blinded", "interim"} or not _has_outcomes(spec, evidence)):
        raise Refused.because(
            "look.closed_cut",
            f"Outcomes are still closed, so nothing is cut by {', '.join(cuts)}: the plan does not name it, and units "
            "counted by it could show them.",
            "Leave --cut out now, and ask again once outcomes are open.",
            name="cut",
            value=", ".join(cuts),
        )


def _has_outcomes(spec: AnalysisSpec, evidence: Evidence) -> bool:
    """Whether the scan brought outcomes back; a policy still to be chosen keeps them closed."""
    return any(c.metric == spec.primary.name for c in evidence.cells)


def _draft(name: str, look: Look, actor: str) -> Draft:
    return Draft(experiment=name, kind="looked", actor=actor, payload=look.to_json(), key=f"look/{name}/{look.number}")
