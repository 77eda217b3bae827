"""The rows of a run as a person goes through them: each exact text with its marks, decided by a key or a button."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.kept import Run
from expcopilot.flow.batch.out_rows import Row
from expcopilot.outputs.handover.handover import safe
from expcopilot.records.copy import VariantApproval
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.views.copy import FORM_NAMES, Card, cards_of
from expcopilot.surfaces.web.views.copy_decisions import form_of
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import batch_at, copy_at

__all__ = ["ROUTES", "Reviewing", "review_of"]

_ROWS = 25
"""Variants on one page of the table."""

_SHOWS = {
    "open": "To decide",
    "approved": "Approved",
    "rejected": "Rejected",
    "failed": "Without variants",
    "all": "All",
}


class Line(NamedTuple):
    """One row of the table.

    Attributes:
        at: Its place on the page.
        row: As the run wrote it.
        card: The variant as it stands now; None where there is none.
        href: The page of its copy.
        why: Of a row without variants, why.
    """

    at: str
    row: Row
    card: Card | None
    href: str
    why: str


class Reviewing(NamedTuple):
    """The table.

    Attributes:
        lines: One page of it.
        which: Which rows are shown.
        filters: (name, title, how many, address).
        page: Which page of them, from 1.
        pages: How many there are.
        before: Address of the page before, or "".
        after: Address of the page after, or "".
        approved: How many variants are approved.
        forms: Forms of a hand-over: (name, in words).
        handed: What was handed over: (form in words, address of its archive, how many files).
    """

    lines: tuple[Line, ...]
    which: str
    filters: tuple[tuple[str, str, int, str], ...]
    page: int
    pages: int
    before: str
    after: str
    approved: int
    forms: tuple[tuple[str, str], ...]
    handed: tuple[tuple[str, str, int], ...]


def review_of(visit: Visit, run: Run) -> Reviewing | None:
    """The table of a run; None before it wrote any row."""
    rows = visit.copilot.run_rows(run.name)
    if not rows:
        return None
    decided = {
        name: visit.copilot.decisions(name) for name in dict.fromkeys(row.experiment for row in rows if row.variant)
    }
    groups = [_group(row, decided.get(row.experiment, {}).get((row.brief, row.variant))) for row in rows]
    counts = Counter(groups)
    counts["all"] = len(rows)
    first = "open" if counts["open"] else "all"
    which = visit.said("show") if visit.said("show") in _SHOWS else first
    kept = [row for row, group in zip(rows, groups, strict=True) if which in {group, "all"}]
    pages = max(-(-len(kept) // _ROWS), 1)
    page = min(max(_number(visit.said("page")), 1), pages)

    def at(show: str, number: int = 1) -> str:
        return f"{batch_at(run.name)}?{urlencode({'show': show, 'page': number})}#review"

    return Reviewing(
        lines=_lines(visit, kept[(page - 1) * _ROWS : page * _ROWS]),
        which=which,
        filters=tuple((name, title, counts[name], at(name)) for name, title in _SHOWS.items() if counts[name]),
        page=page,
        pages=pages,
        before=at(which, page - 1) if page > 1 else "",
        after=at(which, page + 1) if page < pages else "",
        approved=counts["approved"],
        forms=tuple(FORM_NAMES.items()),
        handed=_handed(visit, run, rows),
    )


def _group(row: Row, decided: VariantApproval | None) -> str:
    """Under which filter a row is found. An approval that fell since is found when its row is opened."""
    if not row.variant:
        return "failed"
    return "open" if decided is None else "approved" if decided.action == "approve" else "rejected"


def _lines(visit: Visit, rows: list[Row]) -> tuple[Line, ...]:
    """The rows with what stands in the record now: a text edited since is shown as it is."""
    cards: dict[tuple[str, str, str], Card] = {}
    library = visit.copilot.library()
    for experiment in dict.fromkeys(row.experiment for row in rows if row.variant):
        briefs = [row.brief for row in rows if row.experiment == experiment]
        for reviewed in visit.copilot.copies(experiment, briefs):
            for card in cards_of(reviewed, library):
                cards[experiment, reviewed.brief.id, card.review.variant.id] = card
    return tuple(
        Line(
            re.sub(r"\s", "_", f"row-{row.number}-{row.variant}"),
            row,
            cards.get((row.experiment, row.brief, row.variant)),
            copy_at(row.experiment, row.brief) if row.experiment and row.variant else "",
            on_page(f"{row.error} {row.cure}".strip()),
        )
        for row in rows
    )


def _decide(visit: Visit) -> Response:
    """A row approved or rejected: exactly the text that was on the page."""
    run = visit.copilot.run(visit.of_address("run"))
    action = visit.said("do")
    if action not in {"approve", "reject"}:
        raise Refused.because(
            "web.no_such_choice", "A row is approved or rejected.", "Load the page again.", name="do", value=action[:40]
        )
    visit.copilot.approve_variant(
        visit.said("brief"),
        visit.said("variant"),
        visit.said("digest"),
        "approve" if action == "approve" else "reject",
        reason=visit.reason(),
        experiment=visit.said("experiment"),
    )
    back = {"show": visit.said("show"), "page": visit.said("page")}
    return visit.go(f"{batch_at(run.name)}?{urlencode(back)}#review")


def _hand_over(visit: Visit) -> Response:
    """Every brief of the run that may leave, handed over."""
    run, form = visit.copilot.run(visit.of_address("run")), form_of(visit)
    refused: Refused | None = None
    made = 0
    for experiment, briefs in _briefs(visit.copilot.run_rows(run.name)).items():
        try:
            made += len(visit.copilot.export_ready(experiment, briefs, form).handed)
        except Refused as nothing:
            refused = nothing
    if refused is not None and not made:
        raise refused
    return visit.go(batch_at(run.name, "hand-over"))


def _archive(visit: Visit) -> Response:
    """The files that were handed over in one form, in one archive."""
    run, form = visit.copilot.run(visit.of_address("run")), visit.of_address("form")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for experiment, briefs in _briefs(visit.copilot.run_rows(run.name)).items():
            for path in visit.copilot.handed_together(experiment, briefs).get(form, ()):
                archive.write(path, f"{safe(experiment, 40)}/{path.name}")
    named = f'attachment; filename="{run.name}-{safe(form, 20)}.zip"'
    return Response(packed.getvalue(), media_type="application/zip", headers={"content-disposition": named})


def _handed(visit: Visit, run: Run, rows: tuple[Row, ...]) -> tuple[tuple[str, str, int], ...]:
    counts = Counter[str]()
    for experiment, briefs in _briefs(rows).items():
        for form, paths in visit.copilot.handed_together(experiment, briefs).items():
            counts[form] += len(paths)
    here = batch_at(run.name)
    return tuple(
        (FORM_NAMES.get(form, form), f"{here}/handed/{form}", count) for form, count in counts.items() if count
    )


def _briefs(rows: tuple[Row, ...]) -> dict[str, tuple[str, ...]]:
    """Experiment -> the briefs that have variants."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.variant:
            found.setdefault(row.experiment, {})[row.brief] = None
    return {experiment: tuple(briefs) for experiment, briefs in found.items()}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


ROUTES = [
    does("/batch/{run}/decide", _decide),
    does("/batch/{run}/hand-over", _hand_over),
    shows("/batch/{run}/handed/{form}", _archive),
]
