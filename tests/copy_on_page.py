"""Copy as a person meets it on the page: the form beside a mark or under a variant, found and pressed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from expcopilot.api import Copilot
from expcopilot.flow.steps.review import marks_of
from expcopilot.records.copy import FieldText, Review
from web_markup import Form, Markup
from webbing import Visitor
from writing import TEXT, brief, library, variant

__all__ = ["HOSTILE", "LOUD", "OnPage", "brought", "review"]

LOUD = ("The best box ever", "Guaranteed to be loved by 9 in 10 families. Ends tonight!")
HOSTILE = (
    "<script>alert(1)</script> \u202eevil\u202c \x1b[31m {{7*7}} & 40% off",
    "\"'><svg onload=alert(2)> <img src=x onerror=alert(3)>\n  Two  blanks, &lt;b&gt; and {% raw %} 9 in 10.",
)


def brought(folder: Path, name: str, **texts: tuple[str, str]) -> None:
    """A brief ``name`` with today's copy and variants v1, v2, v3 (or those given), and a source beside them."""
    library(folder)
    control = (FieldText(name="title", text="Come back and save 20%"), FieldText(name="body", text="It is waiting."))
    copilot = Copilot.open(folder)
    with copilot.workspace:
        made = [variant(one, *text, brief=name) for one, text in (texts or TEXT).items()]
        copilot.import_variants(brief(id=name, control=control), made, model=None)


def review(folder: Path, name: str, variant: str) -> Review:
    """A variant as it stands on the disk now."""
    copilot = Copilot.open(folder)
    with copilot.workspace:
        return next(r for r in copilot.copy(name).reviews if r.variant.id == variant)


@dataclass(frozen=True)
class OnPage:
    """The page of a brief that is named like its experiment, and somebody who reads it."""

    visitor: Visitor
    name: str

    @property
    def at(self) -> str:
        """Its address."""
        return f"/e/{self.name}/copy/{self.name}"

    @property
    def folder(self) -> Path:
        """The workspace's."""
        return self.visitor.web.folder

    @property
    def markup(self) -> Markup:
        """As it is served now."""
        return self.visitor.markup(self.at)

    def form(self, do: str, variant: str, mark: str = "") -> Form:
        """The one form that does this to a variant, or to a mark in it."""
        wanted = (do, variant, mark)
        found = [
            form
            for form in self.markup.forms
            if (form.values.get("do"), form.values.get("variant"), form.values.get("mark", "")) == wanted
        ]
        assert len(found) == 1, f"{len(found)} forms do {do!r} to {variant} {mark}"
        return found[0]

    def send(self, form: Form, **said: Any) -> httpx.Response:
        """Send a form as it stands, with what was filled in."""
        return self.visitor.client.post(form.action, data={**form.values, **said})

    def press(self, do: str, variant: str, mark: str = "", **said: Any) -> httpx.Response:
        """Find that form on the page, fill it in, send it."""
        return self.send(self.form(do, variant, mark), **said)

    def hand_over(self, form: str) -> httpx.Response:
        """Press "Hand over"."""
        return self.visitor.post(self.at, {"do": "export", "form": form, "at": "hand-over"})

    def handed(self) -> list[str]:
        """Addresses of the files that were handed over, the newest first."""
        return [a.attributes["href"] for a in self.markup.all("a") if "/handed/" in a.attributes.get("href", "")]

    def open_marks(self, variant: str) -> list[str]:
        """Labels of what is open in a variant, from the record."""
        return [mark.label for mark in marks_of(review(self.folder, self.name, variant)) if mark.is_open]
