"""Fields that records had once and have no longer: an older ledger still holds them, and is read without them.

A ledger is append-only, so what was written stays written; the record is what this version makes of it. Any other
unknown field is refused: it says that a newer version wrote it, or somebody else.
"""

from __future__ import annotations

from typing import Any

from expcopilot.records.entry import Entry, Kind

__all__ = ["REMOVED", "payload_of"]

REMOVED: dict[Kind, frozenset[str]] = {"readout": frozenset({"form"})}
"""Kind of entry -> names of fields its payload may still have. ``form`` said "full" or "brief"; ``files`` tells it."""


def payload_of(entry: Entry) -> dict[str, Any]:
    """The payload of an entry without the fields that were removed since it was written; the entry stays as it is."""
    removed = REMOVED.get(entry.kind)
    return {k: v for k, v in entry.payload.items() if k not in removed} if removed else entry.payload
