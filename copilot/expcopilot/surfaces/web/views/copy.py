"""The copy of an experiment: in short beside its conversation, and a brief's page with its variants side by side."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from copilot_tools.wording.channels import channel
from expcopilot.api.copies import HandedOver
from expcopilot.memory.sources import Source, SourceLibrary
from expcopilot.outputs.handover.files import FORMS
from expcopilot.records.copy import Review
from expcopilot.records.copybook import Reviewed
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.views.copy_marks import LEGEND, Field, Mark, as_it_stands, fields_of, marks_on
from expcopilot.surfaces.web.views.parts import Part
from expcopilot.surfaces.web.visit import Visit, shows
from expcopilot.surfaces.web.where import copy_at, experiment_at

__all__ = ["FORM_NAMES", "ROUTES", "STANDING", "Card", "cards_of", "part", "usable"]

STANDING = {
    "undecided": "not decided",
    "approved": "approved",
    "rejected": "rejected",
    "edited": "edited since it was approved",
    "reopened": "open again: a source or a mark changed",
}
"""What became of a variant, in words."""

FORM_NAMES: dict[str, str] = {
    "csv": "CSV, for people",
    "braze-blocks": "Braze Content Blocks",
    "braze-catalog": "Braze Catalog",
    "growthbook": "GrowthBook feature",
    "flagd": "flagd (OpenFeature)",
}
"""Each form of a hand-over, in words."""

_IN_SHORT = 12
"""Briefs shown on the experiment's page; there may be thousands."""
_MOST_CHOSEN = 60
"""Sources offered in a list to choose from; of more, the name is typed."""


class Card(NamedTuple):
    """A variant as its card on the page shows it.

    Attributes:
        review: The variant as it stands.
        at: Its place on the page.
        fields: Its exact text, marked.
        marks: Its marks.
        standing: What became of it, in words.
        errors: Findings that stop it.
        warnings: Findings that do not.
        to_settle: Open places and errors in it.
    """

    review: Review
    at: str
    fields: tuple[Field, ...]
    marks: tuple[Mark, ...]
    standing: str
    errors: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    to_settle: int


class Short(NamedTuple):
    """A brief's copy in short."""

    id: str
    href: str
    channel: str
    variants: tuple[tuple[str, str, str, int], ...]
    open: int


class Panel(NamedTuple):
    """The copy of an experiment in short."""

    briefs: tuple[Short, ...]
    more: int
    new: str


def part(visit: Visit, state: Experiment) -> Part | None:
    """The panel of copy; of an experiment without copy it offers to write some, as long as that makes sense."""
    briefs = visit.copilot.briefs(state.name)
    if not briefs and state.stage == "closed":
        return None
    shown = visit.copilot.copies(state.name, briefs[:_IN_SHORT])
    panel = Panel(
        tuple(_short(state.name, reviewed) for reviewed in shown),
        len(briefs) - len(shown),
        f"/brief?{urlencode({'experiment': state.name})}",
    )
    return Part("copy", "Copy", "copy_panel.html.jinja", panel)


def cards_of(reviewed: Reviewed, library: SourceLibrary) -> tuple[Card, ...]:
    """Every variant of a brief, as its card shows it; the sources as they are today."""
    found = []
    for number, review in enumerate(reviewed.reviews, 1):
        at = f"v{number}"
        marks = marks_on(review, library, at)
        errors = tuple((field, said) for field, severity, said in review.findings if severity == "error")
        warnings = tuple((field, said) for field, severity, said in review.findings if severity != "error")
        found.append(
            Card(
                review=review,
                at=at,
                fields=fields_of(review, marks),
                marks=marks,
                standing=STANDING[review.standing],
                errors=errors,
                warnings=warnings,
                to_settle=review.open_marks + len(errors),
            )
        )
    return tuple(found)


def usable(library: SourceLibrary) -> tuple[tuple[tuple[str, str], ...], bool]:
    """(id, title) of every source that counts today, and whether they are few enough to be chosen from a list."""
    sources = [s for s in library.sources if s.standing == "usable"]
    return tuple((s.id, _named(s)) for s in sources), len(sources) <= _MOST_CHOSEN


def _brief(visit: Visit) -> Response:
    name, brief = visit.named, visit.of_address("brief")
    reviewed = visit.copilot.copy(brief, experiment=name)
    library = visit.copilot.library()
    sources, few = usable(library)
    handed: tuple[HandedOver, ...] = visit.copilot.handed_over(name, brief)
    return visit.page(
        "copy.html.jinja",
        name=name,
        here=copy_at(name, brief),
        back=experiment_at(name, "copy"),
        reviewed=reviewed,
        brief=reviewed.brief,
        channel=channel(reviewed.brief.channel),
        control=_control(reviewed),
        cards=cards_of(reviewed, library),
        notes=[on_page(note) for note in reviewed.notes],
        distances=_distances(reviewed),
        legend=LEGEND,
        sources=sources,
        few=few,
        forms=[(form, FORM_NAMES[form]) for form in FORMS],
        form_names=FORM_NAMES,
        handed=handed,
        model=bool(visit.copilot.workspace.settings.model.name),
    )


def _control(reviewed: Reviewed) -> tuple[tuple[str, Markup], ...]:
    """Today's copy, field by field."""
    return tuple((field.name, as_it_stands(field.text)) for field in reviewed.brief.control)


def _distances(reviewed: Reviewed) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Columns, and a row a variant: how far it is from each other text, "" from itself."""
    rows = {r.variant.id: dict(r.nearest) for r in reviewed.reviews}
    others = list(dict.fromkeys(name for row in rows.values() for name in row if name not in rows))
    columns = (*others, *rows)
    said = {name: tuple(f"{row[c]:.2f}" if c in row else "" for c in columns) for name, row in rows.items()}
    return columns, tuple(said.items())


def _short(name: str, reviewed: Reviewed) -> Short:
    variants = tuple((r.variant.id, r.variant.mechanism, STANDING[r.standing], r.open_marks) for r in reviewed.reviews)
    open_marks = sum(r.open_marks for r in reviewed.reviews if r.standing != "rejected")
    brief = reviewed.brief
    return Short(brief.id, copy_at(name, brief.id), channel(brief.channel).title, variants, open_marks)


def _named(source: Source) -> str:
    title = source.card.title if source.card else ""
    return f"{source.id}: {title}" if title else source.id


ROUTES = [shows("/e/{name}/copy/{brief}", _brief)]
