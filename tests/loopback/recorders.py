"""Recorders for tests: one in memory, one on a real ledger."""

from __future__ import annotations

from expcopilot.memory.ledger import Ledger
from expcopilot.records.answer import Answered
from expcopilot.records.entry import Draft


class Memory:
    """Keeps answers in memory, in order."""

    def __init__(self) -> None:
        self.kept: list[Answered] = []

    def find(self, request_digest: str) -> Answered | None:
        return next((answered for answered in self.kept if answered.request == request_digest), None)

    def keep(self, answered: Answered) -> None:
        assert self.find(answered.request) is None, "a completed request was sent again"
        self.kept.append(answered)


class OnLedger:
    """Keeps answers as entries of an experiment."""

    def __init__(self, ledger: Ledger, experiment: str = "cta") -> None:
        self.ledger = ledger
        self.experiment = experiment

    @property
    def kept(self) -> list[Answered]:
        entries = self.ledger.entries(self.experiment)
        return [Answered.model_validate(entry.payload) for entry in entries if entry.kind == "answered"]

    def find(self, request_digest: str) -> Answered | None:
        return next((answered for answered in self.kept if answered.request == request_digest), None)

    def keep(self, answered: Answered) -> None:
        key = f"{self.experiment}/answered/{answered.request}"
        payload = answered.to_json()
        self.ledger.append(Draft(experiment=self.experiment, kind="answered", actor="Ada", payload=payload, key=key))
