"""The board: every experiment by stage, what waits for a person, and a search over names, questions and verdicts."""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import Response

from expcopilot.flow import gates
from expcopilot.outputs.report.standing import tone
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.visit import Visit, shows
from expcopilot.surfaces.web.ways import STAGES

__all__ = ["ROUTES"]


class Card(NamedTuple):
    """One experiment in short."""

    name: str
    question: str
    verdict: str
    tone: str
    remark: str
    waits: str


class Column(NamedTuple):
    """One stage."""

    title: str
    empty: str
    cards: tuple[Card, ...]


class Board(NamedTuple):
    """All of it.

    Attributes:
        columns: In the order of an experiment's life.
        waiting: Those that wait for a person's decision.
        found: How many experiments the search left.
        all: How many there are.
    """

    columns: tuple[Column, ...]
    waiting: tuple[Card, ...]
    found: int
    all: int


_EMPTY = {
    "idea": "Ideas begin above: say what you would change.",
    "registered": "A registered plan stands here until its data is read.",
    "running": "Read before its end: outcomes stay closed.",
    "read": "Outcomes are open; the readout waits to be written.",
    "closed": "What was learned stays here, whatever it was.",
}
"""What an empty column says."""


def board_of(experiments: tuple[Experiment, ...], query: str) -> Board:
    """The board of these experiments.

    Args:
        experiments: All of them.
        query: Words that must stand in a card; "" for every card.
    """
    cards = [(e.stage, _card(e)) for e in sorted(experiments, key=lambda e: -e.position)]
    words = query.casefold().split()
    left = [(stage, card) for stage, card in cards if all(word in " ".join(card).casefold() for word in words)]
    columns = tuple(
        Column(title, _EMPTY[stage] if not words else "None here.", tuple(card for at, card in left if at == stage))
        for stage, title in STAGES.items()
    )
    return Board(columns, tuple(card for _, card in cards if card.waits), len(left), len(cards))


def _card(state: Experiment) -> Card:
    waiting, proposed = gates.pending(state), gates.last_proposed(state, "hypothesis")
    look = state.looks[-1].record if state.looks else None
    looks = f"{len(state.looks)} look{'' if len(state.looks) == 1 else 's'}" if state.looks else "not read yet"
    return Card(
        state.name,
        state.plan.question if state.plan else str(proposed.record.content.get("idea", "")) if proposed else "",
        look.verdict.phrase if look else "",
        tone(look.verdict).value if look else "",
        looks if state.stage != "idea" else "no plan yet" if proposed or state.turns else "copy alone, no plan",
        waiting.record.question if waiting else "",
    )


def _board(visit: Visit) -> Response:
    query = visit.said("q")[:200]
    board = board_of(visit.copilot.experiments(), query)
    return visit.page("board.html.jinja", board=board, query=query, idea=visit.said("idea")[:4000])


ROUTES = [shows("/", _board)]
