"""What a model words for a workspace: a question answered, a readout's prose; opened when asked, closed when done."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from expcopilot.flow.asked_cut import AskedCuts
from expcopilot.flow.at_work import Announced
from expcopilot.flow.moves import Move
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.speech import Speech
from expcopilot.flow.steps import write as writing
from expcopilot.flow.steps.answer import Reply, answer, asked
from expcopilot.flow.steps.readout import pick
from expcopilot.language.model.failures import failed
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Model, ModelFailed
from expcopilot.language.model.settings import ModelSettings
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.settings import ModelTable
from expcopilot.records.events import Written
from expcopilot.records.experiment import Experiment

__all__ = ["Chosen", "Worded"]

Chosen = Model | None | Literal["configured"]
"""Which model words things: one given, none, or the one the settings name."""


_OWN = "ask-"
"""How the turns begin that are recorded here; a conversation names and records its own."""


@dataclass(frozen=True)
class Worded:
    """The model of a workspace, at work.

    Attributes:
        ledger: The record.
        actor: On whose behalf.
        today: The calendar's date.
        table: The settings' ``[model]``.
    """

    ledger: Ledger
    actor: str
    today: Callable[[], dt.date]
    table: ModelTable

    def configured(self) -> MessagesApi | None:
        """The model the settings name, or None. See ``Copilot.model``."""
        settings = self._settings()
        return settings.open() if settings.name else None

    @contextmanager
    def speech(self, model: Chosen) -> Iterator[Speech | None]:
        """The model at work, or None; one opened here is closed here.

        Raises:
            ModelFailed: The settings name a variable for its key, and that is empty.
        """
        opened = self.configured() if model == "configured" else None
        used: Model | None = opened if isinstance(model, str) else model
        try:
            yield None if used is None else Speech(Announced(used), self.ledger, self.actor, self._settings())
        finally:
            if opened is not None:
                opened.close()

    def ask(
        self,
        name: str,
        question: str,
        say: Callable[[str, str, str, str], None],
        *,
        model: Chosen,
        on_text: Callable[[str], None] | None,
        spelled: Callable[[Move], str],
    ) -> Reply:
        """Answer a free question. See ``Copilot.ask``.

        Args:
            name: The experiment.
            question: As it is kept.
            say: Records a line: (turn, speaker, text, prose). Called only where nobody recorded the question before.
            model: Who answers.
            on_text: As ``Copilot.ask``.
            spelled: As ``Copilot.ask``.
        """
        with self.speech(model) as speech:
            if speech is None:
                raise failed(
                    "not_configured",
                    "none_named",
                    "Free questions need a language model, and none is set up.",
                    "Name one under [model] in expcopilot.toml; `expcopilot readout`, `log` and `plan` work without.",
                )
            put = asked(name, self.ledger.entries(name), question)
            if not put.turn:
                say(f"{_OWN}{uuid.uuid4().hex[:12]}", "person", question, "")
                put = asked(name, self.ledger.entries(name), question)
            own = self._own(name)
            cuts = AskedCuts(self.ledger, self.actor, self.today, name)
            reply = answer(question, put, speech, cuts, spelled=spelled, on_text=on_text)
            if own:
                say(put.turn, reply.prose.role, reply.text, reply.words)
            return reply

    def write(self, state: Experiment, number: int | None, *, model: Chosen) -> Written | None:
        """Have the prose of a look's readout written, and keep it. See ``Copilot.write``."""
        stamped = pick(state, number)
        try:
            with self.speech(model) as speech:
                outcome = None if speech is None else writing.write(state, stamped, speech)
        except ModelFailed as failure:
            outcome = writing.unwritten(stamped.record, failure)
        if outcome is None:
            return None
        if outcome.failure is not None:
            self.ledger.append(refusal_draft(state.name, "write", outcome.failure, actor=self.actor))
        now = Experiment.fold(state.name, self.ledger.entries(state.name))
        if draft := writing.draft_of(now, outcome.written, actor=self.actor):
            self.ledger.append(draft)
        return outcome.written

    def _own(self, name: str) -> bool:
        """Whether the last line a person said was recorded here: then its answer is, too, however late it comes."""
        state = Experiment.fold(name, self.ledger.entries(name))
        turns = [t.record.turn for t in state.turns if t.record.speaker == "person"]
        return bool(turns) and turns[-1].startswith(_OWN)

    def _settings(self) -> ModelSettings:
        return ModelSettings.model_validate(self.table.model_dump())
