"""The plan of an experiment: a draft to check and register, then sealed; and the experiment's end."""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import PlainTextResponse, Response

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats import formats
from expcopilot.api.drafting import PlanFile
from expcopilot.flow import gates
from expcopilot.flow.moves import Move, legal_moves
from expcopilot.flow.steps.check_plan import Question
from expcopilot.flow.steps.readout import changes
from expcopilot.memory import plan_files
from expcopilot.outputs.report.content import Block, Table
from expcopilot.outputs.report.planned import changes_table, plan_blocks
from expcopilot.outputs.report.words import counted, when
from expcopilot.outputs.report.yardstick import yardstick
from expcopilot.records.experiment import Experiment
from expcopilot.records.plan import Plan
from expcopilot.surfaces.web.proposing import propose
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.views import plan_file, plan_form
from expcopilot.surfaces.web.views.hypothesis import hypothesis_card
from expcopilot.surfaces.web.views.parts import Part
from expcopilot.surfaces.web.views.plan_file import typed_file
from expcopilot.surfaces.web.views.plan_form import answers_of
from expcopilot.surfaces.web.views.plan_size import Sized, sized
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "hypothesis_part", "plan_part"]


class Seal(NamedTuple):
    """How a plan was frozen.

    Attributes:
        digest: Of the plan in force.
        by: Who registered it.
        at: When.
        stamps: (label, sentence): post hoc, attested, changed after outcomes were seen.
        amendments: How often it was changed since, in words, or "".
    """

    digest: str
    by: str
    at: str
    stamps: tuple[tuple[str, str], ...]
    amendments: str


class PlanView(NamedTuple):
    """A plan as it stands.

    Attributes:
        name: The experiment.
        plan: The plan in force, else the one in its file; None where there is none.
        file: The plan file, or None.
        faults: Why that file holds no plan.
        must: What stops a registration.
        should: What would better be answered, too.
        seal: How it was frozen; None for a draft.
        waits: It waits for a decision.
        moves: What can be done now.
        summary: (label, text): what decides, what matters, what must not get worse, when it ends.
        due: The committed end was read, so that closing is no early stop.
        begins: Its hypothesis is approved, so that the form begins with it.
    """

    name: str
    plan: Plan | None
    file: PlanFile | None
    faults: tuple[Refusal, ...]
    must: tuple[Question, ...]
    should: tuple[Question, ...]
    seal: Seal | None
    waits: bool
    moves: frozenset[str]
    summary: tuple[tuple[str, str], ...]
    due: bool
    begins: bool


def hypothesis_part(visit: Visit, state: Experiment) -> Part | None:
    """The hypothesis, where one was put before a person."""
    del visit
    return hypothesis_card(state)


def plan_part(visit: Visit, state: Experiment) -> Part | None:
    """The plan in short: a draft with what it leaves open, or sealed; and how the experiment is closed."""
    view = _view(visit, state)
    if view.plan is None and view.file is None and state.stage != "idea":
        return None  # only looked at quickly, and closed to planning
    return Part("plan", "Plan", "plan_part.html.jinja", view)


def _view(visit: Visit, state: Experiment) -> PlanView:
    copilot = visit.copilot
    file = copilot.plan_file(state.name)
    pending = gates.pending(state)
    asked = Plan.model_validate(pending.record.content) if pending and pending.record.gate == "plan" else None
    plan = state.plan or asked or (file.plan if file else None)
    questions = tuple(
        q.model_copy(update={"question": on_page(q.question)})
        for q in (copilot.check(plan) if plan is not None and state.plan is None else ())
    )
    moves = frozenset(move.value for move in legal_moves(state))
    return PlanView(
        name=state.name,
        plan=plan,
        file=file,
        faults=file.faults if file is not None and state.plan is None else (),
        must=tuple(q for q in questions if q.weight == "must"),
        should=tuple(q for q in questions if q.weight == "should"),
        seal=_seal(state),
        waits=pending is not None and pending.record.gate in {"plan", "amendment", "early_close"},
        moves=moves,
        summary=_summary(plan) if plan is not None else (),
        due=any(look.record.kind == "outcome" for look in state.looks),
        begins=gates.approved(state, "hypothesis") is not None,
    )


def _seal(state: Experiment) -> Seal | None:
    registration, plan = state.registration, state.plan
    if registration is None or plan is None:
        return None
    stamps = [
        *([("Post hoc", f"because {registration.record.post_hoc}")] if registration.record.post_hoc else []),
        *([("Attested", str(plan.attested))] if plan.attested is not None else []),
        *(
            [("Changed after outcomes were seen", "readings since then are post hoc.")]
            if any(a.record.after_outcomes for a in state.amendments)
            else []
        ),
    ]
    amended = counted(len(state.amendments), "amendment") if state.amendments else ""
    return Seal(plan.digest, registration.actor, when(registration.time), tuple(stamps), amended)


def _summary(plan: Plan) -> tuple[tuple[str, str], ...]:
    spec, design = plan.analysis, plan.design
    guards = "; ".join(
        g.name
        + (
            f" ({formats.effect_size(g, -g.sign * g.margin.size, g.margin.scale)} at most)"
            if g.margin is not None
            else ""
        )
        for g in spec.guardrails
    )
    ends = [
        *([f"{formats.count(design.committed_units)} units"] if design.committed_units else []),
        *([f"{design.committed_days / 7:g} weeks"] if design.committed_days else []),
    ]
    label, _, measure = yardstick(spec).sentence.partition(": ")
    return (
        ("Decides", spec.primary.name),
        (label, measure) if measure else ("What would matter", label),
        ("Must not get worse", guards or "nothing named"),
        ("Ends at", " and ".join(ends) or "not settled yet"),
        ("Begins", design.first_exposure.isoformat() if design.first_exposure else "not stated"),
    )


# --- the plan's own page --------------------------------------------------------------------------------------------


def _plan(visit: Visit) -> Response:
    name, copilot = visit.named, visit.copilot
    view = _view(visit, _state(visit))
    if view.plan is None and view.file is None:
        return visit.go(experiment_at(name, below="plan/answers"))
    blocks: tuple[Block, ...] = plan_blocks(view.plan) if view.plan is not None else ()
    history: Table | None = changes_table(changes(_state(visit))) if view.seal else None
    size: Sized | None = None
    answered = answers_of(visit, name)
    if view.seal is None and not view.waits and answered is not None:
        found = sized(copilot, name, *answered)
        made = found.sizing.drafted.plan if found.sizing else None
        size = found if made is not None and view.plan is not None and _same_size(made, view.plan) else None
    return visit.page("plan.html.jinja", view=view, blocks=blocks, raw=_raw(view), history=history, sized=size)


def _raw(view: PlanView) -> str:
    """The plan in force as text, else its file as it stands."""
    return plan_files.render(view.plan) if view.seal and view.plan else view.file.text if view.file else ""


def _same_size(made: Plan, stands: Plan) -> bool:
    """A size is shown beside a plan only while it is that plan's."""
    return made.analysis == stands.analysis and made.design == stands.design


def _download(visit: Visit) -> Response:
    """The plan in force, else its file as it stands.

    Raises:
        Refused: There is neither.
    """
    view = _view(visit, _state(visit))
    if view.plan is None and view.file is None:
        raise _no_file(visit.named)
    text = _raw(view)
    named = f'attachment; filename="{visit.copilot.plan_name(visit.named)}.yaml"'
    return PlainTextResponse(text, headers={"content-disposition": named}, media_type="application/yaml")


def _state(visit: Visit) -> Experiment:
    """The experiment; one that is a plan file and nothing else yet is an idea.

    Raises:
        Refused: There is neither.
    """
    name, copilot = visit.named, visit.copilot
    if name in copilot.ledger.experiments() or copilot.plan_file(name) is None:
        return copilot.experiment(name)
    return Experiment(name=name)


# --- what is decided ------------------------------------------------------------------------------------------------


def _register(visit: Visit) -> Response:
    name = visit.named
    file = visit.copilot.plan_file(name)
    if file is None:
        raise _no_file(name)
    if file.plan is None:
        raise Refused(*file.faults)
    words = f"/register {typed_file(name)}"
    return visit.go(propose(visit, name, Move.REGISTER, {"plan": file.plan.to_json()}, words=words))


def _no_file(name: str) -> Refused:
    return Refused.because(
        "plan.no_file", f"{name!r} has no plan file yet.", "Write its plan first.", name="plan", value=name
    )


def _close(visit: Visit) -> Response:
    name, early, reason = visit.named, visit.said("early") == "yes", visit.reason()
    words = f"/close --early {reason}" if early else "/close"
    given = {"early": early, "reason": reason if early else ""}
    return visit.go(propose(visit, name, Move.CLOSE, given, words=words))


ROUTES = [
    shows("/e/{name}/plan", _plan),
    shows("/e/{name}/plan.yaml", _download),
    does("/e/{name}/plan/register", _register),
    does("/e/{name}/close", _close),
    *plan_form.ROUTES,
    *plan_file.ROUTES,
]
