"""The verbs a language model may word: a free question answered, a readout's prose; and what was said, kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from expcopilot.api.desk import Desk
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.answer import Reply
from expcopilot.flow.worded import Chosen, Worded
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft
from expcopilot.records.events import Said, Written

__all__ = ["Wording"]

_SAID_AT_MOST = 4000


class Wording(Desk):
    """Words: a person's, kept; a model's, checked."""

    def say(self, experiment: str, turn: str, speaker: str, text: str, prose: str = "") -> None:
        """Record what was said: a person's line, or a short answer.

        Args:
            experiment: Whose conversation; "" for the workspace's own.
            turn: Which turn; a line and its answer share it.
            speaker: "person", "code", or a role whose words passed the firewall.
            text: What was said; at most 4,000 characters are kept.
            prose: The part of it in the role's own words, as the firewall let it pass: what a later answer may lean on.
        """
        record = Said(turn=turn, speaker=speaker, text=_kept(text), prose=_kept(prose)).to_json()
        key = f"said/{experiment}/{turn}/{digest(record)}"
        self.ledger.append(
            Draft(experiment=experiment, kind="said", actor=self.workspace.actor, payload=record, key=key)
        )

    def model(self) -> MessagesApi | None:
        """The language model the settings name, or None: everything but drafting and rephrasing works without.

        Nothing is sent before its first question; close it when done.

        Raises:
            ModelFailed: The settings name a variable for its key, and that is empty.
        """
        return self._worded.configured()

    def ask(
        self,
        name: str,
        question: str,
        *,
        model: Chosen = "configured",
        on_text: Callable[[str], None] | None = None,
        spelled: Callable[[Move], str] = lambda move: f"expcopilot {move}",
    ) -> Reply:
        """Ask a free question about an experiment. Looks taken for the answer are counted, and it says so.

        Asked again after a kill, it goes on where it was: nothing that was answered is sent, no look is taken twice.

        Args:
            name: The experiment.
            question: In the person's words; at most 4,000 characters are read.
            model: Who answers.
            on_text: Called with each sentence as soon as it may be shown.
            spelled: How a move is typed where the answer is read.

        Raises:
            Refused: There is no such experiment; ModelFailed when there is no model, or it fails.
        """
        with self._recorded(name, "ask"):
            self.experiment(name)
            return self._worded.ask(
                name, _kept(question.strip()), partial(self.say, name), model=model, on_text=on_text, spelled=spelled
            )

    def write(self, name: str, *, look: int | None = None, model: Chosen = "configured") -> Written | None:
        """Have the prose of a look's readout written and keep it; None without a model, or where nothing is worded.

        A model that fails leaves ``Written.without``, and the failure on record.

        Raises:
            Refused: No such experiment or look.
        """
        return self._worded.write(self.experiment(name), look, model=model)

    @property
    def _worded(self) -> Worded:
        return Worded(self.ledger, self.workspace.actor, self._today, self.workspace.settings.model)


def _kept(text: str) -> str:
    """What is kept of a text: as much as a turn may hold, in characters that can be written."""
    whole = text.encode("utf-8", "replace").decode("utf-8")  # a terminal may send what is no text
    return whole if len(whole) <= _SAID_AT_MOST else whole[: _SAID_AT_MOST - 1] + "…"
