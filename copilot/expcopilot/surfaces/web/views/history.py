"""The ledger as people read it: who did what, when; refused attempts too; and the button that recomputes it all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from copilot_tools.refusals import Refused
from expcopilot.memory.ledger import Wanted
from expcopilot.records.entry import Entry
from expcopilot.records.log_lines import KINDS, log_line
from expcopilot.surfaces import parsing
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.visit import Visit, does, shows
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["ROUTES"]

_A_PAGE = 50


class Line(NamedTuple):
    """One entry.

    Attributes:
        position: In the ledger.
        time: UTC, to the minute.
        who: Who did it.
        experiment: Whose it is; "" for the workspace's own.
        at: Where that is shown; "" for the workspace's own.
        kind: What kind of entry, in a word or two.
        refused: Whether it is a refused attempt.
        what: What it says.
        more: Further sentences: every reason of a refusal.
        digest: Its digest.
    """

    position: int
    time: str
    who: str
    experiment: str
    at: str
    kind: str
    refused: bool
    what: str
    more: tuple[str, ...]
    digest: str


def _line(entry: Entry) -> Line:
    refusals = entry.payload["refusals"] if entry.kind == "refused" else ()
    return Line(
        position=entry.position,
        time=entry.time[:16].replace("T", " "),
        who=entry.actor,
        experiment=entry.experiment,
        at=experiment_at(entry.experiment) if entry.experiment else "",
        kind=KINDS[entry.kind],
        refused=entry.kind == "refused",
        what=log_line(entry),
        more=tuple(on_page(f"{r['reason']} {r['cure']}") for r in refusals),
        digest=entry.digest,
    )


def _history(visit: Visit) -> Response:
    name = visit.named if "name" in visit.request.path_params else ""
    kind = visit.said("kind") if visit.said("kind") in KINDS else ""
    wanted = Wanted(name, kind, visit.said("person"))
    before = _position(visit.said("before"))
    entries = visit.copilot.entries(wanted, before=before, most=_A_PAGE + 1)
    tally = visit.copilot.tally(Wanted(name))
    position, head = visit.copilot.ledger.head()
    here = experiment_at(name, below="history") if name else "/history"
    filters = {key: value for key, value in (("kind", kind), ("person", wanted.actor)) if value}
    older = {**filters, "before": entries[_A_PAGE - 1].position} if len(entries) > _A_PAGE else None
    return visit.page(
        "history.html.jinja",
        name=name,
        at=experiment_at(name) if name else "",
        here=here,
        lines=tuple(map(_line, entries[:_A_PAGE])),
        found=sum(n for (k, who), n in tally.items() if kind in {"", k} and wanted.actor in {"", who}),
        kinds=tuple((k, KINDS[k]) for k in KINDS if any(found == k for found, _ in tally)),
        people=tuple(sorted({who for _, who in tally})),
        wanted=wanted,
        older=f"{here}?{urlencode(older)}" if older else "",
        newest=f"{here}?{urlencode(filters)}" if before and filters else here if before else "",
        position=position,
        head=head,
        download=f"{here}.jsonl",
        last=visit.office.check.last,
    )


def _position(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _verify(visit: Visit) -> Response:
    """Recompute everything."""
    known = dict(parsing.head(line) for line in visit.said("heads").split())
    visit.office.check.run(lambda: visit.copilot.verify(known), visit.copilot.workspace.actor)
    return visit.go("/history/verified")


def _verified(visit: Visit) -> Response:
    last = visit.office.check.last
    if last is None:
        raise Refused.because(
            "web.not_verified",
            "Nothing was verified since this server was started.",
            "Press “Verify everything” in the history.",
            name="verify",
        )
    return visit.page("verified.html.jinja", last=last, position=visit.copilot.ledger.head()[0])


def _download(visit: Visit) -> Response:
    """Every entry, one JSON document a line, as `expcopilot log --json` has them."""
    name = visit.named if "name" in visit.request.path_params else ""
    if name:
        visit.copilot.refuse_unknown(name)

    def lines() -> Iterator[str]:
        for entry in visit.copilot.ledger.entries(name or None):
            yield json.dumps(entry.to_json(), ensure_ascii=False) + "\n"

    return StreamingResponse(
        lines(),
        media_type="application/x-ndjson",
        headers={"content-disposition": f'attachment; filename="{_file_name(name)}.jsonl"'},
    )


def _file_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name) or "history"


ROUTES = [
    shows("/history", _history),
    shows("/history.jsonl", _download),
    does("/history/verify", _verify),
    shows("/history/verified", _verified),
    shows("/e/{name}/history", _history),
    shows("/e/{name}/history.jsonl", _download),
]
