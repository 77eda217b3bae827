"""What a claim scanner returns: every sentence with its mark, every claim at its place. Offsets are code points."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen

__all__ = ["CLAIM_KINDS", "Claim", "ClaimKind", "Mark", "Scanned", "Sentence"]

ClaimKind = Literal[
    "statistic",  # a number about the world: "3 in 4 customers", "saves 40%"
    "superlative",  # "the best", "fastest", "no. 1"
    "comparative",  # "faster than", "more reliable", a ranking
    "testimonial",  # what customers say or do: quotations, stars, "loved by thousands"
    "guarantee",  # guarantees and absolutes: "always", "never fails", "risk-free", "100%"
    "health",
    "finance",
    "environment",
    "children",
    "privacy",  # privacy and security
    "scarcity",  # scarcity and urgency: "only 3 left", "ends tonight"
    "certification",  # certifications and awards
    "price",  # prices, discounts and "free"
    "endorsement",  # experts, institutions, celebrities
    "before_after",
    "implied",  # "the only X you need"
]

CLAIM_KINDS: tuple[ClaimKind, ...] = ClaimKind.__args__  # type: ignore[attr-defined]
"""Every kind, in the order of the documentation."""

Mark = Literal["claim", "puffery", "plain", "unclassified"]
"""claim: needs a source. puffery: praise, no fact. plain: neither. unclassified: a person must tick it."""


class Claim(Frozen):
    """One claim at its place.

    Attributes:
        start: First code point of the span, in the text as given.
        end: One past its last.
        kind: What kind of claim it is.
        words: The words that make it one, as they stand in the span.
        why: Why it needs a source, and what would show it: one plain sentence.
    """

    start: int
    end: int
    kind: ClaimKind
    words: tuple[str, ...]
    why: str


class Sentence(Frozen):
    """One sentence and its mark; every code point that is not white space stands in exactly one sentence.

    Attributes:
        start: First code point.
        end: One past its last.
        mark: What it is; "claim" when a claim lies in it, unless it is disguised writing as well: then "unclassified".
        why: What made it puffery or left it unclassified; "" otherwise.
    """

    start: int
    end: int
    mark: Mark
    why: str = ""


class Scanned(Frozen):
    """A text after the scanner.

    Attributes:
        language: The language it was read as: "en", "de", "fr" or "es".
        claims: In order of their place; spans of one kind do not overlap.
        sentences: In order of their place.
    """

    language: str
    claims: tuple[Claim, ...] = ()
    sentences: tuple[Sentence, ...] = ()
