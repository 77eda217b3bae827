"""What the ledger promises, whoever stores it: append-only, all or nothing, chained, checkable.

One chain runs over the whole workspace. Each entry carries the digest of the one before, so nothing can be changed,
dropped or slipped in without the chain showing it; and whoever keeps a digest printed on a readout can tell whether the
whole chain was written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, Protocol

from copilot_tools.base import Frozen
from expcopilot.records.entry import Draft, Entry

__all__ = ["ChainFault", "ChainReport", "Ledger", "Wanted"]

FaultKind = Literal["gap", "broken_link", "altered", "unreadable", "rewritten", "unguarded", "database"]


class ChainFault(Frozen):
    """One thing wrong with a ledger.

    Attributes:
        kind: "gap" (positions are missing), "broken_link" (an entry does not follow from the one before), "altered" (an
            entry's content no longer fits its digest), "unreadable" (an entry cannot be read as one), "rewritten" (an
            entry's digest is not the one known from outside), "unguarded" (the table's guards against change are gone),
            "database" (the file itself is damaged).
        position: The entry it was found at, or None for the whole file.
        sentence: One plain sentence.
    """

    kind: FaultKind
    position: int | None
    sentence: str


class ChainReport(Frozen):
    """What ``verify`` found.

    Attributes:
        entries: Entries read.
        position: Position of the last entry; 0 when there is none.
        head: Digest of the last entry; GENESIS when there is none.
        faults: Everything wrong, in ledger order; empty for a sound ledger.
    """

    entries: int
    position: int
    head: str
    faults: tuple[ChainFault, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Wanted(NamedTuple):
    """Which entries somebody wants to see; "" for every one.

    Attributes:
        experiment: Of this experiment.
        kind: Of this kind.
        actor: By this person.
    """

    experiment: str = ""
    kind: str = ""
    actor: str = ""


class Ledger(Protocol):
    """An append-only, hash-chained list of entries shared by every process of a workspace."""

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """Append all drafts, or none.

        A draft whose key is already there changes nothing: the entry already there is returned in its place, so a
        command killed after its commit can simply be run again.

        Raises:
            Refused: ``ledger.key_reused`` when the key stands for something else (another experiment, kind or payload;
                the actor may differ); ``ledger.not_json`` when a payload cannot be written as JSON; and what keeps the
                storage from being written.
        """
        ...

    def append_if(self, head: int, *drafts: Draft) -> tuple[Entry, ...]:
        """Append all drafts, all of one experiment, unless that experiment has moved since it was read.

        Args:
            head: Position of the experiment's last entry as the caller read it; 0 when it had none.
            drafts: What to append.

        Raises:
            Refused: ``ledger.moved`` when another entry of the same experiment came in between; and as ``append``.
            ValueError: The drafts belong to several experiments.
        """
        ...

    def entries(self, experiment: str | None = None) -> Iterator[Entry]:
        """Entries in order, of one experiment or of all, up to the head at the time of the call.

        Raises:
            Refused: ``ledger.damaged`` when an entry cannot be read.
        """
        ...

    def page(self, wanted: Wanted, *, before: int, most: int) -> tuple[Entry, ...]:
        """The newest entries that are wanted, the newest first.

        Args:
            wanted: Which.
            before: Only those at a lower position; 0 for all.
            most: How many at most.

        Raises:
            Refused: ``ledger.damaged`` when one of them cannot be read.
        """
        ...

    def tally(self, wanted: Wanted) -> dict[tuple[str, str], int]:
        """(Kind, actor) -> how many entries that are wanted."""
        ...

    def find(self, key: str) -> Entry | None:
        """The entry appended under an idempotency key, or None.

        Raises:
            Refused: ``ledger.damaged`` when it cannot be read.
        """
        ...

    def head(self) -> tuple[int, str]:
        """Position and digest of the last entry; (0, GENESIS) when there is none."""
        ...

    def latest(self) -> str:
        """Time of the last entry, which no later one comes before; "" when there is none."""
        ...

    def experiments(self) -> tuple[str, ...]:
        """Names of experiments, in order of first appearance; the workspace's own entries ("") are not one."""
        ...

    def verify(self, known: Mapping[int, str] | None = None) -> ChainReport:
        """Re-read everything and name whatever is wrong.

        Args:
            known: Position -> digest kept outside the ledger, such as the head printed on a readout. The only guard
                against a chain that was written anew as a whole, or cut off at its end.
        """
        ...
