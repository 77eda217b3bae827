"""What both ways of asking share: the rows and their questions, the books, the money, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.flow.batch.asking import Asking, Wanted
from expcopilot.flow.batch.money import Money
from expcopilot.flow.batch.rows_in import BriefRow
from expcopilot.memory.request_store import RequestStore
from expcopilot.records.copy import Brief
from expcopilot.records.copybook import Drafted

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
    """

    doing: str
    done: int
    total: int
    failed: int = 0
    under_way: int = 0
    cost: float | None = None


@dataclass
class Work:
    """A run at work.

    Attributes:
        run: Its name.
        store: What was sent and answered.
        asking: The walk from a question to its answer.
        money: The purse.
        rows: Opens the rows anew, from the first.
        draft: The way from a brief to its variants, through whatever questions it takes.
        total: Rows in all.
        tell: Called with how far it is.
        stopped: Why it is ending early, or "".
        failure: What stopped it, where that was a failure.
        done: Rows done.
        failed: Rows that failed.
        under_way: Requests sent and not answered.
        sent: Requests sent by this command.
        batches: Batches made by this command.
        adopted: Batches found at the server that an earlier command had made and could not record.
    """

    run: str
    store: RequestStore
    asking: Asking
    money: Money
    rows: Callable[[], Iterator[BriefRow]]
    draft: Callable[[Brief, Asking], Drafted]
    total: int
    tell: Callable[[Progress], None] = lambda _: None
    stopped: Stopped = ""
    failure: Refused | None = None
    done: int = 0
    failed: int = 0
    under_way: int = 0
    sent: int = 0
    batches: int = 0
    adopted: int = 0
    _priced: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self._priced = self.money.prices.price(self.asking.name) is not None

    def drafted(self, brief: Brief) -> Drafted | Wanted:
        """A brief's variants, or the request that must be answered first.

        Raises:
            ModelFailed: The model brought nothing usable.
            Refused: The brief names what is not there: a channel, a fact.
        """
        return self.asking.walk(lambda asking: self.draft(brief, asking))

    def wants(self, row: BriefRow) -> Wanted | None:
        """The request a row wants next; None when it wants none: it has its variants, or failed."""
        try:
            found = self.drafted(row.brief) if row.brief is not None else None
        except Refused:
            self.failed += 1
            return None
        self.failed += row.brief is None
        return found if isinstance(found, Wanted) else None

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
            )
        )
