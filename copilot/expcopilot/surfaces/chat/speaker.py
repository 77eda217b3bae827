"""Who answers free text: one function, given by whoever wires a model; without one, a sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from expcopilot.surfaces.cli.session import spelled

if TYPE_CHECKING:
    from expcopilot.api import Copilot

__all__ = ["Reply", "Spoken", "no_model"]


class Spoken(NamedTuple):
    """What was answered.

    Attributes:
        speaker: "code", or the role whose words passed the firewall.
        text: All of it, as it stood on the screen.
        prose: The part of it in the role's own words; "" where code said it all.
    """

    speaker: str
    text: str
    prose: str = ""


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


_HELPS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("how long", "how many", "size", "power", "weeks", "traffic"), "/size --baseline 4% --effect +5%"),
    (("stop", "early", "peek", "wait"), "/close --early REASON"),
    (("why", "win", "won", "significan", "better", "verdict", "mean"), "/why"),
    (("noise", "sure", "trust", "chance", "luck", "wrong"), "/case"),
    (("mobile", "segment", "device", "country", "cut"), "/analyze DATA --cut COLUMN"),
    (("idea", "hypothes", "try"), "/sharpen IDEA"),
    (("test", "plan"), "/new"),
    (("report", "slide", "share", "send", "readout", "board"), "/readout --brief"),
)
"""Words in a question -> the command that answers it."""


def no_model(copilot: Copilot, experiment: str | None, text: str, on_text: Callable[[str], None]) -> Spoken:
    """What the record says to it, and the commands that help: by its words, else by where things stand."""
    known = experiment is not None and experiment in copilot.ledger.experiments()
    found = tuple(spelled(said) for said in copilot.plain_answer(str(experiment), text)) if known else ()
    for sentence in found:
        on_text(f"{sentence}\n")
    asked = text.lower()
    helps = [command for words, command in _HELPS if any(word in asked for word in words)][:3]
    if not helps:
        looked = experiment is not None and any(e.kind == "looked" for e in copilot.ledger.entries(experiment))
        helps = ["/why", "/case"] if looked else ["/new", "/status"]
    why = "That is what the record says; no" if found else "I would gladly talk that over, but no"
    said = f"{why} language model is set up here, so I answer commands: {', '.join(helps)}, or /help for all of them."
    on_text(said)
    return Spoken("code", "".join((*(f"{sentence}\n" for sentence in found), said)))
