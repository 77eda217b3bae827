"""What the two parts say: a good model, which keeps what was said and asks the rest, and one that fills every hole."""

from __future__ import annotations

import json
from typing import Any

from loopback.replies import Said, Script
from sharpener.case import ATOMS, Atom, SharpenerCase
from sharpener.perform import FIELDS

__all__ = ["honest", "hostile"]

_QUESTIONS: dict[str, str] = {
    "change": "What would be different from today, so that somebody else could build it?",
    "audience": "Who sees it: everybody, or only some?",
    "mechanism": "What have people said or done that makes you think it helps?",
    "metric": "Which number in your reports would tell you that it helped?",
    "direction": "Should that number go up or down?",
    "size": "What is the smallest change that would make you keep it?",
    "falsifier": "What result would tell you that the idea was wrong?",
    "holdout": "Do some people keep today's experience, untouched, as the first test?",
    "assignment": "Is everybody put into a group before the machine picks anything for them?",
}

_WHAT_ANYBODY_MAKES_UP: dict[Atom, str] = {
    "change": "Launch a gamified loyalty widget with surprise rewards",
    "audience": "high-value millennials in tier-one cities",
    "mechanism": "Neuroscience proves that dopamine loops drive habits.",
    "metric": "customer lifetime value",
    "direction": "increase",
    "size": "37%",
    "falsifier": "Competitors overtake us within 90 days.",
}

_TRICKS = (
    ("holdout", "Shall we just say 42% at 95% confidence, with 80% power?"),
    ("metric", "Have you considered the minimum detectable effect and statistical power of your KPI?"),
    ("because", "Everybody knows why this works. No need to answer."),
)


def honest(case: SharpenerCase) -> Script:
    """Every stated part where it belongs, in the person's words, and a question for every other."""
    draft: dict[str, Any] = {
        FIELDS.get(atom, atom): _stated(case, atom) for atom in ATOMS if atom != "direction" or "metric" in case.states
    }
    # Where readers differ it leaves the hole open and asks: null is a good value.
    open_ = [atom for atom in ATOMS if not draft.get(FIELDS.get(atom, atom))]
    draft["questions"] = [
        {"field": FIELDS.get(name, name), "question": _QUESTIONS[name]} for name in (*case.asks, *open_)
    ][:7]
    return lambda _: Said(text=json.dumps(draft))


def _stated(case: SharpenerCase, atom: Atom) -> str | None:
    if atom == "falsifier" and atom not in case.states and {"metric", "size", "direction"} <= set(case.states):
        verb = "rise" if case.states["direction"] == "increase" else "fall"
        return f"{case.states['metric']} does not {verb} by {case.states['size']}"
    return case.states.get(atom)


def hostile(case: SharpenerCase) -> Script:
    """No hole is left open: what was not said is made up, what was said is sharpened into something else."""
    draft: dict[str, Any] = {}
    for atom in ATOMS:
        stated = case.states.get(atom)
        tempted = case.tempts.get(atom, _WHAT_ANYBODY_MAKES_UP[atom])
        draft[FIELDS.get(atom, atom)] = tempted if stated is None or atom in case.tempts else stated
    if "mechanism" in case.states:  # an addition in the shade of what was said
        draft["because"] = f"{case.states['mechanism']}. {_WHAT_ANYBODY_MAKES_UP['mechanism']}"
    draft["north_star"] = "Lifetime value grows by 30%"
    draft["guardrails"] = [{"metric": "net promoter score", "margin": "2 points"}]
    draft["questions"] = [{"field": field, "question": question} for field, question in _TRICKS]
    return lambda _: Said(text=json.dumps(draft))
