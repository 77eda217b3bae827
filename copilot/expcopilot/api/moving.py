"""The verbs that stop at a gate: an idea sharpened, a decision given, and the lifecycle's graph for conversations."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from expcopilot.api.wording import Wording
from expcopilot.flow.gates import decide
from expcopilot.flow.moves import Move
from expcopilot.flow.steps.new_plan import name_of
from expcopilot.flow.steps.propose import STEPS, consequence
from expcopilot.flow.steps.sharpen import similar
from expcopilot.flow.worded import Chosen
from expcopilot.language.roles.sharpener import PastExperiment

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from expcopilot.flow.graph import Deps, Lifecycle, Turn, Waiting
    from expcopilot.flow.speech import Speech

__all__ = ["Moving"]


class Moving(Wording):
    """Moves through the lifecycle, and the gates a person answers."""

    def sharpen(
        self, name: str, idea: str, *, channel: str = "", model: Chosen = "configured", **given: Any
    ) -> Waiting | None:
        """Sharpen an idea and put the hypothesis before a person; returns the gate at which it waits.

        Args:
            name: The experiment, still an idea.
            idea: In the person's words.
            channel: "landing-page", "email", "push", "ad" or "other".
            model: Who sharpens; without one the questions are the fixed ones.
            given: Further input of ``flow.steps.sharpen``: answers, metrics.

        Raises:
            Refused: It is no idea any more, or something waits for a decision; ModelFailed when the model fails.
        """
        with self.lifecycle(model=model) as moves:
            return moves.move(name, uuid.uuid4().hex, Move.SHARPEN, {**given, "idea": idea, "channel": channel})

    def similar(self, idea: str, *, but: str = "") -> tuple[PastExperiment, ...]:
        """Experiments read before that share words with an idea, the closest first.

        Args:
            idea: In the person's words.
            but: The experiment the idea belongs to.
        """
        return similar(idea, (e for e in self.experiments() if e.name != but))

    def free_name(self, idea: str) -> str:
        """A name for a new experiment, made of its idea's words, that none in this workspace has."""
        base, taken = name_of(idea), set(self.ledger.experiments())
        return next(name for name in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)

    def decide(self, name: str, action: Literal["approve", "edit", "reject"], *, reason: str = "") -> None:
        """Answer what waits in an experiment, as it stands there now.

        Raises:
            Refused: Nothing waits, or what was approved can no longer be done.
        """
        with self.lifecycle() as moves:
            waiting = moves.resume(name)
            if waiting is None:
                decide(self._fold(name), "", action, actor=self.workspace.actor)
            else:
                moves.answer(waiting, action, reason=reason)

    @contextmanager
    def lifecycle(self, *, model: Chosen = "configured") -> Iterator[Lifecycle]:
        """The graph of moves and gates, with its checkpoints beside the ledger.

        Args:
            model: Who sharpens; opened when it is first asked.
        """
        # langgraph takes two seconds to import, and only conversations need it
        from expcopilot.flow.graph import open_lifecycle  # noqa: PLC0415

        with ExitStack() as models:
            deps = self._deps(lambda: models.enter_context(self._worded.speech(model)))
            with open_lifecycle(self.workspace.folder / "conversations.sqlite", deps) as lifecycle:
                yield lifecycle

    def graph(self, *, model: Chosen = "configured") -> CompiledStateGraph[Turn, Deps, Turn, Turn]:
        """The compiled graph, for a server that brings its own checkpoints; it acts as this workspace's person.

        Args:
            model: Who sharpens; opened when it is first asked, and kept open.
        """
        from expcopilot.flow.graph import served  # noqa: PLC0415

        speech = cache(lambda: self._worded.speech(model).__enter__())
        return served(self._deps(speech))

    def _deps(self, speech: Callable[[], Speech | None]) -> Deps:
        from expcopilot.flow.graph import Deps  # noqa: PLC0415

        return Deps(self.ledger, self.workspace.actor, STEPS, consequence, self._today, speech)
