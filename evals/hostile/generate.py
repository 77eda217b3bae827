"""The corpus: every tactic, seeded. ``python -m hostile.generate`` prints it as JSON lines."""

from __future__ import annotations

import dataclasses
import json
import sys

from sheets.sheet import Sheet, analyses

from hostile import judgments, numbers, signs, slots
from hostile.tactic import Hostile, Tactic, chosen

__all__ = ["TACTICS", "corpus"]

TACTICS: tuple[Tactic, ...] = (*numbers.TACTICS, *signs.TACTICS, *judgments.TACTICS, *slots.TACTICS)
"""Every tactic, once."""


def corpus(each: int = 90, seed: int = 1, about: list[Sheet] | None = None) -> list[Hostile]:
    """``each`` statements for every tactic, over the sheets given (of the shipped analyses those with results)."""
    return list(chosen(TACTICS, about or [s for s in analyses() if s.full], each, seed))


if __name__ == "__main__":
    for statement in corpus():
        sys.stdout.write(json.dumps(dataclasses.asdict(statement), ensure_ascii=False) + "\n")
