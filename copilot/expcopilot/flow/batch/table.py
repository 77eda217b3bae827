"""What a run writes: one row a variant, in the order of the briefs; and the same rows as a review file for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from copilot_tools.refusals import Refusal
from expcopilot.flow.batch.rows_in import BriefRow
from expcopilot.flow.batch.rows_out import Column
from expcopilot.flow.steps.review import marks_of
from expcopilot.records.copy import Review

__all__ = ["DECISION", "out_columns", "review_columns", "row_of", "row_without"]

DECISION = ("approve", "by", "reason")
"""Columns of a review file that a person fills: yes or no, who, and why."""

_HEAD = (Column("row", "count"), Column("brief"), Column("variant"), Column("status"))
_WHAT = (Column("channel"), Column("language"), Column("mechanism"))
_FOUND = (
    Column("facts"),
    Column("claims", "count"),
    Column("open_marks", "count"),
    Column("marks"),
    Column("findings"),
    Column("nearest"),
    Column("distance", "number"),
    Column("digest"),
)
_FAULT = (Column("note"), Column("code"), Column("error"), Column("cure"))
_FIELD = "text."


def out_columns(fields: Sequence[str]) -> tuple[Column, ...]:
    """Columns of the file that comes out; a field of a channel is ``text.FIELD``."""
    return (*_HEAD, *_WHAT, *(Column(f"{_FIELD}{name}") for name in fields), *_FOUND, *_FAULT)


def review_columns(fields: Sequence[str]) -> tuple[Column, ...]:
    """Columns of a review file: one row a variant that stands, three empty columns for the decision."""
    texts = (Column(f"{_FIELD}{name}") for name in fields)
    row, brief, variant, _ = _HEAD
    return (row, Column("experiment"), brief, variant, *_WHAT, *texts, *_FOUND, *map(Column, DECISION))


def row_of(row: BriefRow, review: Review, note: str, experiment: str) -> dict[str, Any]:
    """A variant's row: its exact text, its marks and findings, each at its place.

    Args:
        row: The brief's row.
        review: The variant after scanner, evidence and channel.
        note: What else is to be said of the brief.
        experiment: Whose copy it is, for the review file.
    """
    variant = review.variant
    nearest = review.nearest[0] if review.nearest else None
    texts = {f"{_FIELD}{field.name}": field.text for field in variant.fields}
    marks = marks_of(review)
    return {
        "experiment": experiment,
        "row": row.number,
        "brief": row.id,
        "variant": variant.id,
        "status": "drafted",
        "channel": variant.channel,
        "language": variant.language,
        "mechanism": variant.mechanism,
        **texts,
        "facts": " ".join(variant.facts),
        "claims": sum(len(field.claims) for field in review.marks),
        "open_marks": review.open_marks,
        "marks": "; ".join(
            f"{m.label} {m.place.field} {m.place.start + 1}-{m.place.end} {m.place.kind}, {m.status}: “{m.words}”"
            for m in marks
        ),
        "findings": "; ".join(f"{field}: {severity}: {said}" for field, severity, said in review.findings),
        "nearest": nearest[0] if nearest else None,
        "distance": round(nearest[1], 4) if nearest else None,
        "digest": review.digest,
        "note": note or None,
        **dict.fromkeys(DECISION, ""),
    }


def row_without(row: BriefRow, status: str, refusals: Sequence[Refusal]) -> dict[str, Any]:
    """The row of a brief that has no variants: why, in its place."""
    brief = row.brief
    return {
        "row": row.number,
        "brief": row.id,
        "status": status,
        "channel": brief.channel if brief else None,
        "language": brief.language if brief else None,
        "code": " ".join(_once(refusal.code for refusal in refusals)),
        "error": " ".join(refusal.reason for refusal in refusals),
        "cure": " ".join(_once(refusal.cure for refusal in refusals)),
    }


def _once(texts: Iterator[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(text for text in texts if text))
