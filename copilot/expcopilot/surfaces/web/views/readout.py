"""The results of an experiment: the verdict, the case for the null beside it, every look counted, and the readout."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import NamedTuple

from starlette.responses import HTMLResponse, Response

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.spoken import Spoken
from expcopilot.flow.steps.readout import pick
from expcopilot.flow.worded import Chosen
from expcopilot.outputs.report import documents
from expcopilot.outputs.report.content import Headline, Section
from expcopilot.outputs.report.looks import looks_sentence
from expcopilot.outputs.report.measures import unplanned_parts
from expcopilot.outputs.report.standing import Showing, showing
from expcopilot.outputs.report.view import page
from expcopilot.outputs.report.words import when
from expcopilot.records.experiment import Experiment
from expcopilot.records.readout import Readout
from expcopilot.surfaces.web import talking
from expcopilot.surfaces.web.turns import Running
from expcopilot.surfaces.web.views.parts import Part
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES", "part"]

_BESIDE, _NULL, _NEXT = ("guardrails",), "null", "next"
_FOLDED = ("metrics", "segments", "time", "registered-looks", "looks", "data", "void")
_MOST_IDEAS = 8
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class Idea(NamedTuple):
    """Something else that was found: the next hypothesis, never a conclusion."""

    label: str
    idea: str


class Results(NamedTuple):
    """What an experiment's last look says.

    Attributes:
        name: The experiment.
        number: Of the look.
        byline: Which look, when, by whom.
        headline: The verdict.
        beside: Sections that belong to the reading.
        null: The case for the null, or the checks that need no outcomes.
        next: Unplanned cuts, set apart; None where there are none.
        ideas: What the next test might be about.
        folded: Everything else, section by section.
        counted: Looks and refused attempts, in a line.
        sentence: How often the data was opened and what was shown.
        others: Numbers of the looks before.
        written: When, by whom and as which files this look's readout was written last, or "".
        worded: Who words a readout: a language model is set up.
    """

    name: str
    number: int
    byline: str
    headline: Headline
    beside: tuple[Section, ...]
    null: Section
    next: Section | None
    ideas: tuple[Idea, ...]
    folded: tuple[Section, ...]
    counted: str
    sentence: str
    others: tuple[int, ...]
    written: str
    worded: bool


def part(visit: Visit, state: Experiment) -> Part | None:
    """The results, once somebody looked."""
    if not state.looks:
        return None
    readout = visit.copilot.readout(state.name)
    worded = page(readout, organisation=visit.copilot.workspace.settings.organisation.name)
    sections = {section.id: section for section in worded.sections}
    number = readout.look.number
    results = Results(
        name=state.name,
        number=number,
        byline=worded.byline,
        headline=worded.headline,
        beside=tuple(sections[id_] for id_ in _BESIDE if id_ in sections),
        null=sections[_NULL],
        next=sections.get(_NEXT),
        ideas=_ideas(state, readout),
        folded=tuple(sections[id_] for id_ in _FOLDED if id_ in sections),
        counted=_counted(state),
        sentence=looks_sentence(readout),
        others=tuple(look.record.number for look in state.looks if look.record.number != number),
        written=_written(state, number),
        worded=bool(visit.copilot.workspace.settings.model.name),
    )
    return Part("results", "Results", "results.html.jinja", results)


def _counted(state: Experiment) -> str:
    looks, shown, refused = len(state.looks), len(state.outcome_looks), len(state.refused)
    return ", ".join(
        (
            f"{looks} look{'' if looks == 1 else 's'}",
            f"{shown or 'none'} with outcomes",
            *([f"{refused} refused attempt{'' if refused == 1 else 's'}"] if refused else []),
        )
    )


def _ideas(state: Experiment, readout: Readout) -> tuple[Idea, ...]:
    """What was found besides, as ideas to test; none while outcomes are closed."""
    look, plan = readout.look, readout.plan
    if showing(look) is not Showing.OPEN:
        return ()
    change = plan.hypothesis.change.strip().rstrip(".") if plan is not None else readout.question.rstrip("?. ")
    parts = unplanned_parts(look)[:_MOST_IDEAS]
    seen = f"An unplanned cut of {state.name} made us think of it; it was not tested."
    return tuple(Idea(label, f"{change}, for {label} alone. {seen}") for label in parts)


def _written(state: Experiment, number: int) -> str:
    made = [made for made in state.readouts if made.record.look == number]
    if not made:
        return ""
    last = made[-1]
    return f"Written on {when(last.time)} by {last.actor}: {', '.join(last.record.files)}"


# --- the document ---------------------------------------------------------------------------------------------------


def _document(visit: Visit) -> Response:
    """The self-contained document, under a policy stricter than the page's: its own style, and nothing else."""
    html = documents.to_html(_readout(visit), organisation=_organisation(visit))
    return HTMLResponse(html, headers={"content-security-policy": _policy(html)})


def _policy(html: str) -> str:
    styles = " ".join(
        f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in _STYLE.findall(html)
    )
    return f"default-src 'none'; style-src {styles}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _download(visit: Visit) -> Response:
    readout, form = _readout(visit), str(visit.request.path_params["form"])
    organisation = _organisation(visit)
    match form:
        case "html":
            body, kind = documents.to_html(readout, organisation=organisation), "text/html"
        case "md":
            body, kind = documents.to_markdown(readout, organisation=organisation), "text/markdown"
        case "json":
            body, kind = documents.to_json(readout), "application/json"
        case "txt":
            body, kind = documents.to_brief(readout), "text/plain"
        case _:
            raise Refused.because(
                "readout.form",
                f"A readout has no form {form[:20]!r}.",
                "Choose html, md, json or txt.",
                name="form",
                value=form[:20],
            )
    name = f"{documents.file_stem(readout)}.{form}"
    return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _readout(visit: Visit) -> Readout:
    look = visit.request.path_params.get("look")
    return visit.copilot.readout(visit.named, look=None if look is None else int(look))


def _organisation(visit: Visit) -> str:
    return visit.copilot.workspace.settings.organisation.name


def _write(visit: Visit) -> Response:
    """Written and recorded; where a language model is set up, worded first, as a turn of the conversation."""
    name = visit.named
    look = pick(visit.copilot.experiment(name), int(visit.request.path_params["look"])).record.number
    talking.take(visit, name, f"/readout --look {look} --out readouts/{name}", _writing(name, look))
    return visit.go(experiment_at(name, "now" if visit.office.turns.of(name) else "results"))


def _writing(name: str, look: int) -> talking.Answering:
    def write(copilot: Copilot, running: Running, model: Chosen) -> Spoken:
        del running  # the record shows which role is at work; what it writes is shown once it is whole
        files = copilot.write_readout(name, look=look, model=model)
        return Spoken("code", f"The readout of look {look} is written: {', '.join(f.name for f in files)}.")

    return write


ROUTES = [
    shows("/e/{name}/readout", _document),
    shows("/e/{name}/readout/{look:integer}", _document),
    shows("/e/{name}/readout/{look:integer}/{form}", _download),
    does("/e/{name}/readout/{look:integer}", _write),
]
