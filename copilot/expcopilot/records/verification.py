"""What ``verify`` found."""

from __future__ import annotations

from copilot_tools.base import Frozen

__all__ = ["Verification"]


class Verification(Frozen):
    """The outcome of re-reading and recomputing everything.

    Attributes:
        entries: Entries in the ledger.
        head: Digest of the last entry.
        looks: Looks recomputed from plan and moments.
        sources: Looks whose data was read again.
        readouts: Readouts rebuilt and compared with what was handed out.
        faults: Each difference found, in one sentence.
        notes: What could not be checked, and why.
    """

    entries: int
    head: str
    looks: int
    sources: int
    readouts: int
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether no difference was found."""
        return not self.faults
