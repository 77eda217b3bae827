"""A clean CSV file for people: one row an approved variant, exactly as approved, and nothing a spreadsheet would run.

In front of whatever a spreadsheet would take for a formula stands one apostrophe, which ``unguarded`` takes off again.

References:
    RFC 4180.
"""

from __future__ import annotations

import csv
import io

from expcopilot.memory.spreadsheet import guarded, unguarded
from expcopilot.outputs.handover.handover import Handover

__all__ = ["guarded", "to_csv", "unguarded"]

_BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page."""


def to_csv(handover: Handover) -> str:
    """One row a variant: its id, mechanism, fields, share, who approved it when, and the digest of the text.

    UTF-8 with a byte order mark, as Excel wants it; commas, every cell in quotation marks.

    Raises:
        Refused: The hand-over does not fit together.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    fields = handover.field_names
    own = (
        ("variant", "mechanism"),
        ("share", "approved_by", "approved_at", "digest", "experiment", "brief", "channel", "language"),
    )
    writer.writerow([guarded(name) for name in (*own[0], *_apart(fields, own[0] + own[1]), *own[1])])
    for arm in handover.arms():
        if arm.variant is None and not arm.text:
            continue
        approved = arm.variant
        row = (
            arm.name,
            approved.mechanism if approved else "today's copy",
            *(arm.text.get(name, "") for name in fields),
            f"{arm.share:.6g}",
            approved.approved_by if approved else "",
            approved.approved_at if approved else "",
            approved.digest if approved else "",
            handover.experiment,
            handover.brief or handover.experiment,
            handover.channel,
            handover.language,
        )
        writer.writerow([guarded(cell) for cell in row])
    return _BOM + out.getvalue()


def _apart(fields: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns for the fields; a field called like a column of our own gets a prefix."""
    return tuple(f"field_{name}" if name in taken else name for name in fields)
