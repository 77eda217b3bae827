"""A case of variants: a brief as a marketer gives it, with the sources on the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from copydesk.shelf import SourceFile
from pydantic import Field
from suite.case import Case, read

from expcopilot.records.copy import Brief, FieldText

__all__ = ["VariantsCase", "cases"]


class VariantsCase(Case):
    """One brief.

    Attributes:
        channel: A channel of the product.
        language: In which the copy is wanted.
        change: What changes.
        audience: For whom.
        because: Why it should work.
        k: How many variants.
        mechanisms: Ways to test it, in order; empty for the channel's usual ones.
        control: Field -> today's text.
        keep_away: Earlier or competitors' copy.
        facts: Ids of the facts that may be used; empty for all that count.
        notes: Whatever else the marketer wrote.
        sources: Name -> source.
    """

    channel: Literal["web", "email", "push", "sms", "search_ads", "in_app"]
    language: Literal["en", "de", "fr", "es"] = "en"
    change: str
    audience: str
    because: str
    k: Annotated[int, Field(ge=2, le=8)] = 3
    mechanisms: tuple[str, ...] = ()
    control: dict[str, str] = {}
    keep_away: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    notes: str = ""
    sources: dict[str, SourceFile] = {}

    @property
    def brief(self) -> Brief:
        """As the product takes it."""
        given = self.model_dump(include={"channel", "language", "change", "audience", "because", "k", "notes"})
        return Brief(
            id="copy",
            mechanisms=self.mechanisms,
            keep_away=self.keep_away,
            facts=self.facts,
            control=tuple(FieldText(name=name, text=text) for name, text in self.control.items()),
            **given,
        )


def cases() -> tuple[VariantsCase, ...]:
    """All of them."""
    return read(Path(__file__).with_name("cases.yaml"), VariantsCase)
