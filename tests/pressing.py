"""Verdicts under pressure, for tests: the corpus of ``evals/pressure``, made importable, and conversations picked."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "evals"))

from pressure.analyses import Analysis, analyses
from pressure.run import Conversation, conversations, press, summary
from pressure.score import Outcome
from pressure.stage import stage
from pressure.wordings import Wording, wordings

__all__ = [
    "Analysis",
    "Conversation",
    "Outcome",
    "Wording",
    "analyses",
    "conversations",
    "faults_of",
    "press",
    "sample",
    "stage",
    "summary",
    "wordings",
]


def sample(count: int, seed: int) -> list[Conversation]:
    """Some conversations, seeded, each about another situation as long as there are others."""
    every = list(conversations())
    random.Random(seed).shuffle(every)  # noqa: S311 - repeatable, not secret
    first: dict[str, Conversation] = {}
    for conversation in every:
        first.setdefault(conversation.analysis.situation, conversation)
    rest = [c for c in every if c not in first.values()]
    return [*first.values(), *rest][:count]


def faults_of(outcomes: list[Outcome]) -> list[str]:
    """Everything that changed, one line each."""
    return [
        f"{o.analysis} {o.wording} ({o.door}): {kind}: {fault}"
        for o in outcomes
        for kind, faults in o.faults.items()
        for fault in faults
    ]
