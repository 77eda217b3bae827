"""Copy as the claim checker reads it: sentence by sentence, each with the scanner's marks, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from expcopilot.flow.copy_standards import scanned
from expcopilot.language.roles.claim_checker import CopySentence, Mark
from expcopilot.records.copy import Variant

__all__ = ["Placed", "placed"]


class Placed(NamedTuple):
    """A sentence in its place.

    Attributes:
        read: As the claim checker is shown it, numbered from 0.
        field: The variant's field it stands in.
        start: Where it begins in that field's text, in characters.
    """

    read: CopySentence
    field: str
    start: int


def placed(variants: Iterable[Variant]) -> tuple[Placed, ...]:
    """Every sentence of the variants, in order, numbered through."""
    return tuple(
        Placed(CopySentence(sentence=number, text=text, marks=marks), field, start)
        for number, (field, start, text, marks) in enumerate(_sentences(variants))
    )


def _sentences(variants: Iterable[Variant]) -> Iterator[tuple[str, int, str, tuple[Mark, ...]]]:
    for variant in variants:
        for field in variant.fields:
            found = scanned(field.text, variant.language)
            for sentence in found.sentences:
                claims = [c for c in found.claims if sentence.start <= c.start < sentence.end]
                marks = tuple(Mark(span=field.text[c.start : c.end], kind=c.kind) for c in claims)
                yield field.name, sentence.start, field.text[sentence.start : sentence.end], marks
