"""The data of a registered experiment: brought here, held against the plan, and read by one counted look."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.spec import Arm
from expcopilot.flow.blinding import opening_reason
from expcopilot.flow.data_in_view import InView
from expcopilot.flow.declared_data import counted_by_hand, typed_fields, usual_form
from expcopilot.flow.moves import Move, legal_moves
from expcopilot.memory.data_files import ENDINGS, DataFile
from expcopilot.records.experiment import Experiment
from expcopilot.records.plan import Plan
from expcopilot.surfaces.web.safety import UPLOAD_BYTES
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.uploading import receives
from expcopilot.surfaces.web.views.given_data import (
    FORMS,
    Given,
    attempt,
    form_key,
    kept,
    opener,
    problems_shown,
    stated,
)
from expcopilot.surfaces.web.views.parts import Part
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "part"]

_FILES_AT_MOST = 6


class Attempt(NamedTuple):
    """A refused attempt to read data."""

    when: str
    who: str
    reasons: tuple[str, ...]


class Reading(NamedTuple):
    """What the panel shows.

    Attributes:
        here: Address of the experiment.
        open: Whether a look is legal now.
        looks: Looks taken.
        opened: Those that showed outcomes.
        attempts: Refused attempts, the newest first.
        end: The committed end, in words; "" where outcomes are open.
        files: Data files that are here, the newest first.
        accept: Endings the file chooser offers.
        most: Bytes of the largest file that is taken.
        arms: Arms for typed counts; none where counts cannot be typed.
        fields: What is typed for each arm: (name, label).
        key: The form's.
    """

    here: str
    open: bool
    looks: int
    opened: int
    attempts: tuple[Attempt, ...]
    end: str
    files: tuple[DataFile, ...]
    accept: str
    most: int
    arms: tuple[Arm, ...]
    fields: tuple[tuple[str, str], ...]
    key: str


def part(visit: Visit, state: Experiment) -> Part | None:
    """Its panel in the record."""
    plan = state.plan
    if plan is None:
        return None
    legal = Move.ANALYZE in legal_moves(state)
    if not legal and not state.looks:
        return None
    fields = _labelled(plan)
    shown = Reading(
        here=experiment_at(state.name),
        open=legal,
        looks=len(state.looks),
        opened=len(state.outcome_looks),
        attempts=_attempts(state),
        end=_end(plan) if state.stage in {"registered", "running"} else "",
        files=visit.copilot.workspace.data.files()[:_FILES_AT_MOST] if legal else (),
        accept=",".join(ENDINGS),
        most=UPLOAD_BYTES,
        arms=plan.analysis.arms if fields else (),
        fields=fields,
        key=form_key(),
    )
    return Part("data", "Read its data" if legal else "Its data", "data.html.jinja", shown)


def _attempts(state: Experiment) -> tuple[Attempt, ...]:
    found = [r for r in reversed(state.refused) if r.record.command in {"analyze", "look"}]
    return tuple(
        Attempt(r.time[:16].replace("T", " "), r.actor, tuple(on_page(x.reason) for x in r.record.refusals))
        for r in found
    )


def _end(plan: Plan) -> str:
    design = plan.design
    units = f"{design.committed_units:,} units are in" if design.committed_units else ""
    days = f"{design.committed_days:g} days have run" if design.committed_days else ""
    return " and ".join(filter(None, (units, days)))


def _labelled(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What is typed for an arm, as it is asked."""
    metric = plan.analysis.primary.name
    asked = {"n": "Units", "successes": f"With {metric}", "mean": f"Mean {metric}", "sd": "Standard deviation"}
    return tuple((field, asked[field]) for field in typed_fields(plan.analysis))


def _upload(visit: Visit) -> Response:
    visit.copilot.refuse_unknown(visit.named)
    return visit.go(f"{_base(visit)}/{quote(kept(visit))}")


def _elsewhere(visit: Visit) -> Response:
    visit.copilot.refuse_unknown(visit.named)
    return visit.go(stated(visit).page(_base(visit)))


def _mapping(visit: Visit) -> Response:
    """The mapping screen: what the data holds against what the plan wants."""
    state = visit.copilot.experiment(visit.named)
    given = stated(visit)
    problems: tuple[Refusal, ...] = ()
    view: InView | None = None
    if state.plan is not None:
        with visit.office.reading.entered():
            try:
                view = visit.copilot.in_view(state.name, opener(given, state)())
            except Refused as refused:
                problems = refused.refusals
    return visit.page(
        "data_mapping.html.jinja",
        state=state,
        given=given,
        forms=FORMS,
        usual=usual_form(state.plan.analysis if state.plan else None, given.data),
        dialect=state.plan.analysis.dialect if state.plan else None,
        view=view,
        problems=problems_shown(view.problems if view else problems),
        types={c.name: c.reads_as for c in view.held.columns} if view and view.held else {},
        cuts=_cuts(view),
        base=_base(visit),
        here=experiment_at(state.name),
        number=len(state.looks) + 1,
        key=form_key(),
    )


def _cuts(view: InView | None) -> tuple[str, ...]:
    """Columns by which a look may be cut further."""
    if view is None or view.held is None or not view.needs:
        return ()
    wanted = {need.column for need in view.needs}
    return tuple(c.name for c in view.held.columns if c.name not in wanted)[:40]


def _take(visit: Visit) -> Response:
    """One look, counted."""
    state = visit.copilot.experiment(visit.named)
    given = stated(visit)
    return _taken(visit, state, given)


def _taken(visit: Visit, state: Experiment, given: Given) -> Response:
    cuts = tuple(dict.fromkeys(str(c) for c in visit.form.getlist("cut") if isinstance(c, str)))
    with visit.office.reading.entered():
        visit.copilot.analyze(
            state.name, opener(given, state), cuts=cuts, unblind=_reason(visit), attempt=attempt(visit)
        )
    return visit.go(experiment_at(state.name, "results"))


def _take_counts(visit: Visit) -> Response:
    """One look at counts that were typed."""
    state = visit.copilot.experiment(visit.named)
    plan = state.plan
    arms = plan.analysis.arms if plan else ()
    fields = typed_fields(plan.analysis) if plan else ()
    typed = [(arm.name, {name: visit.said(f"{name}-{i}") for name in fields}) for i, arm in enumerate(arms)]
    visit.copilot.analyze(
        state.name,
        lambda: counted_by_hand(typed, plan.analysis if plan else None, state.name),
        unblind=_reason(visit),
        attempt=attempt(visit),
    )
    return visit.go(experiment_at(state.name, "results"))


def _reason(visit: Visit) -> str:
    """Why outcomes are opened early; "" to leave them closed.

    Raises:
        Refused: They are to be opened without a reason, or a reason was given without opening them.
    """
    reason, wanted = visit.reason(), visit.said("unblind") == "yes"
    if wanted:
        return opening_reason(reason)
    if reason:
        raise Refused.because(
            "look.reason_unused",
            "A reason for an early opening was given, but outcomes were not to be opened.",
            "Tick “Open the outcomes early”, or leave the reason out.",
            name="reason",
        )
    return ""


def _base(visit: Visit) -> str:
    return experiment_at(visit.named, below="data")


ROUTES = [
    receives("/e/{name}/data", _upload),
    shows("/e/{name}/data", _mapping),
    does("/e/{name}/data/at", _elsewhere),
    shows("/e/{name}/data/{file}", _mapping),
    does("/e/{name}/look", _take),
    does("/e/{name}/counts", _take_counts),
]
