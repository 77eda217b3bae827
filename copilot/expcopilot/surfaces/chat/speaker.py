"""Who answers free text: one function, given by whoever wires a model; without one, a sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from expcopilot.flow.helps import Help, helps
from expcopilot.flow.spoken import Spoken
from expcopilot.surfaces.cli.session import spelled

if TYPE_CHECKING:
    from expcopilot.api import Copilot

__all__ = ["Reply", "Spoken", "no_model"]


class Reply(Protocol):
    """Answers a person's free text."""

    def __call__(self, copilot: Copilot, experiment: str | None, text: str, on_text: Callable[[str], None]) -> Spoken:
        """Answer, and show the answer as it comes.

        Args:
            copilot: The workspace; looks are taken through it and so are counted.
            experiment: The one talked about, or None.
            text: What the person said.
            on_text: Called with pieces that may be shown, each exactly once, in order.

        Raises:
            Refused: It cannot be answered: the model failed, the budget is spent. What was said before stays said.
        """
        ...


_TYPED: dict[Help, str] = {
    Help.SIZE: "/size --baseline 4% --effect +5%",
    Help.STOP: "/close --early REASON",
    Help.WHY: "/why",
    Help.CASE: "/case",
    Help.CUT: "/analyze DATA --cut COLUMN",
    Help.SHARPEN: "/sharpen IDEA",
    Help.PLAN: "/new",
    Help.READOUT: "/readout --brief",
    Help.STATUS: "/status",
}
"""What helps -> the command that does it."""


def no_model(copilot: Copilot, experiment: str | None, text: str, on_text: Callable[[str], None]) -> Spoken:
    """What the record says to it, and the commands that help: by its words, else by where things stand."""
    known = experiment is not None and experiment in copilot.ledger.experiments()
    found = tuple(spelled(said) for said in copilot.plain_answer(str(experiment), text)) if known else ()
    for sentence in found:
        on_text(f"{sentence}\n")
    looked = experiment is not None and any(e.kind == "looked" for e in copilot.ledger.entries(experiment))
    commands = [_TYPED[way] for way in helps(text, looked=looked)]
    why = "That is what the record says; no" if found else "I would gladly talk that over, but no"
    said = (
        f"{why} language model is set up here, so I answer commands: {', '.join(commands)}, or /help for all of them."
    )
    on_text(said)
    return Spoken("code", "".join((*(f"{sentence}\n" for sentence in found), said)))
