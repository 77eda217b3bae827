"""A new brief: typed into a form or read from a file, then drafted by the model or brought with one's own variants."""

from __future__ import annotations

from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.responses import Response

from copilot_tools.refusals import Refused
from copilot_tools.wording.channels import channels
from copilot_tools.wording.mechanisms import LANGUAGES, mechanisms
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.flow.steps.variants import experiment_of
from expcopilot.memory import brief_files
from expcopilot.records.copy import Brief
from expcopilot.surfaces.web.uploads import on_disk
from expcopilot.surfaces.web.views.copy_decisions import lines_of
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import copy_at, experiment_at

__all__ = ["ROUTES"]

_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
_FIELDS = (
    *("id", "experiment", "channel", "change", "audience", "because", "k"),
    *("mechanisms", "control", "keep_away", "facts", "language", "notes"),
)


class Fact(NamedTuple):
    """A fact that copy may state."""

    id: str
    text: str


def _form(visit: Visit, given: dict[str, str], *, read: str = "") -> Response:
    experiment = given.get("experiment", "")
    facts = [Fact(fact.id, fact.quotation) for fact in visit.copilot.library().facts()]
    return visit.page(
        "brief.html.jinja",
        given={field: given.get(field, "") for field in _FIELDS},
        read=read,
        experiment=experiment,
        back=experiment_at(experiment) if experiment in visit.copilot.ledger.experiments() else "",
        channels=[(one.name, one.title) for one in channels()],
        languages=[(name, _LANGUAGES[name]) for name in LANGUAGES],
        mechanisms=[(one.title, one.definition) for one in mechanisms()],
        facts=facts,
        model=bool(visit.copilot.workspace.settings.model.name),
    )


def _new(visit: Visit) -> Response:
    """An empty form; beside an experiment, with what its approved hypothesis says."""
    experiment = visit.said("experiment")
    given = {"experiment": experiment, "id": experiment, "k": "3", "language": "en"}
    if experiment:
        state = visit.copilot.experiment(experiment)
        if stands := approved_hypothesis(state):
            given |= {field: getattr(stands, field) or "" for field in ("change", "audience", "because")}
        if experiment in (taken := visit.copilot.briefs(experiment)):
            given["id"] = f"{experiment}-{len(taken) + 1}"
    return _form(visit, given)


def _take(visit: Visit) -> Response:
    """Whichever of the form's buttons was pressed."""
    if visit.said("do") == "read":
        with on_disk(visit.file("file"), "brief") as path:
            brief = visit.copilot.read_brief(path)
            return _form(visit, _as_typed(brief, visit.said("experiment")), read=path.name)
    given = {field: lines_of(visit.said(field)) for field in _FIELDS}
    if given["experiment"] == given["id"]:
        given["experiment"] = ""  # a brief that is named like its experiment names none
    brief = brief_files.parse_fields(given)
    sent = visit.form.get("file")
    if visit.said("do") == "own":
        if not isinstance(sent, UploadFile) or not sent.filename:
            names = ", ".join(visit.copilot.standards().field_names(brief))
            raise Refused.because(
                "web.no_file",
                "No file with your variants was chosen.",
                f"Choose a CSV file with a row a variant and the columns id, mechanism, facts, {names}.",
                name="file",
            )
        with on_disk(sent, "variants") as path:
            visit.copilot.import_variants(brief, visit.copilot.read_variants(path, brief))
    else:
        visit.copilot.draft_variants(brief)
    return visit.go(copy_at(experiment_of(brief), brief.id))


def _as_typed(brief: Brief, experiment: str) -> dict[str, str]:
    """A brief as the form's fields hold it."""
    return {
        "id": brief.id,
        "experiment": brief.experiment or experiment,
        "channel": brief.channel,
        "change": brief.change,
        "audience": brief.audience,
        "because": brief.because,
        "k": str(brief.k),
        "mechanisms": "\n".join(brief.mechanisms),
        "control": "\n".join(f"{field.name}: {field.text}" for field in brief.control),
        "keep_away": "\n".join(brief.keep_away),
        "facts": "\n".join(brief.facts),
        "language": brief.language,
        "notes": brief.notes,
    }


ROUTES = [shows("/brief", _new), does("/brief", _take)]
