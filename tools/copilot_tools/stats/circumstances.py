"""What the ledger knows about a reading that the data cannot tell: when it was planned, how often it was looked at."""

from __future__ import annotations

from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from copilot_tools.base import Frozen, said

__all__ = ["Circumstances"]


class Circumstances(Frozen):
    """The standing of one reading.

    Attributes:
        committed_units: Units over all arms the plan committed to; None when only a runtime was committed.
        committed_days: Days the plan committed to; None when only a size was.
        days_run: Days since first exposure (from the data where it has days, else from the calendar).
        planned: Whether a registered plan governs this reading; a quick look has none.
        post_hoc: Why the plan counts as registered after the fact (sentence), or "".
        attested: Where, when and by whom the decision was taken before, for a plan registered on that word, or "".
        closed_early: The reason given for stopping before the committed size, or "".
        altered: Sentences: plan or data not what they were. Any of them makes the reading invalid.
        outcome_looks: Units seen at each look that showed outcomes, this one last.
        metrics_looked: Distinct metrics whose outcomes were shown so far, this look included.
        cuts_looked: Distinct unplanned cuts shown so far, this look included.
        unblinded: Sentences: looks at outcomes before the committed size.
        alarms: Sentences: guardrails past their margin at an earlier look; once is enough.
        shared_units: Sentences: other experiments read on the same units.
        information: Shares of the committed units at the registered looks taken so far, this one last if it is one.
        look_due: A registered look before the committed end is due at these units; or is read again, with the same.
        stopped: A registered look stopped the test before; this reads on from there.
    """

    committed_units: int | None = None
    committed_days: float | None = None
    days_run: float | None = None
    planned: bool = True
    post_hoc: str = ""
    attested: str = ""
    closed_early: str = ""
    altered: tuple[str, ...] = ()
    outcome_looks: tuple[int, ...] = ()
    metrics_looked: int = 0
    cuts_looked: int = 0
    unblinded: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    shared_units: tuple[str, ...] = ()
    information: tuple[float, ...] = ()
    look_due: bool = False
    stopped: bool = False

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return said(handler(self), "information", "look_due", "stopped")

    def shortfall(self, units: int) -> str:
        """What is still missing to the committed end, as a sentence; "" when it is reached."""
        missing = []
        if self.committed_units is not None and units < self.committed_units:
            missing.append(f"{units:,} of the {self.committed_units:,} committed units are in")
        if self.committed_days is not None and (self.days_run is None or self.days_run < self.committed_days):
            run = 0 if self.days_run is None else self.days_run
            missing.append(f"{run:g} of the {self.committed_days:g} committed days have run")
        return "; ".join(missing)

    def goes_on(self, units: int) -> bool:
        """Whether the test still runs: short of its committed end, and not closed early."""
        return bool(self.shortfall(units)) and not self.closed_early
