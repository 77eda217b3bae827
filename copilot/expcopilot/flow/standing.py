"""How a reading stands: what the ledger knows that the data cannot tell, gathered into ``Circumstances``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from copilot_tools.refusals import Refused
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sequential.registered import next_look
from copilot_tools.stats.spec import AnalysisSpec, Looks
from expcopilot.flow.overlap import shared_share
from expcopilot.records.events import Registration
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["SAME_UNITS", "circumstances", "late_registration", "registered_plan", "shares_units", "unplanned_cuts"]

SAME_UNITS = 0.2
"""Share of common units above which two sets of data count as the same units."""

NEW_UNITS = 0.001
"""Share of the committed units below which nothing new has come in since the look before, or is to come to the end."""

LATE_ROWS = 0.05
"""Share of further units, over those of the first look at the end, that counts as the same end: rows that came late."""


def circumstances(
    experiment: Experiment,
    plan: Plan | None,
    spec: AnalysisSpec,
    evidence: Evidence,
    others: Iterable[Experiment],
    *,
    cuts: tuple[str, ...],
    today: dt.date,
    opens: bool,
) -> Circumstances:
    """Gather the standing of a reading about to be made.

    Args:
        experiment: The experiment as it stands, before this look.
        plan: The plan in force, or None for a quick look.
        spec: What is analysed.
        evidence: What the data was reduced to.
        others: All other experiments of the workspace.
        cuts: Unplanned cuts asked for now.
        today: The calendar's date.
        opens: Whether this reading shows outcomes, and so counts among those that did.
    """
    design = plan.design if plan else None
    before = [look.record for look in experiment.outcome_looks]
    metrics = {c.metric for look in before for c in look.reading.comparisons}
    shown_cuts = {cut for look in before for cut in look.cuts}
    units = [look.evidence.total_units for look in before]
    if opens:
        metrics.update(m.name for m in spec.metrics)
        shown_cuts.update(cuts)
        units.append(evidence.total_units)
    others = tuple(others)
    information, due, stopped = _registered_looks(experiment, plan, evidence, today, opens=opens)
    return Circumstances(
        planned=plan is not None,
        committed_units=design.committed_units if design else None,
        committed_days=design.committed_days if design else None,
        days_run=_days_run(plan, evidence, today),
        post_hoc=_post_hoc(experiment, evidence, others, today) if plan else "",
        attested=str(plan.attested) if plan and plan.attested else "",
        closed_early=experiment.closing.record.reason if experiment.closing and experiment.closing.record.early else "",
        altered=_altered(experiment, plan, spec, evidence),
        outcome_looks=tuple(units),
        metrics_looked=len(metrics),
        cuts_looked=len(shown_cuts),
        unblinded=(
            *(_unblinded(look) for look in experiment.looks if look.record.kind == "unblinding"),
            *(_seen_early(other, look) for other, look in _seen_elsewhere(experiment, evidence, others)),
        ),
        alarms=tuple(_alarms(experiment, spec)),
        shared_units=tuple(_shared(evidence, others)),
        information=information,
        look_due=due,
        stopped=stopped,
    )


def unplanned_cuts(spec: AnalysisSpec, cuts: Iterable[str]) -> tuple[str, ...]:
    """The cuts asked for that the plan does not name, each once, in order."""
    planned = {s.column for s in spec.segments}
    return tuple(dict.fromkeys(c for c in cuts if c not in planned))


def registered_plan(experiment: Experiment) -> Plan:
    """The plan in force, under which data is read.

    Raises:
        Refused: There is none.
    """
    if experiment.plan is None:
        raise Refused.because(
            "look.no_plan",
            f"{experiment.name!r} has no registered plan.",
            "Register one with `expcopilot register PLAN`, or take a quick look with `expcopilot look DATA`.",
            name="experiment",
            value=experiment.name,
        )
    return experiment.plan


def late_registration(plan: Plan, today: dt.date) -> str:
    """Why registering this plan today would be after the fact, by the plan's own dates; "" when it is in time."""
    start = plan.design.first_exposure
    if plan.attested is not None:
        if start is not None and plan.attested.when > start:
            return (
                f"the attested decision of {plan.attested.when.isoformat()} was taken after the first exposure on "
                f"{start.isoformat()}."
            )
        return ""
    if start is not None and start < today:
        return f"the plan was registered on {today.isoformat()}, after the first exposure on {start.isoformat()}."
    return ""


def shares_units(look: Look, evidence: Evidence) -> bool:
    """Whether a look was taken on (largely) the same units."""
    return shared_share(look.evidence.source, evidence.source) >= SAME_UNITS


def _registered_looks(
    experiment: Experiment, plan: Plan | None, evidence: Evidence, today: dt.date, *, opens: bool
) -> tuple[tuple[float, ...], bool, bool]:
    """Shares of the committed units at the registered looks taken; whether one is due early; whether one stopped it.

    A reading that opens is among them. Whatever was opened between registered looks is none of them, and the same units
    again are the same look.
    """
    looks = plan.analysis.looks if plan else None
    committed = plan.design.committed_units if plan else None
    if plan is None or looks is None or committed is None:
        return (), False, False
    stop = _first_stop(experiment)
    before = [s.record.evidence.total_units for s in experiment.looks if s.record.kind == "interim"]
    taken = tuple(dict.fromkeys(units / committed for units in before))
    now = evidence.total_units / committed
    if stop is not None:
        # Data that has shrunk since is altered: it is still this look, and invalid.
        now = max(now, stop.evidence.total_units / committed)
        return ((*taken, now) if opens else taken), True, True
    run = _days_run(plan, evidence, today)
    design = Circumstances(committed_units=committed, committed_days=plan.design.committed_days, days_run=run)
    early = bool(design.shortfall(evidence.total_units))
    again = bool(taken) and evidence.total_units == before[-1]
    due = early and (again or _is_due(looks, committed, taken, evidence.total_units))
    # Closed early right after a look: nothing new to speak of has come in, so it is that look again.
    fresh = not taken or now - taken[-1] >= NEW_UNITS
    planned = due or not early or experiment.closing is not None
    return ((*taken, now) if opens and planned and fresh else taken), due, False


def _is_due(looks: Looks, committed: int, taken: tuple[float, ...], units: int) -> bool:
    """The next registered share is reached, and the committed end is not as good as reached."""
    ahead = next_look(looks, committed, taken)
    return ahead <= units < committed * (1 - NEW_UNITS) and ahead < committed


def _first_stop(experiment: Experiment) -> Look | None:
    """The registered look that stopped the test before its committed end."""
    first = next((s.record for s in experiment.looks if s.record.kind == "outcome" and s.record.shows_outcomes), None)
    return first if first is not None and first.circumstances.look_due else None


def _days_run(plan: Plan | None, evidence: Evidence, today: dt.date) -> float | None:
    if evidence.days is not None:
        # The day that is still running counts when it is over, by the data as by the calendar.
        over = min(evidence.days[1] + dt.timedelta(days=1), today)
        return max((over - evidence.days[0]).days, 0)
    if plan is not None and plan.design.first_exposure is not None:
        return max((today - plan.design.first_exposure).days, 0)
    return None


def _post_hoc(experiment: Experiment, evidence: Evidence, others: tuple[Experiment, ...], today: dt.date) -> str:
    registration, plan = experiment.registration, experiment.plan
    if registration is None or plan is None:
        return ""
    late = (
        registration.record.post_hoc
        or _amended(experiment, registration, evidence, others)
        or _known_before(experiment, registration, evidence, others)
    )
    # Whatever else is late about it: the verdict at the test's end stands, and whoever reads on must be told.
    extended = _extended(experiment, evidence)
    if late and extended:
        return f"{late} {extended[0].upper()}{extended[1:]}"
    return late or extended or _exposed_before(plan, registration.time[:10], evidence, today)


def _amended(
    experiment: Experiment, registration: Stamped[Registration], evidence: Evidence, others: tuple[Experiment, ...]
) -> str:
    for amendment in experiment.amendments:
        if amendment.record.after_outcomes:
            return (
                f"the plan was amended on {amendment.time[:10]} after outcomes had been seen "
                f"({', '.join(amendment.record.changed)}: {amendment.record.reason})."
            )
        for other, look in _of_the_same_test(experiment, evidence, others):
            if registration.position < look.position < amendment.position:
                return (
                    f"the plan was amended on {amendment.time[:10]} after outcomes of the same units had been seen "
                    f"(look {look.record.number} of {other.name})."
                )
    return ""


def _known_before(
    experiment: Experiment, registration: Stamped[Registration], evidence: Evidence, others: tuple[Experiment, ...]
) -> str:
    """Whether the units were known when the plan was written: these, or those of an earlier look at the same test."""
    units = (evidence, *(look.record.evidence for look in experiment.looks if look.position > registration.position))
    told = (
        _seen_before(registration, own, others) or _opened_before(experiment, registration, own, others)
        for own in units
    )
    return next((sentence for sentence in told if sentence), "")


def _seen_before(registration: Stamped[Registration], evidence: Evidence, others: tuple[Experiment, ...]) -> str:
    for other in others:
        for look in other.outcome_looks:
            if look.position < registration.position and shares_units(look.record, evidence):
                return (
                    f"outcomes of the same units were seen on {look.time[:10]} (look {look.record.number} of "
                    f"{other.name}), before this plan was registered on {registration.time[:10]}."
                )
    return ""


def _opened_before(
    experiment: Experiment, registration: Stamped[Registration], evidence: Evidence, others: tuple[Experiment, ...]
) -> str:
    """The same test was already being read under another plan: its counts were known when this one was written."""
    arms = experiment.plan.analysis.arm_names if experiment.plan else ()
    for other in others:
        same = other.plan is not None and frozenset(other.plan.analysis.arm_names) == frozenset(arms)
        for look in other.looks if same else ():
            if look.position < registration.position and shares_units(look.record, evidence):
                return (
                    f"the data was already being read on {look.time[:10]} (look {look.record.number} of {other.name}), "
                    f"before this plan was registered on {registration.time[:10]}."
                )
    return ""


def _extended(experiment: Experiment, evidence: Evidence) -> str:
    """A test has one end, its horizon or the registered look that stopped it: going on until it pleases is no rule."""
    for stamped in experiment.looks:
        look, had = stamped.record, stamped.record.evidence.total_units
        if look.kind == "outcome" and look.shows_outcomes:
            if evidence.total_units <= had * (1 + LATE_ROWS):
                return ""
            where = "a registered look, which stopped the test," if look.circumstances.look_due else "the committed end"
            return (
                f"outcomes were read at {where} on {stamped.time[:10]} with {had:,} units; going on to "
                f"{evidence.total_units:,} was decided after that. The verdict of look {look.number} stands."
            )
    return ""


def _exposed_before(plan: Plan, registered: str, evidence: Evidence, today: dt.date) -> str:
    """Why the data itself says that the first exposure came before the decision."""
    decided = plan.attested.when.isoformat() if plan.attested else registered
    if evidence.days is not None:
        if evidence.days[0].isoformat() >= decided:
            return ""
        what = (
            f"the attested decision of {decided} was taken"
            if plan.attested
            else f"the plan was registered on {decided}"
        )
        return f"{what}, after the first unit in the data on {evidence.days[0].isoformat()}."
    start = plan.design.first_exposure
    # A day of grace: where it is tomorrow already, the ledger's UTC is a day behind.
    if start is not None and start > today + dt.timedelta(days=1) and evidence.total_units:
        return (
            f"the data held {evidence.total_units:,} units on {today.isoformat()}, although by the plan nobody is "
            f"exposed before {start.isoformat()}: nobody can tell which came first."
        )
    return ""


def _of_the_same_test(
    experiment: Experiment, evidence: Evidence, others: Iterable[Experiment]
) -> Iterator[tuple[Experiment, Stamped[Look]]]:
    """Looks of others that showed these units' outcomes; another test that runs on the same people is none of them."""
    plan = experiment.plan
    for other in others:
        plans = [p for p in (plan, other.plan) if p is not None]
        if len({frozenset(p.analysis.arm_names) for p in plans}) == 1:
            yield from ((other, look) for look in other.outcome_looks if shares_units(look.record, evidence))


def _seen_elsewhere(
    experiment: Experiment, evidence: Evidence, others: Iterable[Experiment]
) -> Iterator[tuple[Experiment, Stamped[Look]]]:
    """Looks through another door at this experiment's outcomes, between its registration and its committed end."""
    plan, registration, closing = experiment.plan, experiment.registration, experiment.closing
    if plan is None or registration is None:
        return
    stop = next((s for s in experiment.looks if s.record.kind == "outcome" and s.record.circumstances.look_due), None)
    for other, look in _of_the_same_test(experiment, evidence, others):
        if stop is not None and look.position > stop.position:
            continue  # a registered look had stopped the test: its outcomes were open
        if look.position < registration.position or (closing is not None and look.position > closing.position):
            continue
        then = look.record.evidence
        run = _days_run(plan, then, dt.datetime.fromisoformat(look.time).date())
        design = plan.design
        committed = Circumstances(
            committed_units=design.committed_units, committed_days=design.committed_days, days_run=run
        )
        if committed.shortfall(then.total_units):
            yield other, look


def _shared(evidence: Evidence, others: tuple[Experiment, ...]) -> Iterable[str]:
    for other in others:
        looks = [look for look in other.looks if look.record.shows_outcomes and shares_units(look.record, evidence)]
        if looks:
            yield (
                f"{other.name} was read on the same units ({len(looks)} "
                f"{'look' if len(looks) == 1 else 'looks'} with outcomes)."
            )
        elif other.registration and any(shares_units(look.record, evidence) for look in other.looks):
            yield f"{other.name} is registered on the same units."


def _alarms(experiment: Experiment, spec: AnalysisSpec) -> Iterable[str]:
    """A guardrail once past its margin stays so: the interval that says it holds at every look together."""
    for stamped in experiment.looks:
        for guardrail in stamped.record.reading.guardrails:
            if guardrail.alarm and stamped.record.plan_digest:
                yield (
                    f"At look {stamped.record.number} on {stamped.time[:10]}, {guardrail.metric} in "
                    f"{spec.arm(guardrail.arm).text} was past its registered margin, by an interval that is valid at "
                    "every look."
                )


def _unblinded(look: Stamped[Look]) -> str:
    return (
        f"Outcomes were opened early at look {look.record.number} on {look.time[:10]} by {look.actor}, with "
        f"{look.record.evidence.total_units:,} units in ({look.record.reason})."
    )


def _seen_early(other: Experiment, look: Stamped[Look]) -> str:
    return (
        f"Outcomes of the same units were seen early at look {look.record.number} of {other.name} on {look.time[:10]} "
        f"by {look.actor}, with {look.record.evidence.total_units:,} units in."
    )


def _altered(experiment: Experiment, plan: Plan | None, spec: AnalysisSpec, evidence: Evidence) -> tuple[str, ...]:
    """Data only ever grows under the same plan: fewer units, or the same units with other outcomes, is alteration."""
    if plan is None:
        return ()
    found = []
    in_force = plan.digest
    for stamped in experiment.looks:
        look = stamped.record
        if look.plan_digest != in_force:
            continue
        for arm in spec.arm_names:
            was, now = look.evidence.units_of(arm), evidence.units_of(arm)
            if now < was:
                found.append(
                    f"The data was altered: {arm} had {was:,} units at look {look.number} and has {now:,} now."
                )
                continue
            if now == was and look.shows_outcomes:
                for metric in spec.metrics:
                    then, here = look.evidence.moments_of(metric.name, arm), evidence.moments_of(metric.name, arm)
                    if then and here and not then.close_to(here):
                        found.append(
                            f"The data was altered: {arm} has the same {now:,} units as at look {look.number}, "
                            f"but other values of {metric.name}."
                        )
    return tuple(dict.fromkeys(found))
