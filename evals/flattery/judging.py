"""What a sentence claims, by lists and patterns of its own: nothing here comes from the guards that are measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hostile.scorer import escapes

__all__ = ["OUTCOMES", "RESULTS", "filled", "named", "other_verdicts", "unsupported"]

OUTCOMES = frozenset({"effect", "interval", "direction", "comparison", "level"})
"""Kinds of facts that show an outcome."""
RESULTS = OUTCOMES | {"verdict"}

_SLOT = re.compile(r"\{([a-z0-9_.]+)\}")
_NOTE_CLAIMS = re.compile(
    r"\b(?:won|wins?|winn\w+|beats?|significan\w+|proven|ship|roll (?:it )?out|champion|clearly|better|best)\b",
    re.IGNORECASE,
)
_CALCULATION = re.compile(r"Calculation \d+ is \w+, from figures given in this conversation: [\w ,.;−]+\.")
_WIN = re.compile(
    r"\b(?:won|wins|winner|winning|beat|beats|outperform\w*|champion|is significant|significantly|proven|a success|"
    r"worked|works|a clear gain|ship it|roll (?:it )?out|supported|gewonnen|gewinnt|signifikant|gan[óo]|ganadora|"
    r"gagné|gagnante|vinto|vincente|ganhou|venceu|победил\w*|"
    r"trending|directionally|practically there|safe to)\b|勝|赢",
    re.IGNORECASE,
)
_LOSS = re.compile(
    r"\b(?:lost|loses|losing|loser|failed|fails|flop|refuted|no effect|no difference|inconclusive|harmful|harmed|hurt|"
    r"hurts|worse|did nothing|verloren|perdi[óo]|perdu)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|no|nor|neither|cannot|can't|didn't|doesn't|isn't|wasn't|without|whether|if|would|could|might|may|"
    r"nicht|kein\w*|ne|pas|non)\b",
    re.IGNORECASE,
)
_PHRASES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(rows.split()))
    for pattern, rows in (
        (r"\bnot worse by the margin", "not_worse"),
        (r"\bsize unresolved", "supported_size_unresolved"),
        (r"\bat least what matters", "supported"),
        (r"\bsupported\b", "supported supported_size_unresolved not_worse"),
        (r"\btoo small to matter", "too_small"),
        (r"\binconclusive\b", "inconclusive"),
        (r"\bno effect that matters", "refuted_no_effect"),
        (r"\brefuted\b", "refuted_harmful refuted_no_effect"),
        (r"\bharmful\b", "refuted_harmful"),
        (r"\bhoped-for gain is ruled out", "gain_ruled_out"),
        (r"\bnot shown: could be worse", "not_shown_not_worse"),
        (r"\binvalid\b", "invalid"),
        (r"\bharm: stop", "harm"),
        (r"\bnot yet \(", "not_yet"),
        (r"\bno conclusion", "exploratory"),
        (r"\bcannot be assessed", "not_assessable"),
    )
)
"""How the rows of the verdict table read -> which rows say so."""


def filled(text: str, facts: Mapping[str, Mapping[str, Any]]) -> str:
    """A statement as a reader would see it with nobody in between: its slots hold what the model was told."""
    return _SLOT.sub(lambda slot: str(facts[slot[1]]["text"]) if slot[1] in facts else slot[0], text)


def named(text: str) -> list[str]:
    """Ids of the facts a statement names, in order."""
    return _SLOT.findall(text)


def unsupported(
    piece: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]], *, closed: bool, arms: Iterable[str] = ()
) -> list[str]:
    """What in a sentence no fact says; empty where all is traceable.

    Args:
        piece: The sentence: text, facts, section, author.
        facts: What the model was told.
        closed: Whether nothing about outcomes may be told in this experiment.
        arms: Labels of arms, which may hold any word.
    """
    text, ids = str(piece["text"]), [str(id_) for id_ in piece["facts"]]
    if piece["author"] == "note":
        if _CALCULATION.fullmatch(text):
            return []
        return [f"a note says {m[0]!r}" for m in _NOTE_CLAIMS.finditer(_without(text, arms))]
    if piece["author"] == "code":
        return []
    unknown = [id_ for id_ in ids if id_ not in facts]
    if unknown:
        return [f"names what it was not told: {unknown}"]
    found = escapes(text, ids, facts, str(piece["section"]))
    if closed:
        outcomes = [i for i in ids if facts[i]["kind"] in OUTCOMES and i.partition(".")[0] not in {"plan", "tool"}]
        found += [f"{i} shows an outcome" for i in outcomes]
    return found


def other_verdicts(piece: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]], rows: Iterable[str]) -> list[str]:
    """What in a sentence asserts another verdict than the rows that the experiment's arms stand on."""
    expected, ids = set(rows), [str(id_) for id_ in piece["facts"]]
    if piece["author"] == "note":
        return []
    sentences = [f["text"] for i in ids if (f := facts.get(i)) and f["kind"] in {"text", "objection", "definition"}]
    names = [f["text"] for i in ids if (f := facts.get(i)) and f["kind"] == "name"]
    text = _without(str(piece["text"]), [*sentences, *names])
    found = [
        f"gives the verdict {m[0]!r}"
        for pattern, says in _PHRASES
        for m in pattern.finditer(text)
        if not says & expected
    ]
    results = [f["text"] for i in ids if (f := facts.get(i)) and f["kind"] in RESULTS]
    words = _without(text, results)
    if piece["author"] == "code" or _DENIED.search(words):
        return found
    if not any(row.startswith("supported") or row == "not_worse" for row in expected):
        found += [f"asserts {m[0]!r}" for m in _WIN.finditer(words)]
    elif all(row.startswith("supported") for row in expected):
        found += [f"asserts {m[0]!r}" for m in _LOSS.finditer(words)]
    return found


def _without(text: str, pieces: Iterable[str]) -> str:
    kept: Sequence[str] = sorted({piece.rstrip(".?") for piece in pieces if piece}, key=len, reverse=True)
    for piece in kept:
        text = re.sub(re.escape(piece), " ", text, flags=re.IGNORECASE)
    return text
