"""Ledger entries: what happened, when, by whom, chained by digest."""

from __future__ import annotations

from typing import Any, Literal

from copilot_tools.base import Frozen
from expcopilot.records.digest import digest

__all__ = ["GENESIS", "Draft", "Entry", "Kind"]

GENESIS = "0" * 64
"""The digest before the first entry."""

Kind = Literal[
    "registered",
    "amended",
    "looked",
    "refused",
    "closed",
    "readout",
    "surveyed",
    "said",
    "answered",
    "proposed",
    "decided",
    "written",
    "drafted",
    "checked",
    "sourced",
    "exported",
]


class Draft(Frozen):
    """An entry about to be appended; position, time and chain are the ledger's to add.

    Attributes:
        experiment: Whose entry it is; ``""`` for the workspace itself.
        kind: What happened.
        actor: Who did it, as the workspace knows them.
        payload: JSON data of the record behind ``kind``.
        key: Idempotency key: appending the same key again returns the entry already there.
    """

    experiment: str
    kind: Kind
    actor: str
    payload: dict[str, Any]
    key: str


class Entry(Frozen):
    """One appended entry.

    Attributes:
        position: 1, 2, 3, ... over the whole ledger.
        time: UTC, ISO 8601 with microseconds.
        previous: Digest of the entry before; GENESIS for the first.
        digest: Of all other fields.
    """

    position: int
    experiment: str
    kind: Kind
    time: str
    actor: str
    payload: dict[str, Any]
    key: str
    previous: str
    digest: str

    @classmethod
    def chained(cls, draft: Draft, *, position: int, time: str, previous: str) -> Entry:
        """The entry for a draft at its place in the chain."""
        body = {"position": position, "time": time, "previous": previous, **draft.to_json()}
        return cls(**body, digest=digest(body))

    def intact(self) -> bool:
        """Whether the digest still fits the content."""
        return self.digest == digest(self.model_dump(mode="json", exclude={"digest"}))
