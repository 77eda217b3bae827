"""What the page calls things: the stages, the moves that are legal now, and what only shows."""

from __future__ import annotations

from typing import NamedTuple

from expcopilot.flow.helps import Help
from expcopilot.flow.moves import Move, legal_moves
from expcopilot.flow.said_so_far import drafted
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.where import experiment_at

__all__ = ["HELPS", "MOVES", "SHOWS", "STAGES", "Named", "Way", "show_at", "ways"]


STAGES: dict[str, str] = {
    "idea": "Idea",
    "registered": "Planned",
    "running": "Running",
    "read": "To conclude",
    "closed": "Learned",
}
"""Each stage of an experiment's life, in its order -> how it is named here."""


class Named(NamedTuple):
    """A move as the page names it, and where it is done.

    Attributes:
        label: In quotation marks, for sentences.
        place: An id on the experiment's page, or "".
        below: A page below it, or "".
    """

    label: str
    place: str = ""
    below: str = ""


class Way(NamedTuple):
    """A link: what it says, where it leads."""

    label: str
    href: str


MOVES: dict[Move, Named] = {
    Move.SHARPEN: Named("“Sharpen it”", "say"),
    Move.PLAN: Named("“Write its plan”", below="plan"),
    Move.REGISTER: Named("“Register”", "plan"),
    Move.AMEND: Named("“Amend the plan”", below="plan"),
    Move.ANALYZE: Named("“Read data”", "data"),
    Move.CLOSE: Named("“Close”", "plan"),
    Move.READOUT: Named("“Readout”", below="readout"),
    Move.ASK: Named("a question below", "say"),
    Move.DECIDE: Named("the decision that waits", "gate"),
}
"""Each move where the page has it."""

HELPS: dict[Help, str] = {
    Help.SIZE: "“Write its plan”, which sizes it",
    Help.STOP: "“Close”, early with a reason",
    Help.WHY: "“Why”",
    Help.CASE: "“Case for the null”",
    Help.CUT: "“Read data”, cut by a column",
    Help.SHARPEN: "your idea in a sentence",
    Help.PLAN: "“Write its plan”",
    Help.READOUT: "“Readout”",
    Help.STATUS: "“Status”",
}
"""What answers a question without a model -> how it is named here."""

SHOWS: dict[str, str] = {"why": "Why", "case": "Case for the null", "status": "Status", "cost": "Cost", "help": "Help"}
"""What only shows: typed with a slash, or a link -> what the link says."""

_OFFERED = (Move.DECIDE, Move.PLAN, Move.ANALYZE, Move.READOUT, Move.AMEND, Move.CLOSE)


def ways(state: Experiment) -> tuple[Way, ...]:
    """One-click moves: what is legal now, the usual next step first, then what only shows."""
    legal = legal_moves(state)
    moves = [move for move in _OFFERED if move in legal]
    if drafted(state) is not None and Move.DECIDE not in legal:
        moves = [move for move in moves if move is not Move.PLAN]  # the hypothesis comes back first
    found = [Way(_bare(MOVES[move]), _at(state.name, MOVES[move])) for move in moves]
    shows = ("why", "case", "status") if state.looks else ("status",)
    return (*found, *(Way(SHOWS[name], show_at(state.name, name)) for name in shows))


def show_at(name: str, what: str) -> str:
    """The address at which something is shown in the conversation."""
    return f"{experiment_at(name)}?show={what}#now"


def _bare(named: Named) -> str:
    words = named.label.strip("“”")
    return words[:1].upper() + words[1:]


def _at(name: str, named: Named) -> str:
    return experiment_at(name, named.place, below=named.below)
