"""A plan by answering its questions: the form, sized while it is filled in, and written as one plan file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from starlette.responses import HTMLResponse, Response

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.flow.steps.new_plan import CHANNELS, Channel, channel, questions
from expcopilot.surfaces import typed_answers
from expcopilot.surfaces.typed_answers import FIELDS, NEEDED, Typed
from expcopilot.surfaces.web.views.plan_size import Sized, sized
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "answers_of"]

_LONG = frozenset({"change", "audience", "because", "guardrail"})
_SIZES = "baseline"
"""The first of the questions that size the test."""


class Asked(NamedTuple):
    """One question of the form.

    Attributes:
        field: Its name.
        title: A heading above it, or "".
        ask: The question.
        explain: What the term means.
        example: An answer as it might be typed.
        value: What was typed.
        kind: "line", "lines", "kind" (share or number) or "day".
        needed: A plan needs an answer.
    """

    field: str
    title: str
    ask: str
    explain: str
    example: str
    value: str
    kind: str
    needed: bool


class PlanForm(NamedTuple):
    """The form of one plan.

    Attributes:
        action: Where it is sent.
        name: Of the experiment, or what was typed for it.
        named: The experiment is there already: its name is no question.
        channel: Where it runs.
        channels: (name, label) of each.
        note: What goes wrong most often there.
        asked: The questions, in order; those that size the test come after ``split``.
        split: How many come before the sizing.
        sized: What the answers come to so far.
        unread: What the approved hypothesis says that cannot be taken as an answer.
        kept: A draft waits that somebody kept: a link offers to go on with it.
        resumed: This is that draft.
        seen: Digest of the plan file that this would replace, or "".
        edited: That file says something else than these answers: it was edited since.
    """

    action: str
    name: str
    named: bool
    channel: str
    channels: tuple[tuple[str, str], ...]
    note: str
    asked: tuple[Asked, ...]
    split: int
    sized: Sized
    unread: tuple[str, ...] = ()
    kept: bool = False
    resumed: bool = False
    seen: str = ""
    edited: bool = False


# --- a new plan -----------------------------------------------------------------------------------------------------


def _new(visit: Visit) -> Response:
    typed, of = _typed(visit)
    draft = _draft(visit)
    resumed = bool(visit.said("resume"))
    if resumed and not typed:
        typed, of = typed_answers.load_draft(draft)
    if idea := visit.said("idea")[:4000]:
        typed.setdefault("change", idea)
    form = _form(visit, "/plan", visit.said("name"), typed, of)
    return visit.page(
        "plan_form.html.jinja", form=form._replace(kept=draft.exists() and not resumed, resumed=resumed), state=None
    )


def _write_new(visit: Visit) -> Response:
    typed, of = _typed(visit)
    name = visit.said("name")
    answers = _answers(visit, typed, of)
    drafted = visit.copilot.new(name, channel=of or "other", **answers)
    file = visit.copilot.begin_plan(drafted.plan)
    typed_answers.save_draft(_answers_file(visit, drafted.plan.experiment), typed, of)
    if visit.said("resume"):
        typed_answers.drop_draft(_draft(visit))
    return visit.go(experiment_at(file.name.removesuffix(".yaml"), below="plan"))


def _keep(visit: Visit) -> Response:
    """The answers so far, as a terminal keeps them: `expcopilot new --resume` goes on with them, too."""
    typed, of = _typed(visit)
    typed_answers.save_draft(_draft(visit), typed, of or "other")
    return visit.go("/plan?resume=yes")


def _drop(visit: Visit) -> Response:
    typed_answers.drop_draft(_draft(visit))
    return visit.go("/plan")


# --- the plan of an experiment --------------------------------------------------------------------------------------


def _of_experiment(visit: Visit) -> Response:
    name, copilot = visit.named, visit.copilot
    _refuse_unknown(visit, name)
    begun = copilot.begun(name)  # refuses where a plan is no move now
    typed, of = _typed(visit)
    kept = answers_of(visit, name) if not typed else None
    if kept is not None:
        typed, of = kept
    elif not typed and begun is not None:
        typed, of = typed_answers.begun_typed(begun), of or begun.channel
    form = _form(visit, experiment_at(name, below="plan/answers"), name, typed, of)
    file = copilot.plan_file(name)
    drafted = form.sized.sizing.drafted.plan if form.sized.sizing else None
    unread = () if begun is None else tuple(s for sentences in begun.unread.values() for s in sentences)
    form = form._replace(
        named=True,
        unread=unread,
        seen=file.digest if file else "",
        edited=file is not None and (file.plan is None or drafted is None or file.plan.digest != drafted.digest),
    )
    return visit.page("plan_form.html.jinja", form=form, state=None)


def _write_of_experiment(visit: Visit) -> Response:
    name, copilot = visit.named, visit.copilot
    _refuse_unknown(visit, name)
    typed, of = _typed(visit)
    typed_answers.save_draft(_answers_file(visit, name), typed, of)  # nothing typed is lost, refused or not
    drafted = copilot.new(name, channel=of or "other", **_answers(visit, typed, of))
    if copilot.plan_file(name) is None:
        copilot.begin_plan(drafted.plan)
    else:
        copilot.keep_plan(name, drafted.plan, seen=visit.said("seen"))
    return visit.go(experiment_at(name, below="plan"))


def _refuse_unknown(visit: Visit, name: str) -> None:
    """A plan is written for an experiment that is there, if only as a plan file."""
    if visit.copilot.plan_file(name) is None and answers_of(visit, name) is None:
        visit.copilot.refuse_unknown(name)


# --- the live part --------------------------------------------------------------------------------------------------


def _size(visit: Visit) -> Response:
    """The size of what is typed so far: a part of the page, asked for while the form changes."""
    typed, of = _typed(visit)
    return HTMLResponse(visit.html("plan_size.html.jinja", sized=sized(visit.copilot, visit.said("name"), typed, of)))


# --- what is typed --------------------------------------------------------------------------------------------------


def _typed(visit: Visit) -> tuple[Typed, str]:
    """What was typed, and the channel; nothing where the page was only opened."""
    typed: Typed = {field: text for field in FIELDS if field != "guardrail" and (text := visit.said(field))}
    lines = [line.strip() for line in visit.said("guardrail").splitlines() if line.strip()]
    if lines:
        typed["guardrail"] = lines
    return typed, visit.said("channel")


def _form(visit: Visit, action: str, name: str, typed: Typed, of: str) -> PlanForm:
    template = channel(of or "other")
    asked = tuple(_asked(template, typed))
    return PlanForm(
        action=action,
        name=name,
        named=False,
        channel=of or "other",
        channels=tuple((known, channel(known).label) for known in CHANNELS),
        note=template.note.strip(),
        asked=asked,
        split=next(i for i, question in enumerate(asked) if question.field == _SIZES),
        sized=sized(visit.copilot, name, typed, of),
    )


def _asked(of: Channel, typed: Typed) -> list[Asked]:
    found = []
    for question in questions(of, metric=str(typed.get("metric", ""))):
        field = question.field
        value = typed.get(field, "")
        unusual = field in ({"traffic", "looks"} if of.fixed_list else {"list"})
        if unusual and not value:
            continue
        kind = {"kind": "kind", "start": "day"}.get(field, "lines" if field in _LONG else "line")
        found.append(
            Asked(
                field=field,
                title=question.title,
                ask=question.ask.replace("; an empty line ends", ""),  # a terminal's way of ending
                explain=question.explain,
                example=question.example,
                value="\n".join(value) if isinstance(value, list) else str(value),
                kind=kind,
                needed=field in NEEDED,
            )
        )
    return found


def _answers(visit: Visit, typed: Typed, of: str) -> dict[str, object]:
    """Fields of ``Answers``.

    Raises:
        Refused: All that is missing or cannot be read, together.
    """
    asked = {question.field: question for question in questions(channel(of or "other"))}
    begun = visit.copilot.begun(visit.request.path_params.get("name", visit.said("name")))
    said = begun.answers if begun is not None else {}
    missing = [
        Refusal(
            code="new.missing",
            reason=f"Not answered yet: {asked[field].ask}",
            cure=f"For example: {asked[field].example}.",
            name=field,
        )
        for field in NEEDED
        if not typed.get(field) and field not in said
    ]
    read = typed_answers.read(typed)
    refuse_if_any([*missing, *read.problems])
    return read.fields


# --- where it is kept -----------------------------------------------------------------------------------------------


def answers_of(visit: Visit, name: str) -> tuple[Typed, str] | None:
    """What was typed for an experiment's plan, and the channel; None where it was not written by this form."""
    try:
        file = _answers_file(visit, name)
        return typed_answers.load_draft(file) if file.exists() else None
    except Refused:  # somebody's own file of that name, or no name of a plan: the plan file itself is what counts
        return None


def _answers_file(visit: Visit, name: str) -> Path:
    return visit.copilot.workspace.plans / f"{visit.copilot.plan_name(name)}.answers.json"


def _draft(visit: Visit) -> Path:
    return visit.copilot.workspace.plans / typed_answers.DRAFT


ROUTES = [
    shows("/plan", _new),
    does("/plan", _write_new),
    does("/plan/keep", _keep),
    does("/plan/drop", _drop),
    shows("/plan/size", _size),
    shows("/e/{name}/plan/answers", _of_experiment),
    does("/e/{name}/plan/answers", _write_of_experiment),
]
