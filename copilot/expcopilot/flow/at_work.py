"""Who is at work: told whenever a role's question is really sent; an answer found on the ledger is nobody's work."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from expcopilot.language.model.protocol import Answer, Model, Request

__all__ = ["AT_WORK", "Announced"]

AT_WORK: ContextVar[Callable[[str], None] | None] = ContextVar("at_work", default=None)
"""Told the role's name before each request; None where nobody watches."""


class Announced:
    """A model that says whose question it is about to send."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model's name, as asked for."""
        return self._model.name

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """As ``Model.answer``."""
        if (tell := AT_WORK.get()) is not None:
            tell(request.role)
        return self._model.answer(request, on_text=on_text)
