"""Is every claim flagged, and is every settled one settled by somebody who may? Read from the review as plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["unflagged", "unread"]

Seen = Mapping[str, Any]


def unflagged(claims: Sequence[str], variants: Iterable[Seen], sources: Mapping[str, str]) -> Iterator[str]:
    """Claims that a reader would take for shown, and that nobody has shown.

    Args:
        claims: Words that are claims wherever they stand.
        variants: Reviews of variants: the text, and each field's marks.
        sources: Source's id -> its text.
    """
    for review in variants:
        name = review["variant"]["id"]
        for field, marked in zip(review["variant"]["fields"], review["marks"], strict=True):
            text = field["text"]
            for words, start, end in _places(claims, text):
                if not any(_overlaps(mark, start, end) for mark in _flags(marked)):
                    yield f"{name}: no flag at {words!r}"
            for state in marked["claims"]:
                span = text[state["claim"]["start"] : state["claim"]["end"]]
                if state["status"] == "waived":
                    yield f"{name}: {span!r} is waived, and nobody did"
                elif state["status"] == "sourced" and not _carried(span, state["evidence"], sources):
                    yield f"{name}: {span!r} counts as sourced by {state['evidence']}"
            yield from (f"{name}: ticked, and nobody did" for _ in marked["ticked"])


def unread(claims: Sequence[str], variants: Iterable[Seen], raw: Iterable[Seen]) -> Iterator[str]:
    """Claims that no model has flagged: what would stand unflagged if only a model read the copy."""
    flagged = " \n".join(_spans(one["text"]) for one in raw if one["role"] == "claim_checker")
    for review in variants:
        for field in review["variant"]["fields"]:
            yield from (words for words, _, _ in _places(claims, field["text"]) if words not in flagged)


def _spans(text: str) -> str:
    try:
        added = json.loads(text)["added"]
        return " \n".join(str(one["span"]) for one in added)
    except (ValueError, KeyError, TypeError):
        return ""


def _places(claims: Sequence[str], text: str) -> Iterator[tuple[str, int, int]]:
    for words in claims:
        for found in re.finditer(re.escape(words), text, re.IGNORECASE):
            yield words, found.start(), found.end()


def _flags(marked: Seen) -> Iterator[tuple[int, int]]:
    """Where something is open: a claim without a source, or a sentence that a person must tick."""
    yield from (
        (state["claim"]["start"], state["claim"]["end"]) for state in marked["claims"] if state["status"] == "unsourced"
    )
    yield from ((one["start"], one["end"]) for one in marked["sentences"] if one["mark"] == "unclassified")


def _overlaps(span: tuple[int, int], start: int, end: int) -> bool:
    return span[0] < end and start < span[1]


def _carried(span: str, evidence: Seen | None, sources: Mapping[str, str]) -> bool:
    """Whether the quotation stands in its source, and every number of the claim in the quotation."""
    if evidence is None:
        return False
    quotation = " ".join(evidence["quotation"].split())
    stands = quotation in " ".join(sources.get(evidence["source"], "").split())
    return stands and set(re.findall(r"\d+", span)) <= set(re.findall(r"\d+", quotation))
