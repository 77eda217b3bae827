"""What a good experimenter asks, with or without a model: the holes of a draft, and what AI features need first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expcopilot.language.roles.sharpener import OpenQuestion, Sharpened, SharpenerField

__all__ = ["QUESTIONS", "about_ai", "holes"]

QUESTIONS: dict[SharpenerField, str] = {
    "change": "What exactly changes, so that somebody else could build it?",
    "audience": "For whom: who can see the change?",
    "because": "Why should it work: what have you seen or measured that makes you believe it?",
    "metric": "Which one number decides, as it is called in your reports?",
    "direction": "Which way is better: should that number rise or fall?",
    "size": "How big a change would matter, at the least?",
    "falsifier": "What result would prove the idea wrong?",
    "north_star": "How does the deciding number serve the company's main goal?",
    "guardrails": "What must not get worse, and by how much at most?",
    "holdout": "Is a holdout the first test: some people who keep today's experience, untouched by the AI, so that the "
    "whole is measured before its parts are compared?",
    "assignment": "Is everybody assigned to an arm before the AI routes or picks anything for them, and kept there, so "
    "that it cannot choose who is counted where?",
}
"""One plain question for each hole."""

_AI = re.compile(
    r"\b(?:a\.?i\.?|artificial intelligence|machine[- ]learn\w*|ml|llms?|gpt\w*|chat ?bots?|copilots?|assistants?"
    r"|language models?|ai agents?|algorithm\w*|personali[sz]\w*|recommend\w*|generative|next[- ]best"
    r"|re-?rank\w*|smart routing|bandits?)\b",
    re.IGNORECASE,
)


def holes(draft: Sharpened) -> Iterator[OpenQuestion]:
    """A plain question for every field a draft leaves open, in the order a person would answer them."""
    for field, question in QUESTIONS.items():
        if field in Sharpened.model_fields and not getattr(draft, field):
            yield OpenQuestion(field=field, question=question)


def about_ai(text: str) -> Iterator[OpenQuestion]:
    """What must be asked first where a model picks what people see; nothing for other ideas.

    Reference:
        Randomize before the model routes: otherwise the arms differ by whom the model chose, not by the change.
    """
    if _AI.search(text):
        for field in ("holdout", "assignment"):
            yield OpenQuestion(field=field, question=QUESTIONS[field])
