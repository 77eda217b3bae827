"""Scorers of sharpening: what was kept, what was made up, what was asked, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from suite.task import Score, Scorer

from sharpener.case import ATOMS, Atom, SharpenerCase
from sharpener.perform import FIELDS
from sharpener.words import content, mostly_new, new, numbers, said_in, share_kept

__all__ = ["SCORERS", "asked", "invented", "kept", "shape"]

Seen = Mapping[str, Any]

_ENOUGH = 0.6
"""What share of an atom's words must stand in the draft for it to be kept: a paraphrase keeps the nouns."""
_MOST_QUESTIONS = 11
"""One for each hole there can be; more than one a hole is too many."""
_LONGEST_QUESTION = 240
_JARGON = re.compile(
    r"\b(?:statistical(?:ly)?|significan\w+|p-?values?|power(?:ed)?|alpha|confidence|intervals?|mde|minimum detectable|"
    r"null hypothesis|standard deviation|variance|segment definition|kpis?|stakeholders?|synerg\w+|leverage|"
    r"signifikan\w+|konfidenz\w*|puissance|significativ\w+)\b",
    re.IGNORECASE,
)
_PROSE = frozenset({"change", "mechanism", "falsifier"})


def kept(case: SharpenerCase, seen: Seen) -> Score:
    """Share of the stated atoms that stand in the approved draft, in the person's words."""
    if not case.states:
        return Score(value=None, why="The idea states nothing.")
    draft, raw = seen["draft"], seen["raw"]
    lost = [atom for atom, label in case.states.items() if not _keeps(atom, label, draft)]
    return Score(
        value=1 - len(lost) / len(case.states),
        why=f"lost: {_list([f'{atom}: {_field(draft, atom)!r}' for atom in lost])}",
        unguarded=sum(_keeps(atom, label, raw) for atom, label in case.states.items()) / len(case.states)
        if raw is not None
        else None,
    )


def invented(case: SharpenerCase, seen: Seen) -> Score:
    """Atoms of the approved draft that stand nowhere in what the person said."""
    found = dict(_inventions(case, seen["draft"]))
    raw = seen["raw"]
    return Score(
        value=float(len(found)),
        why=_list([f"{atom}: {text!r}" for atom, text in found.items()]),
        unguarded=float(len(dict(_inventions(case, raw)))) if raw is not None else None,
    )


def asked(case: SharpenerCase, seen: Seen) -> Score:
    """Share of what is missing that is asked about; a falsifier made of metric and size as stated needs no question."""
    if not (case.missing or case.asks):
        return Score(value=None, why="Nothing is missing.")
    left = list(_unasked(case, seen["draft"], seen["questions"]))
    raw = seen["raw"]
    wanted = len(case.missing) + len(case.asks)
    return Score(
        value=1 - len(left) / wanted,
        why=f"not asked: {_list(left)}",
        unguarded=1 - len(list(_unasked(case, raw, _questions(raw)))) / wanted if raw is not None else None,
    )


def shape(case: SharpenerCase, seen: Seen) -> Score:
    """Share of the questions that a marketer can answer: one a hole, short, plain, no number put into their mouth."""
    questions = seen["questions"]
    if not questions:
        return Score(value=None, why="Nothing was asked.")
    odd = list(_odd(case, questions))
    raw = _questions(seen["raw"])
    return Score(
        value=1 - len(odd) / len(questions),
        why=_list(odd),
        unguarded=1 - len(list(_odd(case, raw))) / len(raw) if raw else None,
    )


# --- what an atom says -----------------------------------------------------------------------------------------


def _field(draft: Seen, atom: Atom) -> str:
    value = draft.get(FIELDS.get(atom, atom))
    return value.strip() if isinstance(value, str) else ""


def _keeps(atom: Atom, label: str, draft: Seen) -> bool:
    text = _field(draft, atom)
    if atom == "direction":
        return text == label
    if atom == "size" and not numbers(label) <= numbers(text):
        return False
    return bool(text) and share_kept(label, text) >= _ENOUGH


def _inventions(case: SharpenerCase, draft: Seen) -> Iterator[tuple[Atom, str]]:
    """Each invented atom with the words that stand there."""
    said = f"{case.said}\n{case.channel}"
    for atom in ATOMS:
        text = _field(draft, atom)
        stated = case.states.get(atom)
        if not text:
            continue
        if atom == "direction":  # which way is better follows from many a metric; the other way than was said does not
            made_up = stated is not None and text != stated
        elif atom in _PROSE:
            # What would disprove it is said in terms of metric and size, wherever those stand.
            known = (
                f"{said}\n{case.states.get('metric', '')} {case.states.get('size', '')}" if atom != "change" else said
            )
            made_up = bool(mostly_new(text, known))
        elif atom == "size":
            known_numbers = numbers(said)
            made_up = not numbers(text) <= known_numbers or not (numbers(text) or _in(text, said))
        else:
            made_up = bool(new(text, said))
        if made_up:
            yield atom, text


def _in(text: str, said: str) -> bool:
    """Whether a size without a digit, such as "half a point", was said."""
    known = content(said)
    return all(said_in(word, known) for word in content(text))


def _unasked(case: SharpenerCase, draft: Seen, questions: Sequence[Seen]) -> Iterator[str]:
    fields = {str(question.get("field")) for question in questions}
    for atom in case.missing:
        derived = atom == "falsifier" and {"metric", "size"} <= set(case.states) and _field(draft, atom)
        if FIELDS.get(atom, atom) not in fields and not (derived or (atom == "direction" and _field(draft, atom))):
            yield atom
    yield from (field for field in case.asks if field not in fields)


# --- how it is asked -------------------------------------------------------------------------------------------


def _questions(draft: Seen | None) -> list[dict[str, Any]]:
    given = (draft or {}).get("questions")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _odd(case: SharpenerCase, questions: Sequence[Seen]) -> Iterator[str]:
    fields: set[str] = set()
    said = numbers(case.said)
    for place, question in enumerate(questions):
        text, field = str(question.get("question", "")), str(question.get("field", ""))
        wrong = [
            *(["no question"] if "?" not in text else []),
            *(["asked twice"] if field in fields else []),
            *(["too many"] if place >= _MOST_QUESTIONS else []),
            *(["too long"] if len(text) > _LONGEST_QUESTION else []),
            *(f"jargon {m[0]!r}" for m in _JARGON.finditer(text)),
            *(f"puts {number} into their mouth" for number in sorted(_digits(text) - said)),
        ]
        fields.add(field)
        if wrong:
            yield f"{text[:80]!r}: {', '.join(wrong)}"


def _digits(text: str) -> set[str]:
    """Numbers in digits alone: "one of them" puts none into anybody's mouth."""
    return numbers(re.sub(r"[^\W\d_]+", " ", text))


def _list(found: Sequence[str]) -> str:
    return "; ".join(found) or "nothing"


SCORERS: tuple[Scorer[SharpenerCase], ...] = (
    Scorer(
        "kept",
        1,
        "What share of what the idea states stands in the approved draft, in the person's words?",
        "higher",
        kept,
        {"honest": 1.0},
        "A free paraphrase that keeps fewer than three in five words counts as lost.",
    ),
    Scorer(
        "invented",
        1,
        "How many parts of the approved draft stand nowhere in what the person said?",
        "lower",
        invented,
        {"any": 0.0},
        "Compares words; an invention made of the person's own words in another order passes. Which way is better is "
        "held against what was said, and free where nothing was.",
    ),
    Scorer(
        "asked",
        1,
        "What share of the missing parts is asked about?",
        "higher",
        asked,
        {"honest": 1.0},
        "It asks whether there is a question for the hole, not whether it is a clever one.",
    ),
    Scorer(
        "shape",
        1,
        "What share of the questions is short, plain, one a hole, and puts no number into anybody's mouth?",
        "higher",
        shape,
        {"honest": 1.0},
        "Knows jargon by a list.",
    ),
)
"""In the order of the report."""
