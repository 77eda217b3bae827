"""Freeze a plan, or change a frozen one in the open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.flow.standing import late_registration
from expcopilot.flow.steps.check_plan import unanswered
from expcopilot.flow.steps.shown_while_blinded import shown_while_blinded
from expcopilot.records.entry import Draft
from expcopilot.records.events import Amendment, Registration
from expcopilot.records.experiment import Experiment
from expcopilot.records.plan import Plan

__all__ = ["amend", "register"]


def register(experiment: Experiment, plan: Plan, *, actor: str, today: dt.date) -> Draft:
    """Freeze a plan: digest, who, when. Late registrations are stamped post hoc, never refused.

    Raises:
        Refused: The experiment is registered already, or the plan leaves open what must be decided before the data.
    """
    if experiment.registration is not None:
        same = experiment.plan is not None and experiment.plan.digest == plan.digest
        raise Refused.because(
            "plan.registered",
            f"{plan.experiment!r} was registered on {experiment.registration.time[:10]} by "
            f"{experiment.registration.actor}" + (", with exactly this plan." if same else ", with another plan."),
            "Nothing to do."
            if same
            else "Change it in the open with `expcopilot register --amend --reason ...`, or rename this one.",
            name="experiment",
            value=plan.experiment,
        )
    refuse_if_any([*unanswered(plan), *shown_while_blinded(plan.analysis), *_attested_to_come(plan, today)])
    record = Registration(plan=plan, digest=plan.digest, post_hoc=late_registration(plan, today))
    return Draft(
        experiment=plan.experiment,
        kind="registered",
        actor=actor,
        payload=record.to_json(),
        key=f"register/{plan.experiment}/{plan.digest}",
    )


def amend(experiment: Experiment, plan: Plan, *, actor: str, reason: str, today: dt.date) -> Draft:
    """Change a registered plan. After outcomes were seen, everything read from then on is post hoc.

    A guardrail's alarm is seen, too: it is called from outcomes by arm.

    Raises:
        Refused: Not registered, closed, nothing changed, no reason given, or the changed plan is incomplete.
    """
    old = experiment.plan
    if old is None:
        raise Refused.because(
            "plan.not_registered",
            f"{plan.experiment!r} is not registered, so there is nothing to amend.",
            "Register it with `expcopilot register PLAN`.",
            name="experiment",
            value=plan.experiment,
        )
    if experiment.closing is not None:
        raise Refused.because(
            "plan.closed",
            f"{plan.experiment!r} was closed on {experiment.closing.time[:10]}: its plan cannot change any more.",
            "Start a new experiment under another name.",
            name="experiment",
            value=plan.experiment,
        )
    if not reason.strip():
        raise Refused.because(
            "plan.no_reason",
            "An amendment needs a reason.",
            "Give it in one sentence; on the command line with `--reason`.",
            name="reason",
            value="",
        )
    refuse_if_any([*unanswered(plan), *shown_while_blinded(plan.analysis), *_attested_to_come(plan, today)])
    changed = tuple(sorted(set(_differences(old.to_json(), plan.to_json()))))
    if not changed:
        raise Refused.because(
            "plan.unchanged",
            f"The plan of {plan.experiment!r} is the same as the one in force.",
            "Edit the plan file first.",
            name="experiment",
            value=plan.experiment,
        )
    record = Amendment(
        plan=plan,
        digest=plan.digest,
        reason=reason.strip(),
        changed=changed,
        after_outcomes=bool(experiment.outcome_looks)
        or any(g.alarm for look in experiment.looks for g in look.record.reading.guardrails),
    )
    number = len(experiment.amendments) + 1
    return Draft(
        experiment=plan.experiment,
        kind="amended",
        actor=actor,
        payload=record.to_json(),
        key=f"amend/{plan.experiment}/{number}/{plan.digest}",
    )


def _attested_to_come(plan: Plan, today: dt.date) -> Iterator[Refusal]:
    # A day of grace: where it is tomorrow already, the ledger's UTC is a day behind.
    if plan.attested is not None and plan.attested.when > today + dt.timedelta(days=1):
        yield Refusal(
            code="plan.attested_to_come",
            reason=f"The decision attested was taken on {plan.attested.when.isoformat()}, which is still to come.",
            cure="Write the day on which it was taken, or leave `attested` out.",
            name="attested.when",
            value=plan.attested.when.isoformat(),
        )


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Dotted names of the fields that differ; a list that changed is named as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {*old, *new}:
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path
