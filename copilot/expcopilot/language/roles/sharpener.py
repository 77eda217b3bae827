"""The hypothesis sharpener: from a vague idea to a testable hypothesis, with a question for every hole.

What it returns is a draft. ``grounding.grounded`` takes out whatever the person did not say, and a person approves.
"""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen
from expcopilot.language.roles.role import Inputs, Role

__all__ = [
    "SHARPENER",
    "Answered",
    "GuardrailIdea",
    "OpenQuestion",
    "PastExperiment",
    "Sharpened",
    "SharpenerField",
    "SharpenerInputs",
]

SharpenerField = Literal[
    "change",
    "audience",
    "because",
    "metric",
    "direction",
    "size",
    "falsifier",
    "north_star",
    "guardrails",
    "holdout",
    "assignment",
]


class OpenQuestion(Frozen):
    """A hole, as a question to the person.

    Attributes:
        field: What it would fill.
        question: One question.
    """

    field: SharpenerField
    question: str


class Answered(Frozen):
    """A question the person has answered.

    Attributes:
        field: What it fills.
        question: As it was put.
        answer: In the person's words.
    """

    field: SharpenerField
    question: str
    answer: str


class PastExperiment(Frozen):
    """A similar experiment in the ledger.

    Attributes:
        name: Its name.
        question: What it asked.
        verdict: Phrase of its verdict, as the table has it.
    """

    name: str
    question: str
    verdict: str


class GuardrailIdea(Frozen):
    """A number that must not get worse.

    Attributes:
        metric: As the person calls it.
        margin: How much worse is tolerated, as the person said it; None where they did not.
    """

    metric: str
    margin: str | None = None


class SharpenerInputs(Inputs):
    """What the sharpener is told.

    Attributes:
        idea: The idea, as it was typed.
        channel: Landing page, e-mail, push message, ...
        people: What the channel calls its units, in the plural: "visitors".
        metrics: Names of the metrics that exist in the workspace or the plan; may be none.
        answers: What the person has answered so far.
        similar: Similar experiments in the ledger.
        holes: What the deterministic checks found missing or vague.
    """

    idea: str
    channel: str = ""
    people: str = "people"
    metrics: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    similar: tuple[PastExperiment, ...] = ()
    holes: tuple[OpenQuestion, ...] = ()


class Sharpened(Frozen):
    """A hypothesis as far as the person has said it. None is a hole, and every hole has a question.

    Attributes:
        change: What differs from today.
        audience: Who can see the change.
        because: Why it should work.
        metric: The number that decides.
        direction: Which way is better.
        size: Smallest change that would matter, as the person said it: "5%", "half a point".
        falsifier: What result would prove it wrong.
        north_star: How the metric serves the company's main goal.
        guardrails: What must not get worse.
        questions: The holes, most useful to answer first.
    """

    change: str | None = None
    audience: str | None = None
    because: str | None = None
    metric: str | None = None
    direction: Literal["increase", "decrease"] | None = None
    size: str | None = None
    falsifier: str | None = None
    north_star: str | None = None
    guardrails: tuple[GuardrailIdea, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()


SHARPENER = Role(name="sharpener", inputs=SharpenerInputs, answer=Sharpened, max_tokens=4000)
"""From a vague idea to a testable hypothesis."""
