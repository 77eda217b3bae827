"""A quick look without a plan: the same file and preview, and what to compare said on the spot; counted."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

from pydantic import ValidationError
from starlette.responses import Response

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.tables.preview import Preview
from copilot_tools.stats.spec import Dialect
from copilot_tools.validation import refusals_of
from expcopilot.flow.arms_in_data import arms_in
from expcopilot.flow.asked_look import Asked, Kind, opened
from expcopilot.flow.data_in_view import seen
from expcopilot.flow.declared_data import counted_by_hand, given_dialect, open_source, usual_form
from expcopilot.flow.quick import experiment_name
from expcopilot.memory.data_files import ENDINGS
from expcopilot.surfaces import parsing
from expcopilot.surfaces.web.safety import UPLOAD_BYTES
from expcopilot.surfaces.web.uploading import receives
from expcopilot.surfaces.web.views.given_data import FORMS, Given, attempt, form_key, kept, problems_shown, stated
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES"]

_BASE = "/look/data"
_DIALECT = ("delimiter", "decimal", "encoding")
_CHOSEN = ("arm_column", "control", "metric", "kind", "denominator", "direction", "unit", "time_column")
_TYPED_ARMS = 4


def _begin(visit: Visit) -> Response:
    return visit.page(
        "quick_begin.html.jinja",
        accept=",".join(ENDINGS),
        most=UPLOAD_BYTES,
        here=visit.copilot.workspace.data.files()[:12],
        base=_BASE,
        places=range(_TYPED_ARMS),
        key=form_key(),
    )


def _upload(visit: Visit) -> Response:
    return visit.go(f"{_BASE}/{quote(kept(visit), safe='')}")


def _elsewhere(visit: Visit) -> Response:
    return visit.go(stated(visit).page(_BASE))


def _mapping(visit: Visit) -> Response:
    """Names and types of the data, and what to compare in it."""
    given = stated(visit)
    problems: tuple[Refusal, ...] = ()
    held: Preview | None = None
    arms: tuple[str, ...] = ()
    chosen = {name: visit.said(name) for name in (*_CHOSEN, *_DIALECT, "matters")}
    try:
        dialect = _dialect(visit)
        with visit.office.reading.entered():
            source = _source(given, dialect)
            held = seen(source, dialect.decimal)
            if chosen["arm_column"] or isinstance(source, CountsSource):
                counted = source if isinstance(source, CountsSource | RowsSource) else source.assigned
                arms = arms_in(counted, chosen["arm_column"] or None)
    except Refused as refused:
        problems = refused.refusals
    return visit.page(
        "quick_mapping.html.jinja",
        given=given,
        forms=FORMS,
        usual=usual_form(None, given.data),
        held=held,
        names=tuple(c.name for c in held.columns) if held else (),
        arms=arms,
        chosen=chosen,
        problems=problems_shown(problems),
        base=_BASE,
        key=form_key(),
    )


def _source(given: Given, dialect: Dialect) -> Any:
    form = given.form or usual_form(None, given.data)
    return open_source(given.data, (), form=form, aggregate=given.aggregate, dialect=dialect, units=given.units)


def _take(visit: Visit) -> Response:
    """One quick look at data, counted."""
    given = stated(visit)
    asked = _asked(visit, form=given.form or usual_form(None, given.data), aggregate=given.aggregate, units=given.units)
    with visit.office.reading.entered():
        source, spec = opened(given.data, asked)
        visit.copilot.look(source, spec, attempt=attempt(visit))
        name = experiment_name(source.describe().name)
    return visit.go(experiment_at(name, "results"))


def _take_counts(visit: Visit) -> Response:
    """One quick look at counts that were typed."""
    lines = [{field: visit.said(f"{field}-{i}") for field in ("arm", "n", "successes")} for i in range(_TYPED_ARMS)]
    typed = [(line.pop("arm"), line) for line in lines if line["n"] or line["successes"]]
    source, spec = opened(counted_by_hand(typed), _asked(visit))
    visit.copilot.look(source, spec, attempt=attempt(visit))
    return visit.go(experiment_at(experiment_name(source.describe().name), "results"))


def _asked(visit: Visit, **given: Any) -> Asked:
    """What is to be compared, as it was chosen.

    Raises:
        Refused: Something cannot be read.
    """
    said = {name: visit.said(name) for name in _CHOSEN if visit.said(name)}
    kinds = {kind: kind for kind in get_args(Kind)}
    matters = None
    if text := visit.said("matters"):
        matters = parsing.size("What would matter", text, kinds.get(said.get("kind", "proportion"))).effect
    try:
        return Asked.model_validate({**said, **given, "dialect": _dialect(visit), "matters": matters})
    except ValidationError as error:
        raise Refused(*refusals_of(error)) from None


def _dialect(visit: Visit) -> Dialect:
    return given_dialect(*(visit.said(name) or None for name in _DIALECT))


ROUTES = [
    shows("/look", _begin),
    receives(_BASE, _upload),
    shows(_BASE, _mapping),
    does(f"{_BASE}/at", _elsewhere),
    shows(f"{_BASE}/{{file}}", _mapping),
    does("/look/take", _take),
    does("/look/counts", _take_counts),
]
