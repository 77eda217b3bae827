"""What both ways of asking share: the rows and their questions, the books, the money, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.flow.batch.asking import Asking, Wanted
from expcopilot.flow.batch.came import Came, Desk
from expcopilot.flow.batch.money import Money
from expcopilot.flow.batch.rows_in import BriefRow
from expcopilot.memory.request_store import RequestStore
from expcopilot.records.copy import Brief

__all__ = ["STOPS_ALL", "Progress", "Stopped", "Work"]

STOPS_ALL = frozenset(
    {"model.key_missing", "model.key_rejected", "model.billing", "model.not_permitted", "model.unknown_model"}
)
"""Failures that every further request would share."""

Stopped = Literal["", "budget", "interrupted", "failed"]
"""Why a run ended before its end."""


class Progress(Frozen):
    """How far a run is.

    Attributes:
        doing: In words: "Asking", "Waiting for batches", "Reading".
        done: Rows done.
        total: Rows in all.
        failed: Rows that failed.
        under_way: Requests that were sent and are not answered.
        cost: US dollars so far; None where the price is not known.
        found: What was found in the texts reviewed so far: kind of claim, "unclassified", "errors" -> how many.
    """

    doing: str
    done: int
    total: int
    failed: int = 0
    under_way: int = 0
    cost: float | None = None
    found: dict[str, int] = {}


@dataclass
class Work:
    """A run at work.

    Attributes:
        run: Its name.
        store: What was sent and answered.
        desk: What a row is worked on with.
        money: The purse.
        rows: Opens the rows anew, from the first.
        total: Rows in all.
        tell: Called with how far it is.
        only: Ids of the rows that are asked for, and asked again where what is kept was in vain; None for all, once.
        stopped: Why it is ending early, or "".
        failure: What stopped it, where that was a failure.
        done: Rows done.
        failed: Rows that failed.
        under_way: Requests sent and not answered.
        sent: Requests sent by this command.
        batches: Batches made by this command.
        adopted: Batches found at the server that an earlier command had made and could not record.
        found: Asked what was found in the texts reviewed so far; see ``Progress``.
    """

    run: str
    store: RequestStore
    desk: Desk
    money: Money
    rows: Callable[[], Iterator[BriefRow]]
    total: int
    tell: Callable[[Progress], None] = lambda _: None
    only: frozenset[str] | None = None
    stopped: Stopped = ""
    failure: Refused | None = None
    done: int = 0
    failed: int = 0
    under_way: int = 0
    sent: int = 0
    batches: int = 0
    adopted: int = 0
    found: Callable[[], dict[str, int]] = dict
    _priced: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self._priced = self.money.prices.price(self.asking.name) is not None

    @property
    def asking(self) -> Asking:
        """The walk from a question to its answer."""
        return self.desk.asking

    def came(self, brief: Brief) -> Came:
        """What came of a brief so far.

        Raises:
            ModelFailed: The model brought nothing usable.
            Refused: The brief names what is not there: a channel, a fact.
        """
        return self.desk.came(brief, anew=self.only is not None and brief.id in self.only)

    def wants(self, row: BriefRow) -> tuple[Wanted, ...]:
        """The requests a row wants next; none when it has its variants, failed, or is not asked for."""
        if row.brief is None or (self.only is not None and row.id not in self.only):
            self.failed += row.brief is None
            return ()
        try:
            return self.came(row.brief).wanted
        except Refused:
            self.failed += 1
            return ()

    def stop(self, why: Stopped, failure: Refused | None = None) -> None:
        """End early: nothing more is sent; what is under way is waited for."""
        if not self.stopped:
            self.stopped, self.failure = why, failure

    def progress(self, doing: str) -> None:
        """Say how far it is."""
        self.tell(
            Progress(
                doing=doing,
                done=self.done,
                total=self.total,
                failed=self.failed,
                under_way=self.under_way,
                cost=self.money.spent if self._priced else None,
                found=self.found(),
            )
        )
