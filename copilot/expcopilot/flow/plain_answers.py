"""Answers without a model to the questions that come in every test: why not stop, what now, did it win. By code alone.

Each sentence comes from the plan, the last look and its verdict; nothing is said of outcomes that are closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from copilot_tools.refusals import Refusal
from copilot_tools.stats import formats
from copilot_tools.stats.reading import Guardrail
from copilot_tools.stats.sequential.registered import next_look
from copilot_tools.stats.spec import Metric
from expcopilot.flow.asked_part import asked_part, of_a_part
from expcopilot.flow.why import explain
from expcopilot.outputs.report.standing import Showing, showing
from expcopilot.outputs.report.yardstick import figures
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["About", "about", "plain_answer"]

About = Literal["stop", "cut", "conflict", "verdict", ""]

_WORDS: tuple[tuple[About, tuple[str, ...]], ...] = (
    ("stop", ("stop", "early", "peek", "end it", "call it", "wait any longer", "why wait", "how long")),
    ("conflict", (" but ", "guardrail", "at the expense", "trade", "worse", "what now", "now what", "what next")),
    ("verdict", ("win", "won", "why", "significan", "better", "verdict", "result", "mean")),
)
_UP = re.compile(r"\b(?:up|rose|risen|rises?|higher|increased|grew|gained|improved|more)\b")
_DOWN = re.compile(r"\b(?:down|fell|fallen|falls?|dropped|drops?|lower|decreased|declined|lost|less|fewer)\b")


def about(question: str, plan: Plan | None = None, look: Look | None = None) -> About:
    """What a question is about, by its words and the names in plan and data; "" where none fits."""
    asked = f" {question.lower()} "
    guards = [m.name.lower() for m in plan.analysis.guardrails] if plan is not None else []
    for subject, words in _WORDS:
        if subject == "conflict":
            if asked_part(question, look, plan):
                return "cut"
            if (_UP.search(asked) and _DOWN.search(asked)) or any(name in asked for name in guards):
                return subject
        if any(word in asked for word in words):
            return subject
    return ""


def plain_answer(state: Experiment, question: str) -> tuple[str, ...]:
    """What the record says to a question, in whole sentences; nothing where it says nothing to it."""
    look = state.looks[-1].record if state.looks else None
    plan = state.plan
    tellers: dict[str, Callable[[], Iterator[str]]] = {
        "stop": lambda: _stop(state, plan, look),
        "cut": lambda: _cut(state.name, plan, look, question),
        "conflict": lambda: _conflict(plan, look, question),
        "verdict": lambda: _verdict(look),
    }
    subject = about(question, plan, look)
    return tuple(tellers[subject]()) if subject else ()


def _cut(name: str, plan: Plan | None, look: Look | None, question: str) -> Iterator[str]:
    """A question about some of the units: the verdict is of all of them."""
    if look is not None:
        yield from _verdict(look)
    yield from of_a_part(name, plan, look, question, closed=not _open(look))


def _open(look: Look | None) -> bool:
    return look is not None and showing(look) is Showing.OPEN


def _stop(state: Experiment, plan: Plan | None, look: Look | None) -> Iterator[str]:
    if plan is None:
        yield "Nothing is registered yet, so nothing runs that could be stopped: the plan names the end beforehand."
        return
    if state.closing is not None:
        yield "The experiment is closed already; what was read stands on its readout."
        return
    if _open(look):
        yield from _verdict(look)
        yield "The outcomes are open, so stopping now costs the conclusion nothing: close it."
        return
    if look is not None and showing(look) is Showing.SET_ASIDE:
        yield from _verdict(look)
        yield "Waiting for more of the same data does not mend that."
        return
    if plan.analysis.looks is None:
        yield f"The outcomes open at the committed end, and not before: {_missing(plan, look)}."
    else:
        yield f"The outcomes open at the registered looks and at the committed end: {_ahead(plan, look)}."
        yield "At a registered look the test stops by a boundary that was fixed beforehand, which pays for looking."
    yield (
        "Between the arms a difference comes and goes by chance; whoever may stop as soon as it looks good finds a win "
        "in tests of two identical versions, far more often than the plan's error rate says."
    )
    if not any(m.role == "guardrail" for m in plan.analysis.metrics):
        yield "The plan names no guardrail, so nothing would warn of harm before the end; an amendment can name one."
    elif _alarms(look):
        yield "A guardrail's alarm stands now, and an alarm stops the test at any time."
    else:
        yield "Guardrails are watched all the while: their alarm would stop the test at any time."
    yield "It may be ended early for a reason of its own: the estimate is shown then, and never counts as supported."


def _ahead(plan: Plan, look: Look | None) -> str:
    looks, committed = plan.analysis.looks, plan.design.committed_units
    if looks is None or committed is None:
        return _missing(plan, look)
    taken = look.circumstances.information if look is not None else ()
    ahead = next_look(looks, committed, taken)
    where = "the next look is at" if ahead < committed else "no look is left before the end, at"
    return f"{where} {ahead:,} units; {_missing(plan, look)}"


def _missing(plan: Plan, look: Look | None) -> str:
    if look is not None and (short := look.circumstances.shortfall(look.evidence.total_units)):
        return short
    design = plan.design
    ends = [f"{design.committed_units:,} units"] if design.committed_units is not None else []
    ends += [f"{design.committed_days:g} days"] if design.committed_days is not None else []
    return f"the plan commits to {' and '.join(ends) or 'no size, so an amendment has to name one'}"


def _verdict(look: Look | None) -> Iterator[str]:
    if look is None:
        yield "No data has been read yet, so there is no verdict."
        return
    why = explain(look)
    yield f"The verdict of look {why.look} is {why.phrase}. {why.sentence}"
    changes = [change for arm in why.arms for change in arm.changes]
    if changes:
        yield f"What would change it: {changes[0]}"


def _conflict(plan: Plan | None, look: Look | None, question: str) -> Iterator[str]:
    if plan is None:
        yield "No plan is registered, so nobody has said yet which number decides and which must not get worse."
        return
    spec = plan.analysis
    guards = [m for m in spec.metrics if m.role == "guardrail"]
    watched = f"watches {'; '.join(_guarded(m) for m in guards)}" if guards else "names no guardrail"
    yield f"The plan decides by {spec.primary.name}, and {watched}."
    if look is not None and showing(look) is Showing.SET_ASIDE:
        yield from _verdict(look)
        yield from (_alarm(look, guardrail) for guardrail in look.reading.guardrails if guardrail.alarm)
    elif look is None or not _open(look):
        yield "The outcomes are closed, so up and down cannot be told from chance here; guardrail alarms are shown."
        if look is None and guards:
            yield "No data has been read yet, so no alarm could have been raised."
        elif look is not None and _alarms(look):
            yield from (_alarm(look, guardrail) for guardrail in look.reading.guardrails if guardrail.alarm)
        elif guards:
            named = ", ".join(m.name for m in guards)
            yield f"The last look raised no alarm: {named} {'is' if len(guards) == 1 else 'are'} not past the margin."
    else:
        yield from _verdict(look)
        yield from (_state(look, guardrail) for guardrail in look.reading.guardrails)
        others = [m.name for m in spec.metrics if m.role == "secondary" and _named(m, question)]
        if others:
            yield f"{', '.join(others)} is a secondary number: it explains, and moves no verdict."
    yield (
        "A number the plan does not name cannot overrule it afterwards: name it as a guardrail, with how much worse is "
        "tolerated, in the next plan; weighing one against the other is a decision of people."
    )


def _guarded(metric: Metric) -> str:
    if metric.margin is None:
        return metric.name
    return f"{metric.name} (by {formats.effect_size(metric, metric.margin.size, metric.margin.scale)} at most)"


def _alarms(look: Look | None) -> bool:
    return look is not None and any(guardrail.alarm for guardrail in look.reading.guardrails)


def _alarm(look: Look, guardrail: Guardrail) -> str:
    return (
        f"{guardrail.metric} in {look.spec.arm(guardrail.arm).text} is past its margin: that is harm, whatever the "
        "primary number does."
    )


def _state(look: Look, guardrail: Guardrail) -> str:
    """What the look said of a guardrail: its state, its effect and the margin beside it."""
    if guardrail.alarm:
        said = _alarm(look, guardrail).removesuffix(".")
    else:
        arm = look.spec.arm(guardrail.arm).text
        state = (
            "is shown not to be worse by its margin"
            if guardrail.safe
            else "is not shown safe: its interval reaches past the margin, so a loss that matters remains possible"
        )
        said = f"{guardrail.metric} in {arm} {state}"
    if isinstance(guardrail.effect, Refusal):
        return f"{said}."
    metric = look.spec.metric(guardrail.metric)
    scale = "relative" if guardrail.scale == "relative" else "absolute"
    margin = formats.effect_size(metric, guardrail.margin, scale).removeprefix("+")
    effect, interval = figures(metric, guardrail.effect)
    turned = ", + being better" if metric.sign < 0 else ""
    return f"{said} ({effect}, {interval}{turned}; tolerated is a worsening by {margin})."


def _named(metric: Metric, question: str) -> bool:
    return metric.name.lower() in question.lower()
