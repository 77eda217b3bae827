"""A case of claims: a variant as somebody might write it, and what a careful lawyer would mark in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from copydesk.shelf import SourceFile
from pydantic import Field, model_validator
from suite.case import Case, read

from copilot_tools.base import Frozen
from copilot_tools.wording.claims.marks import ClaimKind

__all__ = ["ClaimsCase", "Labelled", "Place", "Quotation", "cases"]


class Labelled(Frozen):
    """A claim of the text.

    Attributes:
        words: The words that carry it; they stand once in the text.
        kinds: The kinds it may well be called; the first is the best.
    """

    words: Annotated[str, Field(min_length=2)]
    kinds: Annotated[tuple[ClaimKind, ...], Field(min_length=1)]


class Quotation(Frozen):
    """A quotation that a person puts beneath a claim.

    Attributes:
        claim: Words of the claim.
        source: Name of the source.
        words: The words quoted.
        holds: Whether they stand there and carry it.
    """

    claim: str
    source: str
    words: str
    holds: bool


class Place(NamedTuple):
    """Where words stand: the field, the first code point, and one past the last."""

    field: str
    start: int
    end: int


class ClaimsCase(Case):
    """One variant.

    Attributes:
        channel: A channel of the product.
        language: In which it is written.
        text: Field -> its text.
        claims: All its claims; none: it is clean.
        either: Words of which careful people may think one way or the other: neither right nor wrong.
        sources: Name -> source, for the quotations.
        quotes: What somebody quotes for them.
    """

    channel: Literal["web", "email", "push", "sms", "search_ads", "in_app"]
    language: Literal["en", "de", "fr", "es"] = "en"
    text: Annotated[dict[str, str], Field(min_length=1)]
    claims: tuple[Labelled, ...] = ()
    either: tuple[str, ...] = ()
    sources: dict[str, SourceFile] = {}
    quotes: tuple[Quotation, ...] = ()

    @model_validator(mode="after")
    def _each_words_once(self) -> Self:
        for words in (*(label.words for label in self.claims), *self.either, *(q.claim for q in self.quotes)):
            if (often := sum(text.count(words) for text in self.text.values())) != 1:
                raise ValueError(f"{words!r} stands {often} times in the text; name words that stand there once")
        if unknown := {q.source for q in self.quotes} - set(self.sources):
            raise ValueError(f"there is no source {', '.join(sorted(unknown))}")
        return self

    def place(self, words: str) -> Place:
        """Where the words stand."""
        return next(
            Place(field, at, at + len(words)) for field, text in self.text.items() if (at := text.find(words)) >= 0
        )

    def places(self) -> Iterator[tuple[Labelled, Place]]:
        """Every claim and where it stands."""
        for label in self.claims:
            yield label, self.place(label.words)


def cases() -> tuple[ClaimsCase, ...]:
    """All of them."""
    return read(Path(__file__).with_name("cases.yaml"), ClaimsCase)
