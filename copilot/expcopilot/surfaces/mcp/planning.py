"""Verbs before the data: an idea sharpened, a plan drafted and checked, registered, amended, closed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import Effect
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.new_plan import GuardrailAnswer
from expcopilot.language.roles.sharpener import SharpenerField
from expcopilot.memory import plan_files
from expcopilot.records.plan import Plan
from expcopilot.surfaces.mcp.answers import Ask
from expcopilot.surfaces.mcp.gates import Asked, Done, Gate
from expcopilot.surfaces.mcp.reading import OfExperiment
from expcopilot.surfaces.mcp.room import Room
from expcopilot.surfaces.mcp.shown import gate_shown
from expcopilot.surfaces.mcp.summaries import status_of
from expcopilot.surfaces.mcp.verbs import Answer, Verb

__all__ = ["PLANNING", "PLANNING_GATES"]

Channel = Literal["landing-page", "email", "push", "ad", "other"]
Text = Annotated[str, Field(max_length=4000)]

_PLAN_FILES = frozenset({".yaml", ".yml"})


class SaidOf(Frozen):
    """One answer of the person.

    Attributes:
        field: What it fills: change, audience, because, metric, direction, size, falsifier, north_star, guardrails.
        answer: In their words.
    """

    field: SharpenerField
    answer: Text


class IdeaSaid(OfExperiment):
    """An idea, and what the person has said of it so far.

    Attributes:
        experiment: A short name: lower-case letters, digits, dots and dashes.
        idea: In the person's words.
        channel: Where it runs, if they said so.
        answers: What they answered to the questions of an earlier call. Only what they said: invent nothing.
    """

    idea: Annotated[str, Field(min_length=1, max_length=4000)]
    channel: Channel | None = None
    answers: tuple[SaidOf, ...] = ()


class PlanWanted(Frozen):
    """What the person answered. Leave out what they did not say; what is missing comes back as questions.

    Attributes:
        name: The experiment's short name; where it has an approved hypothesis the plan begins with what that says.
        channel: Where the experiment runs.
        change: What changes.
        audience: For whom.
        because: Why it should work.
        metric: Name of the number that decides.
        kind: A share of units ("proportion"), or a number a unit ("mean").
        direction: Which way is better.
        matters: Smallest change that would matter: {"size": 0.05, "scale": "relative"} is 5% of control.
        guardrails: What must not get worse, each with the worsening that is tolerated.
        baseline: The number's level today: a share for a proportion.
        sd: Standard deviation of one unit's value, for a number a unit.
        traffic_per_week: Units a week that can enter the test, over all arms.
        list_size: Units on a fixed list.
        start: First day of exposure.
        currency: ISO 4217 code of money.
        falsifier: What result would prove it wrong.
        north_star: How the number serves the company.
        looks: Shares of the units at which to look before the end; none for one look, at the end.
        save: Whether to write the draft into the workspace's folder of plans; an existing file is never overwritten.
    """

    name: Annotated[str, Field(max_length=80)] = ""
    channel: Channel | None = None
    change: Text | None = None
    audience: Text | None = None
    because: Text | None = None
    metric: Text | None = None
    kind: Literal["proportion", "mean"] | None = None
    direction: Literal["increase", "decrease"] | None = None
    matters: Effect | None = None
    guardrails: tuple[GuardrailAnswer, ...] | None = None
    baseline: float | None = None
    sd: float | None = None
    traffic_per_week: float | None = None
    list_size: int | None = None
    start: dt.date | None = None
    currency: str | None = None
    falsifier: Text | None = None
    north_star: Text | None = None
    looks: tuple[float, ...] | None = None
    save: bool = False


class PlanGiven(Frozen):
    """A plan.

    Attributes:
        plan: The plan file's text (YAML), as `new_plan` returns it.
        file: Or the name of a plan file in the workspace's folder of plans. Give one of the two.
    """

    plan: Annotated[str, Field(max_length=200_000)] = ""
    file: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _one(self) -> PlanGiven:
        if bool(self.plan.strip()) == bool(self.file.strip()):
            raise ValueError("give the plan's text or the name of its file: one of the two")
        return self


class PlanChanged(PlanGiven):
    """A changed plan.

    Attributes:
        plan: The whole plan as it should stand (YAML).
        file: Or the name of its file in the workspace's folder of plans. Give one of the two.
        reason: Why; it stands on the readout.
    """

    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class End(OfExperiment):
    """The end of an experiment.

    Attributes:
        experiment: Its name.
        early: Before the committed end; then a person is asked, and nothing read from it is ever "supported".
        reason: Why, for an early end.
    """

    early: bool = False
    reason: Annotated[str, Field(max_length=2000)] = ""


def _sharpen(room: Room, said: IdeaSaid) -> Answer:
    draft = room.copilot.holes(said.idea, _sharpening(said))
    told = draft.model_dump(mode="json", exclude_none=True, exclude={"questions"})
    questions = [{"field": q.field, "question": q.question} for q in draft.questions]
    past = [p.to_json() for p in room.copilot.similar(said.idea, but=said.experiment)]
    said_ = (
        f"{len(questions)} questions are open: put them to the person one by one, and call again with their answers."
        if questions
        else "No question is open: put the hypothesis before the person with `propose_hypothesis`."
    )
    return Answer(said_, {"hypothesis": told, "questions": questions, "similar": past}, said.experiment)


def _sharpening(said: IdeaSaid) -> dict[str, Any]:
    answers = [{"field": a.field, "question": a.field, "answer": a.answer} for a in said.answers]
    return {"idea": said.idea, "channel": said.channel or "", "answers": answers}


def _new_plan(room: Room, wanted: PlanWanted) -> Answer:
    given = wanted.model_dump(mode="json", exclude_none=True, exclude={"name", "save"})
    drafted = room.copilot.new(wanted.name, **given)
    size, plan = drafted.size, drafted.plan
    told: dict[str, Any] = {
        "experiment": plan.experiment,
        "ready": not any(q.weight == "must" for q in drafted.open),
        "questions": [q.to_json() for q in drafted.open],
        "size": {"units": size.total, "per_arm": list(size.per_arm)} if size else None,
        "remarks": [t for t in (drafted.unsized, drafted.looking, drafted.warning, drafted.note) if t],
        "digest": plan.digest,
        "plan": plan_files.render(plan),
    }
    if wanted.save:
        told["file"] = str(plan_files.save(plan, room.copilot.workspace.plans / f"{plan.experiment}.yaml"))
    said = (
        f"A draft of a plan for {plan.experiment}; nothing is registered. Show it to the person before you register it."
    )
    rest = Ask("check_plan", {"file": f"plans/{plan.experiment}.yaml"}) if wanted.save else None
    return Answer(said, told, plan.experiment, rest)


def _check_plan(room: Room, given: PlanGiven) -> Answer:
    plan = _plan(room, given)
    questions = room.copilot.check(plan)
    must = [q for q in questions if q.weight == "must"]
    said = f"{len(must)} questions must be answered before it is registered." if must else "It can be registered."
    told = {
        "experiment": plan.experiment,
        "ready": not must,
        "questions": [q.to_json() for q in questions],
        "digest": plan.digest,
        "plan": plan_files.render(plan),
    }
    return Answer(said, told, plan.experiment)


def _plan(room: Room, given: PlanGiven) -> Plan:
    if not given.file.strip():
        return plan_files.parse(given.plan)
    path, plans = room.folders.find(given.file), room.copilot.workspace.plans
    # What is wrong with a plan is told with its keys and values: of any other file that would be its content.
    if not path.is_relative_to(plans.resolve()) or path.suffix.lower() not in _PLAN_FILES:
        raise Refused.because(
            "folder.no_plan",
            f"{given.file!r} is no plan file: those end in .yaml or .yml and lie in {plans}.",
            "Give the plan's text as plan, or ask the person to put the file there.",
            name="file",
            value=given.file,
        )
    return plan_files.load(path)


# --- gates -----------------------------------------------------------------------------------------------------


def _put(room: Room, name: str, move: Move, given: dict[str, Any], *, again: bool) -> Asked | Done:
    waiting = room.copilot.put(name, move, given, channel="mcp", again=again)
    return _done(room, name, "Done") if waiting is None else _asked(room, waiting)


def _asked(room: Room, waiting: Any) -> Asked:
    plan = room.copilot.experiment(waiting.experiment).plan
    text = gate_shown(waiting, plan)
    elsewhere = f"expcopilot chat {waiting.experiment}"
    return Asked(waiting.gate, waiting.experiment, waiting.question, text, waiting.digest, elsewhere, waiting)


def _done(room: Room, name: str, what: str) -> Done:
    state = room.copilot.experiment(name)
    return Done(Answer(f"{what}: nothing in it needs a person.", status_of(state), name))


def _settle(room: Room, asked: Asked, action: Literal["approve", "reject"], reason: str) -> Answer:
    room.copilot.answer(asked.token, action, reason=reason)
    state = room.copilot.experiment(asked.experiment)
    last = next(d for d in reversed(state.decisions) if d.record.digest == asked.digest)
    verb = "approved" if last.record.action == "approve" else "rejected"
    told = {
        "state": verb,
        "gate": asked.gate,
        "digest": asked.digest,
        "by": last.actor,
        "reason": last.record.reason,
        **{k: v for k, v in status_of(state).items() if k in {"experiment", "stage", "next", "moves", "plan_digest"}},
    }
    return Answer(f"A person has {verb} exactly the text shown; it is on record.", told, state.name)


def _put_hypothesis(room: Room, said: IdeaSaid, again: bool) -> Asked | Done:
    return _put(room, said.experiment, Move.SHARPEN, _sharpening(said), again=again)


def _put_plan(room: Room, given: PlanGiven, again: bool) -> Asked | Done:
    plan = _plan(room, given)
    return _put(room, plan.experiment, Move.REGISTER, {"plan": plan.to_json()}, again=again)


def _put_amendment(room: Room, given: PlanChanged, again: bool) -> Asked | Done:
    plan = _plan(room, given)
    told = {"plan": plan.to_json(), "reason": given.reason}
    return _put(room, plan.experiment, Move.AMEND, told, again=again)


def _put_end(room: Room, end: End, again: bool) -> Asked | Done:
    room.copilot.experiment(end.experiment)
    return _put(room, end.experiment, Move.CLOSE, {"early": end.early, "reason": end.reason}, again=again)


def _put_pending(room: Room, wanted: OfExperiment, again: bool) -> Asked | Done:
    del again  # it is only ever looked for
    waiting = room.copilot.waiting(wanted.experiment)
    return _done(room, wanted.experiment, "Nothing waits") if waiting is None else _asked(room, waiting)


def _gate(name: str, summary: str, when: str, arguments: type[Frozen], put: Any, example: dict[str, Any]) -> Gate:
    verb = Verb(name, summary, when, arguments, lambda _room, _given: Answer("", {}), (example,), writes=True)
    return Gate(verb, put, _settle)


_IDEA = {"experiment": "short-form", "idea": "A shorter form in the checkout should bring more orders"}
_SAID = {
    "change": "The form has three fields instead of nine",
    "audience": "Everybody who reaches the checkout",
    "because": "Interviews say that the long form scares people away",
    "metric": "orders",
    "matters": {"size": 0.1, "scale": "relative"},
    "baseline": 0.05,
    "traffic_per_week": 20_000,
}

PLANNING: tuple[Verb, ...] = (
    Verb(
        "sharpen",
        "From an idea to a hypothesis: what was said, and a question for every hole.",
        "Somebody has an idea. Call it again with every answer.",
        IdeaSaid,
        _sharpen,
        (_IDEA,),
    ),
    Verb(
        "new_plan",
        "Draft a plan from answers, sized; nothing is registered.",
        "The hypothesis stands, or the person answers at once.",
        PlanWanted,
        _new_plan,
        ({"name": "short-form", **_SAID, "start": "2100-01-04"},),
        writes=True,
    ),
    Verb(
        "check_plan",
        "What a plan leaves open, as questions.",
        "Before a plan is registered, or after it was edited.",
        PlanGiven,
        _check_plan,
        ({"file": "plans/checkout.yaml"},),
    ),
)
"""Verbs that draft and check."""

_ASKS = "A person is asked, and only they can answer."
PLANNING_GATES: tuple[Gate, ...] = (
    _gate("propose_hypothesis", f"Put a sharpened hypothesis before a person. {_ASKS}",
          "No question of `sharpen` is open any more.", IdeaSaid, _put_hypothesis, _IDEA),
    _gate("register_plan", f"Freeze a plan before its data is seen. {_ASKS}",
          "`check_plan` says that it can be registered.", PlanGiven, _put_plan, {"file": "plans/checkout.yaml"}),
    _gate("amend_plan", f"Change a registered plan in the open, with a reason. {_ASKS}",
          "A registered plan has to change.", PlanChanged, _put_amendment,
          {"file": "plans/checkout.yaml", "reason": "Traffic is half of what we expected"}),
    _gate("close_experiment", f"Close an experiment: at its end, or early with a reason. Early: {_ASKS.lower()}",
          "Its outcomes were read at the end; or it has to stop before.", End, _put_end, {"experiment": "checkout"}),
    _gate("pending_approval", f"Put what waits in an experiment before a person once more. {_ASKS}",
          "`status` says that something waits for a person.", OfExperiment, _put_pending, {"experiment": "checkout"}),
)  # fmt: skip
"""Verbs that stop before a person."""
