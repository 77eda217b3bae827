"""The readout as data: what every document, picture and JSON of a readout is drawn from."""

from __future__ import annotations

from typing import Any, Literal

from copilot_tools.base import Frozen
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.prose import CheckedProse

__all__ = ["ChangeLine", "LookLine", "Readout"]


class LookLine(Frozen):
    """One look as the readout lists it."""

    number: int
    time: str
    actor: str
    kind: Literal["blinded", "interim", "outcome", "unblinding", "quick"]
    units: int
    cuts: tuple[str, ...] = ()
    verdict: str
    reason: str = ""


class ChangeLine(Frozen):
    """One amendment, or the registration itself, as the readout lists it."""

    time: str
    actor: str
    what: str
    reason: str = ""
    digest: str
    after_outcomes: bool = False


class Readout(Frozen):
    """Everything a reader needs, and nothing that is not in the ledger.

    Attributes:
        experiment: Its name.
        question: The question the plan asks; for a quick look, the question it amounts to.
        plan: The plan in force, or None for a quick look.
        look: The look reported.
        looked_at: When (UTC, ISO 8601).
        looked_by: Who.
        looks: Every look taken at this experiment, in order.
        changes: Registration and amendments, in order.
        closed: How the experiment was closed, or "".
        ledger_head: Digest of the ledger's last entry when the look was recorded.
        ledger_position: Its position.
        recompute: Commands that recompute this readout, in order.
        prose: What roles wrote for it, after the firewall; empty without a model.
        without: Why there is no prose though a model was to write it; "" otherwise.
    """

    experiment: str
    question: str
    plan: Plan | None
    look: Look
    looked_at: str
    looked_by: str
    looks: tuple[LookLine, ...]
    changes: tuple[ChangeLine, ...]
    closed: str = ""
    ledger_head: str
    ledger_position: int
    recompute: tuple[str, ...]
    prose: tuple[CheckedProse, ...] = ()
    without: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; a readout without a model's words names none, and keeps the digest it always had."""
        data = super().to_json()
        return {name: value for name, value in data.items() if value or name not in {"prose", "without"}}
