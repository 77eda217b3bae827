"""What was said before in an experiment's conversation: few turns, short, and none that shows what is closed now."""

from __future__ import annotations

from expcopilot.language.roles.guide import GUIDE, EarlierTurn
from expcopilot.outputs.report.standing import Showing, showing
from expcopilot.records.events import Said
from expcopilot.records.experiment import Experiment, Stamped
from expcopilot.records.look import Look

__all__ = ["TURNS", "earlier_turns"]

TURNS = 6
"""How many turns are told again."""

_QUESTION = 300
_SHOWN = 600
_WITHHELD = "(an answer that rested on outcomes, which are closed now)"


def earlier_turns(state: Experiment) -> tuple[EarlierTurn, ...]:
    """The last questions the guide answered, with what the reader was shown of its answers, oldest first.

    Told again is only what the firewall let pass of the guide's own words, whose facts rest on at least k units. What
    code added (it may quote a cell), what commands printed and what was kept back are not; nor is an answer from when
    more was open than is now.

    Args:
        state: The experiment as it stood when the question was put.
    """
    asked = {t.record.turn: t.record.text for t in state.turns if t.record.speaker == "person"}
    answered = [t for t in state.turns if t.record.speaker == GUIDE.name and t.record.prose and t.record.turn in asked]
    return tuple(
        EarlierTurn(question=_short(asked[said.record.turn], _QUESTION), shown=_shown(state, said))
        for said in answered[-TURNS:]
    )


def _shown(state: Experiment, said: Stamped[Said]) -> str:
    before = [look.record for look in state.looks if look.position < said.position]
    now = state.looks[-1].record if state.looks else None
    return _short(said.record.prose, _SHOWN) if _may_stand(before[-1] if before else None, now) else _WITHHELD


def _may_stand(then: Look | None, now: Look | None) -> bool:
    """Whether what was told of one look may be told beside another: it shows no more than that one may."""
    return then is None or now is None or showing(now) in {Showing.OPEN, showing(then)}


def _short(text: str, most: int) -> str:
    whole = " ".join(text.split())
    return whole if len(whole) <= most else whole[: most - 1] + "…"
