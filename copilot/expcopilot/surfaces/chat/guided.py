"""Free text answered by the guide where a language model is set up, and by the commands that help where none is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from expcopilot.surfaces.chat.speaker import Spoken, no_model

if TYPE_CHECKING:
    from expcopilot.api import Copilot

__all__ = ["guided"]


def guided(copilot: Copilot, experiment: str | None, text: str, on_text: Callable[[str], None]) -> Spoken:
    """Answer through ``Copilot.ask``; a ``speaker.Reply``.

    Raises:
        Refused: The model failed, or its budget is spent.
    """
    known = experiment is not None and experiment in copilot.ledger.experiments()
    if not known or not copilot.workspace.settings.model.name:
        return no_model(copilot, experiment, text, on_text)
    reply = copilot.ask(str(experiment), text, on_text=on_text, spelled=lambda move: f"/{move}")
    return Spoken(reply.prose.role, reply.text, reply.words)
