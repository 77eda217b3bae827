"""Answers of models on the ledger: kept the moment they arrive, found again by what was asked."""

from __future__ import annotations

import uuid

from copilot_tools.refusals import Refused
from expcopilot.memory.ledger import Ledger
from expcopilot.records.answer import Answered
from expcopilot.records.entry import Draft

__all__ = ["AnswersOnLedger", "spent"]


class AnswersOnLedger:
    """A ``language.ask.Recorder`` that keeps answers as entries of one experiment.

    An answer is found whoever asked: the same request of another experiment is not sent, and not paid for, again.

    Args:
        ledger: The record.
        experiment: Whose answers are kept.
        actor: On whose behalf the model is asked.

    Attributes:
        missed: How many requests had no answer here yet.
    """

    def __init__(self, ledger: Ledger, experiment: str, actor: str) -> None:
        self._ledger = ledger
        self._experiment = experiment
        self._actor = actor
        self.missed = 0

    def find(self, request_digest: str) -> Answered | None:
        """The answer to a request that was completed before, or None."""
        entry = self._ledger.find(_key(request_digest))
        if entry is None:
            self.missed += 1
            return None
        return Answered.model_validate(entry.payload)

    def keep(self, answered: Answered) -> None:
        """Append the answer.

        Raises:
            Refused: The ledger cannot be written.
        """
        try:
            self._append(answered, _key(answered.request))
        except Refused as refused:
            if {r.code for r in refused.refusals} != {"ledger.key_reused"}:
                raise
            # Another process asked the same at the same time: both answers were paid for, so both are in the books.
            self._append(answered, f"{_key(answered.request)}/{uuid.uuid4().hex}")

    def _append(self, answered: Answered, key: str) -> None:
        payload = answered.to_json()
        self._ledger.append(
            Draft(experiment=self._experiment, kind="answered", actor=self._actor, payload=payload, key=key)
        )


def spent(ledger: Ledger, experiment: str) -> tuple[Answered, ...]:
    """Every answer an experiment has paid for, in order."""
    return tuple(Answered.model_validate(e.payload) for e in ledger.entries(experiment) if e.kind == "answered")


def _key(request_digest: str) -> str:
    return f"answer/{request_digest}"
