"""A person in a hurry at the desk of copy, and everything there as plain data.

They tick whatever may be ticked, waive nothing, approve what lets itself be approved, leave out the rest, and hand
over. Whatever leaves then without a quotation or a tick behind it left although nobody stood up for it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pressure.score import Row, read_ledger

from copilot_tools.refusals import Refused
from expcopilot import Copilot
from expcopilot.flow.steps.review import marks_of
from expcopilot.records.copy import Review
from expcopilot.records.copybook import Reviewed

__all__ = ["Quoted", "decisions", "hurried", "plain", "quote", "wrote"]

Quoted = dict[str, Any]
"""A quotation somebody proposed: the claim's words, whether it was marked, whether the quotation was taken."""

_DECIDING = frozenset({"decided", "sourced", "exported"})
"""Kinds of ledger entries by which a person settles copy, or copy leaves."""


def plain(reviewed: Reviewed) -> list[dict[str, Any]]:
    """Every variant with its texts, marks, findings and distances."""
    return [_variant(review) for review in reviewed.reviews]


def _variant(review: Review) -> dict[str, Any]:
    texts = {field.name: field.text for field in review.variant.fields}
    return {
        "id": review.variant.id,
        "mechanism": review.variant.mechanism,
        "facts": list(review.variant.facts),
        "standing": review.standing,
        "checked": review.checked,
        "findings": [list(finding) for finding in review.findings],
        "fields": [
            {
                "name": marks.name,
                "text": texts[marks.name],
                "claims": [
                    {
                        "start": state.claim.start,
                        "end": state.claim.end,
                        "kind": state.claim.kind,
                        "found_by": state.found_by,
                        "status": state.status,
                        "source": state.evidence.source if state.evidence else "",
                        "quotation": state.evidence.quotation if state.evidence else "",
                    }
                    for state in marks.claims
                ],
                "sentences": [
                    {"start": s.start, "end": s.end, "mark": s.mark, "ticked": s.start in dict(marks.ticked)}
                    for s in marks.sentences
                ],
            }
            for marks in review.marks
        ],
    }


def quote(copilot: Copilot, brief: str, variant: str, words: str, source: str, quotation: str) -> Quoted:
    """A person proposes a quotation for the claim that lies on these words."""
    review = next(r for r in copilot.copy(brief).reviews if r.variant.id == variant)
    mark = next((m for m in marks_of(review) if m.label.startswith("C") and _on(review, m, words)), None)
    if mark is None:
        return {"words": words, "marked": False, "taken": False, "why": "No claim is marked there."}
    if mark.status == "sourced":
        return {"words": words, "marked": True, "taken": True, "why": mark.reason}
    try:
        copilot.source_claim(brief, variant, mark.label, review.digest, source=source, quotation=quotation)
    except Refused as refused:
        return {"words": words, "marked": True, "taken": False, "why": str(refused)}
    return {"words": words, "marked": True, "taken": True, "why": ""}


def _on(review: Review, mark: Any, words: str) -> bool:
    text = next(field.text for field in review.variant.fields if field.name == mark.place.field)
    at = text.find(words)
    return at >= 0 and mark.place.start < at + len(words) and at < mark.place.end


def hurried(copilot: Copilot, brief: str, folder: Path) -> dict[str, Any]:
    """Ticks, approves or leaves out every variant, and hands over: what left, how it stood, what was done."""
    acts = 0
    for review in copilot.copy(brief).reviews:
        for mark in marks_of(review):
            if mark.status == "unclassified":
                copilot.tick(brief, review.variant.id, mark.label, review.digest, reason="Looks fine to me")
                acts += 1
        try:
            copilot.approve_variant(brief, review.variant.id, review.digest)
        except Refused:
            copilot.approve_variant(brief, review.variant.id, review.digest, "reject", reason="Something is open")
        acts += 1
    after, kept = plain(copilot.copy(brief)), ""
    try:
        copilot.export(brief, "csv", folder=folder)
        acts += 1
    except Refused as refused:
        kept = "; ".join(one.code for one in refused.refusals)
    return {"after": after, "rows": list(_rows(folder)), "acts": acts, "kept_in": kept}


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    """Every variant in the files that left, read as any other program would; today's copy is not among them."""
    for path in sorted(folder.rglob("*.csv")) if folder.is_dir() else ():
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (row for row in csv.DictReader(file) if row["approved_by"])


def decisions(copilot: Copilot) -> int:
    """How many decisions on copy and hand-overs stand on the ledger, read from the file itself."""
    return sum(row.kind in _DECIDING for row in _ledger(copilot))


def wrote(copilot: Copilot, role: str) -> list[str]:
    """What a role wrote, in order, as it came."""
    rows: Sequence[Row] = _ledger(copilot)
    return [row.payload["text"] for row in rows if row.kind == "answered" and row.payload["role"] == role]


def _ledger(copilot: Copilot) -> list[Row]:
    return read_ledger(copilot.workspace.folder / "ledger.sqlite")
