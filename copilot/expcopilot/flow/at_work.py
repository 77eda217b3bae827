"""Who is at work, and whether they may go on: told whenever a role's question is really sent, asked at every piece.

An answer found on the ledger is nobody's work, so nobody is told of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from expcopilot.language.model.protocol import Answer, Model, Request

__all__ = ["AT_WORK", "STOPPING", "Announced", "Stopped"]

AT_WORK: ContextVar[Callable[[str], None] | None] = ContextVar("at_work", default=None)
"""Told the role's name before each request; None where nobody watches."""

STOPPING: ContextVar[Callable[[], bool] | None] = ContextVar("stopping", default=None)
"""Says whether a person stopped the turn; None where nobody can."""


class Stopped(Exception):  # noqa: N818 - what a person asked for, no failure
    """A person stopped the turn. What was recorded before stays; the answer under way is not kept."""


class Announced:
    """A model that says whose question it is about to send, and sends nothing more once a person stopped the turn."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model's name, as asked for."""
        return self._model.name

    @property
    def attempts(self) -> int:
        """How often a streamed answer may begin, which its budget sets aside."""
        return int(getattr(self._model, "attempts", 1))

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """As ``Model.answer``.

        Raises:
            Stopped: The turn was stopped, before the request or in the middle of a streamed answer.
        """
        _go_on()
        if (tell := AT_WORK.get()) is not None:
            tell(request.role)
        if on_text is None or STOPPING.get() is None:
            return self._model.answer(request, on_text=on_text)
        hear = on_text

        def heard(piece: str) -> None:
            _go_on()
            hear(piece)

        return self._model.answer(request, on_text=heard)


def _go_on() -> None:
    if (stopping := STOPPING.get()) is not None and stopping():
        raise Stopped
