"""Review files read back: a CSV file with a row a variant, in which a person has written what they decided, and who."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.memory.small_file import read_small

__all__ = ["ReviewRow", "load", "parse"]

_COLUMNS = ("brief", "variant", "digest", "approve", "by", "reason")
_TEXT = "text."
_LARGEST = 200_000_000
_ANSWERS: dict[str, Literal["approve", "reject"]] = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "approve", "approved", "ja", "oui", "si", "sí"), "approve"),
    **dict.fromkeys(("no", "n", "false", "0", "reject", "rejected", "nein", "non"), "reject"),
}


class ReviewRow(Frozen):
    """One decision of a review file.

    Attributes:
        number: What its cell ``row`` says, as in every other file of the batch; else its place in the file, the header
            not counted.
        brief: The brief's id.
        variant: The variant's id.
        digest: Of the text the person saw.
        action: What they decided.
        by: Who; "" where nobody is named.
        reason: In their words.
        experiment: Whose copy it is; "" where that is the brief's own name.
        texts: Field -> its text as the file holds it now, where the file holds texts (columns ``text.FIELD``).
        already: Whether it was decided so before: then reading the row added nothing.
    """

    number: int
    brief: str
    variant: str
    digest: str
    action: Literal["approve", "reject"]
    by: str = ""
    reason: str = ""
    experiment: str = ""
    texts: dict[str, str] = {}
    already: bool = False


def load(path: Path) -> tuple[ReviewRow, ...]:
    """Read the decisions of a review file; rows with an empty ``approve`` are not decided and not returned.

    Raises:
        Refused: ``review.unreadable``, ``review.too_large``, or everything wrong in it together.
    """
    text = read_small(
        path,
        kind="review",
        called="The review file",
        most_bytes=_LARGEST,
        unreadable="Save it as CSV in UTF-8, and make sure you may read it.",
        too_large="Split it; each part keeps the header.",
    )
    return parse(text, name=path.name)


def parse(text: str, *, name: str = "review") -> tuple[ReviewRow, ...]:
    """The decisions in the text of a review file; see ``load``."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [c.strip().lower() for c in reader.fieldnames or ()]
        missing = [c for c in _COLUMNS if c not in columns]
        if missing:
            raise Refused.because(
                "review.columns",
                f"{name} has no column {', '.join(missing)}.",
                f"A review file has the columns {', '.join(_COLUMNS)}, and may have more.",
                name="review",
                value=", ".join(columns)[:200],
            )
        if twice := sorted({c for c in columns if c and columns.count(c) > 1}):
            raise Refused.because(
                "review.columns",
                f"{name} has the column {', '.join(twice)} more than once, so nobody can tell which counts.",
                "Keep one of each.",
                name="review",
                value=", ".join(twice)[:200],
            )
        reader.fieldnames = columns
        rows = list(enumerate(reader, 1))
    except csv.Error as error:
        raise Refused.because(
            "review.not_csv", f"{name} cannot be read as CSV: {error}.", "Save it as CSV again.", name="review"
        ) from None
    found: list[ReviewRow] = []
    problems: list[Refusal] = []
    for place, row in rows:
        number = _numbered(row.get("row") or "", place)
        given = {key: _bare(row.get(key) or "") for key in (*_COLUMNS, "experiment")}
        answer = given["approve"].lower()
        if not answer:
            continue
        action = _ANSWERS.get(answer)
        if action is None:
            problems.append(
                Refusal(
                    code="review.answer",
                    reason=f"{name}, row {number}: {given['approve'][:40]!r} is neither yes nor no.",
                    cure="Write yes, no, or leave it empty.",
                    name="approve",
                    value=given["approve"][:40],
                )
            )
            continue
        del given["approve"]
        # Cells as they stand: whoever compares them with the copy knows how they were written.
        # An empty one counts: a text may have been emptied.
        texts = {c.removeprefix(_TEXT): row.get(c) or "" for c in columns if c.startswith(_TEXT)}
        found.append(ReviewRow(number=number, action=action, texts=texts, **given))
    refuse_if_any([*problems, *_contradictions(found, name)])
    return tuple(found)


def _contradictions(rows: list[ReviewRow], name: str) -> Iterator[Refusal]:
    first: dict[tuple[str, str, str], ReviewRow] = {}
    for row in rows:
        before = first.setdefault((row.experiment or row.brief, row.brief, row.variant), row)
        if before.action != row.action:
            yield Refusal(
                code="review.contradiction",
                reason=f"{name}, {_both(before.number, row.number)}: {row.variant[:80]} of {row.brief[:80]} is "
                "approved in one and rejected in the other.",
                cure="Keep the row that counts.",
                name="approve",
                value=row.variant[:80],
            )


def _both(first: int, second: int) -> str:
    return f"rows {first} and {second}" if first != second else f"two rows {first}"


def _numbered(cell: str, place: int) -> int:
    """The row's own number, which stays its own when rows are sorted or left out."""
    said = cell.strip()
    return int(said) if said.isascii() and said.isdigit() and 0 < len(said) <= 9 else place


def _bare(cell: str) -> str:
    """A cell as it was before it was made inert for a spreadsheet."""
    return cell.strip().removeprefix("'")
