"""What forms about data have in common: which data is meant, how it is declared, and a name for each form sent."""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import Dialect
from expcopilot.flow.declared_data import open_source, place, usual_form
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.spelling import on_page
from expcopilot.surfaces.web.visit import Visit

__all__ = ["FORMS", "Given", "Opener", "attempt", "form_key", "kept", "opener", "problems_shown", "stated"]

FORMS = (
    ("rows", "one row a unit (usual)"),
    ("events", "one row an event, several a unit"),
    ("counts", "summary counts, one row an arm"),
)
"""What a file may hold, as people are asked."""


class Given(NamedTuple):
    """Data as it was named and declared.

    Attributes:
        data: The file, or the address of a table.
        shown: What it is called on the page.
        file: Its name among the workspace's data files, or "".
        at: Else where it lies, as it was named.
        form: "rows", "events", "counts"; "" for what is usual.
        aggregate: COLUMN=RULE, for events.
        units: For counts, the column of the units.
    """

    data: Path
    shown: str
    file: str
    at: str
    form: str
    aggregate: tuple[str, ...]
    units: str

    def page(self, base: str) -> str:
        """The address of the mapping screen below ``base``."""
        said = {"holds": self.form, "aggregate": "\n".join(self.aggregate), "units": self.units}
        query = {name: text for name, text in said.items() if text and (name, text) != ("units", "n")}
        where = f"{base}/{quote(self.file, safe='')}" if self.file else base
        query = query if self.file else {"at": self.at, **query}
        return f"{where}?{urlencode(query)}" if query else where


Opener = partial[Source]


def stated(visit: Visit) -> Given:
    """The data of this request, from its address or its form.

    Raises:
        Refused: It is not here, or not named.
    """
    file = visit.of_address("file") if "file" in visit.request.path_params else visit.said("file")
    at = visit.said("at") if not file else ""
    workspace = visit.copilot.workspace
    data = workspace.data.file(file) if file else place(at, workspace.folder)
    aggregate = tuple(line.strip() for line in visit.said("aggregate").splitlines() if line.strip())
    return Given(data, file or at, file, at, visit.said("holds"), aggregate, visit.said("units") or "n")


def opener(given: Given, state: Experiment) -> Opener:
    """What opens the data under an experiment's plan."""
    spec = state.plan.analysis if state.plan else None
    return partial(
        open_source,
        given.data,
        (),
        form=given.form or usual_form(spec, given.data),
        aggregate=given.aggregate,
        dialect=spec.dialect if spec else Dialect(),
        units=given.units,
        spec=spec,
        name=state.name,
    )


def kept(visit: Visit) -> str:
    """Keep the file that came with this form; its name in the workspace.

    Raises:
        Refused: None came, or it cannot be kept.
    """
    upload = visit.file("data")
    return visit.copilot.workspace.data.keep(upload.file, upload.filename or "")


def form_key() -> str:
    """A fresh name for a form: sent twice, it is one look."""
    return secrets.token_urlsafe(12)


def attempt(visit: Visit) -> str:
    """The name of exactly this request: the form's key, and everything that was chosen in it."""
    said = sorted((k, v) for k, v in visit.form.multi_items() if isinstance(v, str) and k != "csrf")
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def problems_shown(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Problems in the page's own words for what to do."""
    return tuple(r.model_copy(update={"reason": on_page(r.reason), "cure": on_page(r.cure)}) for r in refusals)
