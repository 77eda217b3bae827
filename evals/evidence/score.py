"""Score the pairs of claim and source: is each answered as it is labelled?

``PYTHONPATH=evals:tools python -m evidence.score [FILE ...]`` writes, for each file and kind, how many were right, and
every pair that was not.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from copilot_tools.wording.quotes import Match, match_quotation

__all__ = ["FILES", "judged", "pairs", "score"]

HERE = Path(__file__).parent
FILES = ("pairs.yaml", "attacks.yaml")


@cache
def pairs(file: str) -> tuple[dict[str, Any], ...]:
    """The labelled pairs of one file."""
    return tuple(YAML(typ="safe", pure=True).load((HERE / file).read_text(encoding="utf-8")))


def judged(pair: dict[str, Any]) -> Match:
    """What the product answers for a pair."""
    source = pair.get("source", pair.get("quote", ""))
    claim, span, apart = pair["claim"], None, ()
    if words := pair.get("span"):
        span = (claim.index(words), claim.index(words) + len(words))
        apart = tuple((claim.index(other), claim.index(other) + len(other)) for other in pair.get("apart", ()))
    days = {key: date.fromisoformat(pair[key]) for key in ("expires", "today") if key in pair}
    languages = {key: pair[key] for key in ("language", "source_language") if key in pair}
    return match_quotation(claim, pair.get("quote", source), source, span=span, apart=apart, **days, **languages)


def score(file: str) -> tuple[Counter[str], list[tuple[dict[str, Any], Match]]]:
    """How many pairs of each kind there are, and those answered otherwise than they are labelled."""
    found = pairs(file)
    wrong = [(pair, match) for pair in found if (match := judged(pair)).sourced is not pair["ok"]]
    return Counter(pair["kind"] for pair in found), wrong


def _lines(file: str) -> Iterator[str]:
    kinds, wrong = score(file)
    missed = Counter(pair["kind"] for pair, _ in wrong)
    yield f"{file}: {kinds.total() - len(wrong)} of {kinds.total()} right"
    for kind, count in sorted(kinds.items()):
        yield f"  {kind:12} {count - missed[kind]:3} of {count:3}"
    for pair, match in wrong:
        yield f"  {pair}\n    -> {match.code}: {match.why}"


if __name__ == "__main__":
    for name in sys.argv[1:] or FILES:
        sys.stdout.writelines(f"{line}\n" for line in _lines(name))
