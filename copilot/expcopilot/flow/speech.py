"""A model at work for one workspace: its answers on the ledger, its budget per experiment, its prompts as settled."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel

from expcopilot.flow.answers import AnswersOnLedger, spent
from expcopilot.flow.facts import facts_of, for_model
from expcopilot.flow.small_groups import withheld_parts
from expcopilot.language.ask import Question, ask, converse
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.protocol import Failure, Model, ModelFailed, ToolOffer
from expcopilot.language.model.settings import ModelSettings
from expcopilot.language.prompts import Prompts
from expcopilot.memory.ledger import Ledger
from expcopilot.outputs.report.standing import Showing, showing, shown_objections
from expcopilot.records.answer import ToolCall
from expcopilot.records.fact import Fact
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan

__all__ = ["Speech", "tellable"]

T = TypeVar("T", bound=BaseModel)

_ROUNDS = 6
_OF_NO_USE: frozenset[Failure] = frozenset({"refused", "truncated", "malformed"})
_OUTCOMES = frozenset({"level", "effect", "interval", "direction", "comparison"})


@dataclass(frozen=True)
class Speech:
    """Who is asked, and on whose account.

    Attributes:
        model: The model.
        ledger: Where its answers are kept.
        actor: On whose behalf it is asked.
        settings: What it may spend, and which prompts it reads.
    """

    model: Model
    ledger: Ledger
    actor: str
    settings: ModelSettings = field(default_factory=ModelSettings)

    def ask(self, experiment: str, question: Question[T]) -> T:
        """Ask a role one question on behalf of an experiment.

        Raises:
            ModelFailed: No usable answer; what was answered so far is kept.
            Refused: The prompt does not fit, or the ledger cannot be written.
        """
        budget, prompts = self._budget(experiment), Prompts(versions=self.settings.prompts)
        return self._afresh(experiment, question, lambda q, kept: ask(q, self.model, kept, budget, prompts=prompts))

    def converse(
        self,
        experiment: str,
        question: Question[T],
        *,
        tools: Sequence[ToolOffer],
        run_tool: Callable[[ToolCall], str],
        on_text: Callable[[str], None] | None = None,
    ) -> T:
        """Ask a role a question it may use tools for, a bounded number of times.

        Raises:
            ModelFailed: As ``ask``.
            Refused: As ``ask``.
        """
        budget, prompts = self._budget(experiment), Prompts(versions=self.settings.prompts)

        def put(asked: Question[T], kept: AnswersOnLedger) -> T:
            return converse(
                asked,
                self.model,
                kept,
                budget,
                tools=tools,
                run_tool=run_tool,
                rounds=_ROUNDS,
                prompts=prompts,
                on_text=on_text,
            )

        return self._afresh(experiment, question, put)

    def _budget(self, experiment: str) -> Budget:
        return self.settings.budget(spent(self.ledger, experiment))

    def _afresh(self, experiment: str, question: Question[T], put: Callable[[Question[T], AnswersOnLedger], T]) -> T:
        """Put a question; where all that is kept of it is an answer of no use, somebody tries again: put it afresh."""
        for afresh in itertools.count(question.afresh):
            kept = AnswersOnLedger(self.ledger, experiment, self.actor)
            try:
                return put(replace(question, afresh=afresh), kept)
            except ModelFailed as failure:
                if failure.kind not in _OF_NO_USE or kept.missed:
                    raise
        raise AssertionError("unreachable")


def tellable(look: Look, plan: Plan | None = None, *, entry: int = 0) -> dict[str, Fact]:
    """The facts of a look that a model may be told, by id.

    None rests on fewer than k units, or lets so few be worked out; none shows an outcome that the readout itself would
    not show in the open (closed, invalid, stopped): a model cannot let slip what it was never told.
    """
    enough = for_model(facts_of(look, plan, entry=entry).values(), look.spec.min_units)
    withheld = withheld_parts(look)
    facts = {id_: fact for id_, fact in enough.items() if fact.part not in withheld}
    if showing(look) is Showing.OPEN:
        return facts
    open_ids = {_objection_id(o.id) for o in shown_objections(look) if o in look.objections}
    return {id_: fact for id_, fact in facts.items() if _stands_in_the_open(fact, open_ids)}


def _objection_id(name: str) -> str:
    return f"objection.{name.replace('-', '_')}"


def _stands_in_the_open(fact: Fact, open_objections: set[str]) -> bool:
    if fact.id.startswith("objection."):
        return fact.id in open_objections
    if fact.id.startswith("caveat."):
        return False
    return fact.kind not in _OUTCOMES or fact.id.startswith("plan.")
