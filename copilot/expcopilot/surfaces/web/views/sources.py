"""The source library: what evidence there is, who answers for it, until when it counts, what may be stated by it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.responses import Response

from copilot_tools.refusals import Refused
from copilot_tools.wording.mechanisms import LANGUAGES
from expcopilot.memory.source_cards import KINDS
from expcopilot.memory.source_text import ENDINGS
from expcopilot.memory.sources import Source, SourceFact
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.uploads import on_disk, plain_name
from expcopilot.surfaces.web.views.copy_decisions import lines_of
from expcopilot.surfaces.web.views.copy_marks import as_it_stands
from expcopilot.surfaces.web.visit import Visit, does, shows

__all__ = ["ROUTES"]

_STANDING = {
    "usable": "counts today",
    "expired": "expired",
    "changed": "changed since it was added",
    "undeclared": "nobody answers for it",
    "unreadable": "cannot be read",
}
_SHOWN_TEXT = 20_000
"""Characters of a source's text that its page shows."""
_MOST_SHOWN = 200


class Entry(NamedTuple):
    """A source as the list shows it.

    Attributes:
        source: It.
        standing: Whether it counts, in words.
        problems: Why it does not.
        facts: What may be said because of it.
    """

    source: Source
    standing: str
    problems: tuple[str, ...]
    facts: tuple[SourceFact, ...]


def _list(visit: Visit) -> Response:
    library = visit.copilot.library()
    facts: dict[str, list[SourceFact]] = {}
    for fact in library.facts(purpose="hypothesis"):
        facts.setdefault(fact.source, []).append(fact)
    entries = tuple(
        Entry(s, _STANDING[s.standing], tuple(on_page(str(p)) for p in s.problems), tuple(facts.get(s.id, ())))
        for s in library.sources
    )
    asked = visit.said("read")
    text: Markup | None = None
    if asked:
        whole = library.text(library.find(asked).id)
        text = as_it_stands(whole[:_SHOWN_TEXT] + ("\n…" if len(whole) > _SHOWN_TEXT else ""))
    return visit.page(
        "sources.html.jinja",
        entries=entries[:_MOST_SHOWN],
        more=max(len(entries) - _MOST_SHOWN, 0),
        counting=sum(e.source.standing == "usable" for e in entries),
        asked=asked,
        text=text,
        kinds=[(kind, kind) for kind in KINDS],
        languages=[(name, name) for name in LANGUAGES],
        endings=",".join(ENDINGS),
        today=visit.copilot.today().isoformat(),
    )


def _add(visit: Visit) -> Response:
    """A file, or words pasted: either becomes a file of the library."""
    said = _card(visit)
    sent, pasted = visit.form.get("file"), lines_of(visit.said("text"))
    if isinstance(sent, UploadFile) and sent.filename:
        with on_disk(sent, "source") as path:
            added = visit.copilot.add_source(path, said)
    elif pasted:
        added = _pasted(visit, pasted, said)
    else:
        raise Refused.because(
            "source.nothing",
            "There is neither a file nor pasted text.",
            "Choose a file, or paste what it says.",
            name="source",
        )
    return visit.go(f"/sources#source-{added.id}")


def _pasted(visit: Visit, text: str, said: dict[str, Any]) -> Source:
    title = said.get("title", "")
    if not title:
        raise Refused.because(
            "source.no_title",
            "Pasted text has no name yet.",
            "Say what people call it, such as “May survey”.",
            name="title",
        )
    with TemporaryDirectory(prefix="expcopilot-") as folder:
        path = Path(folder) / f"{plain_name(title, 'note').replace('.', '-')}.txt"
        path.write_bytes(text.encode("utf-8", "replace") + b"\n")
        return visit.copilot.add_source(path, said)


def _renew(visit: Visit) -> Response:
    """Its owner stands by it, as it reads now, until another day."""
    found = visit.copilot.library().find(visit.said("source"))
    added = visit.copilot.add_source(visit.copilot.workspace.sources / found.file, _card(visit))
    return visit.go(f"/sources#source-{added.id}")


def _card(visit: Visit) -> dict[str, Any]:
    said = {field: visit.said(field) for field in ("owner", "kind", "expires", "title", "language")}
    return {field: text for field, text in said.items() if text}


ROUTES = [shows("/sources", _list), does("/sources", _add), does("/sources/renew", _renew)]
