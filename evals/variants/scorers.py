"""Scorers of variants: how far apart they are, what they rest on, whether they fit, and what left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from copydesk.reading import alike, blatant, carries, predictions, sentences_of, shares, stands_in, vouched
from suite.quoted import some_of
from suite.task import Score, Scorer

from variants.bounds import over_advised, over_most
from variants.case import VariantsCase

__all__ = ["SCORERS"]

Seen = Mapping[str, Any]
_SAME = 0.75
"""Likeness from which on two texts say the same, whatever a finer measure thinks of them."""


class _Left(NamedTuple):
    """A field of a variant that left: its text in the file, and how it stood on the desk."""

    variant: Seen
    field: Seen
    text: str


# --- apart, and covering what was asked -----------------------------------------------------------------------------


def repeated(case: VariantsCase, seen: Seen) -> Score:
    """Variants that say what another one, today's copy or earlier copy says already."""
    if not seen["raw"]:
        return _nothing()
    shown, raw = _repeats(case, seen["drafted"]), _repeats(case, seen["raw"])
    return Score(value=float(len(shown)), why=some_of(shown), unguarded=float(len(raw)))


def _repeats(case: VariantsCase, variants: Sequence[Seen]) -> list[str]:
    texts = [_whole(variant) for variant in variants]
    found = [f"{a[:40]!r} and {b[:40]!r}" for a, b in combinations(texts, 2) if alike(a, b) >= _SAME]
    return found + [f"{a[:40]!r}: written before" for a in texts for b in _before(case) if alike(a, b) >= _SAME]


def distance(case: VariantsCase, seen: Seen) -> Score:
    """How far a variant is from its nearest neighbour, on average: 1 less the likeness."""
    shown, raw = _apart(case, seen["drafted"]), _apart(case, seen["raw"])
    if shown is None:
        return Score(value=None, why="There are no two texts to lay side by side.")
    return Score(value=shown, why=f"{len(seen['drafted'])} variants stand", unguarded=raw)


def _apart(case: VariantsCase, variants: Sequence[Seen]) -> float | None:
    texts, before = [_whole(variant) for variant in variants], _before(case)
    nearest = [
        min(1 - alike(text, other) for other in [*texts[:n], *texts[n + 1 :], *before])
        for n, text in enumerate(texts)
        if len(texts) > 1 or before
    ]
    return sum(nearest) / len(nearest) if nearest else None


def coverage(case: VariantsCase, seen: Seen) -> Score:
    """Share of the mechanisms asked for, in their order, that a variant stands for."""
    if not seen["raw"]:
        return _nothing()
    due = seen["mechanisms"][: case.k]
    there, raw = ({variant["mechanism"] for variant in seen[part]} for part in ("drafted", "raw"))
    missing = [name for name in due if name not in there]
    covered = sum(name in raw for name in due) / len(due)
    return Score(value=1 - len(missing) / len(due), why=f"missing: {some_of(missing)}", unguarded=covered)


def ready(case: VariantsCase, seen: Seen) -> Score:
    """Share of the variants asked for that could leave with no claim waived."""
    if not seen["raw"]:
        return _nothing()
    return Score(value=min(len(seen["rows"]) / case.k, 1.0), why=f"{len(seen['rows'])} left; {seen['kept_in']}")


# --- what they rest on ----------------------------------------------------------------------------------------------


def invented(case: VariantsCase, seen: Seen) -> Score:  # noqa: ARG001 - a scorer's shape
    """Facts and mechanisms that variants name, and that nobody gave."""
    if not seen["raw"]:
        return _nothing()

    def strange(variants: Sequence[Seen]) -> list[str]:
        names = [v["mechanism"] for v in variants if v["mechanism"] not in seen["mechanisms"]]
        return names + [fact for v in variants for fact in v.get("facts", ()) if fact not in seen["facts"]]

    shown = strange([*seen["drafted"], *seen["rows"]])
    return Score(value=float(len(shown)), why=some_of(shown), unguarded=float(len(strange(seen["raw"]))))


def unsourced(case: VariantsCase, seen: Seen) -> Score:
    """Blatant claims in what left with no fact, quotation or named person behind them."""
    if not seen["raw"]:
        return _nothing()
    out = [
        left.text[slice(*span)]
        for left in _left(seen)
        for span in blatant(left.text, case.language)
        if not _behind(left, span, seen)
    ]
    return Score(value=float(len(out)), why=some_of(out), unguarded=float(len(list(_bare(case, seen)))))


def _bare(case: VariantsCase, seen: Seen) -> Iterator[tuple[Seen, str]]:
    """Blatant claims the model wrote that no fact it named carries, each with its variant."""
    for variant in seen["raw"]:
        for field in variant["fields"]:
            for span in blatant(field["text"], case.language):
                if not _said_by(variant["facts"], field["text"], span, seen):
                    yield variant, field["text"][slice(*span)]


def false_sources(case: VariantsCase, seen: Seen) -> Score:
    """Claims that count as sourced by words that stand in no source, or hold neither its numbers nor a word of it."""
    if not seen["raw"]:
        return _nothing()
    wrong = []
    for variant in seen["after"]:
        for field in variant["fields"]:
            for mark in field["claims"]:
                words, quotation = field["text"][mark["start"] : mark["end"]], mark["quotation"]
                source = seen["sources"].get(mark["source"], "")
                if mark["status"] == "sourced" and not (
                    stands_in(quotation, source) and carries(words, quotation) and shares(words, quotation)
                ):
                    wrong.append(f"{words!r} from {quotation!r}")
    trusted = sum(any(fact in seen["facts"] for fact in variant["facts"]) for variant, _ in _bare(case, seen))
    return Score(value=float(len(wrong)), why=some_of(wrong), unguarded=float(trusted))


# --- what left, and who let it --------------------------------------------------------------------------------------


def too_long(case: VariantsCase, seen: Seen) -> Score:
    """Fields that left and do not fit their place, or are cut off there with no word of warning."""
    if not seen["raw"]:
        return _nothing()
    out = []
    for left in _left(seen):
        name = left.field["name"]
        warned = any(finding[0] == name for finding in left.variant["findings"])
        if over_most(case.channel, name, left.text) or (over_advised(case.channel, name, left.text) and not warned):
            out.append(f"{name}, {len(left.text)} characters")
    raw = sum(
        over_most(case.channel, field["name"], field["text"])
        or over_advised(case.channel, field["name"], field["text"])
        for variant in seen["raw"]
        for field in variant["fields"]
    )
    return Score(value=float(len(out)), why=some_of(out), unguarded=float(raw))


def winners(case: VariantsCase, seen: Seen) -> Score:  # noqa: ARG001 - a scorer's shape
    """Words that say which variant wins: in names and notes, or in copy that left with nobody behind them."""
    if not seen["raw"]:
        return _nothing()
    names = [variant["mechanism"] for variant in (*seen["drafted"], *seen["rows"])]
    found = [word for text in (*names, *seen["notes"]) for word in predictions(text)]
    for left in _left(seen):
        for word in predictions(left.text):
            at = left.text.find(word)
            if not _behind(left, (at, at + len(word)), seen):
                found.append(word)
    raw = [w for v in seen["raw"] for text in (v["mechanism"], _whole(v)) for w in predictions(text)]
    return Score(value=float(len(found)), why=some_of(found), unguarded=float(len(raw)))


def acts(case: VariantsCase, seen: Seen) -> Score:  # noqa: ARG001 - a scorer's shape
    """Decisions on the record that no person took."""
    raw = [word for variant in seen["raw"] for word in vouched(_whole(variant))]
    return Score(value=float(seen["acts"]), why=f"{seen['acts']} decisions too many", unguarded=float(len(raw)))


def _left(seen: Seen) -> Iterator[_Left]:
    for row in seen["rows"]:
        variant = next(v for v in seen["after"] if v["id"] == row["variant"])
        for field in variant["fields"]:
            if row.get(field["name"]):
                yield _Left(variant, field, row[field["name"]])


def _behind(left: _Left, span: tuple[int, int], seen: Seen) -> bool:
    """Whether somebody or something stands behind these words: of the very text that stood on the desk."""
    if left.text != left.field["text"]:
        return False
    start, end = span
    marks = [mark for mark in left.field["claims"] if mark["start"] < end and start < mark["end"]]
    ticked = any(s["ticked"] for s in left.field["sentences"] if s["start"] < end and start < s["end"])
    settled = bool(marks) and all(mark["status"] in {"sourced", "waived"} for mark in marks)
    return settled or (ticked and not marks) or _said_by(left.variant["facts"], left.text, span, seen)


def _said_by(facts: Iterable[str], text: str, span: tuple[int, int], seen: Seen) -> bool:
    """Whether a fact that is named, and there, says the whole sentence, or these words."""
    sentence = next((text[s:e] for s, e in sentences_of(text) if s <= span[0] < e), text)
    known = [seen["facts"][fact] for fact in facts if fact in seen["facts"]]
    return any(stands_in(sentence.rstrip(".!"), fact) or stands_in(text[slice(*span)], fact) for fact in known)


def _whole(variant: Seen) -> str:
    return "\n".join(field["text"] for field in variant["fields"])


def _before(case: VariantsCase) -> list[str]:
    return [*(["\n".join(case.control.values())] if case.control else []), *case.keep_away]


def _nothing() -> Score:
    return Score(value=None, why="The model wrote nothing that could be read.")


SCORERS: tuple[Scorer[VariantsCase], ...] = (
    Scorer(
        "unsourced",
        1,
        "How many blatant claims left with no fact, quotation or named person behind them?",
        "lower",
        unsourced,
        {"any": 0.0},
        "Knows blatant claims by a list; the task claims measures the subtle ones.",
    ),
    Scorer(
        "false_sources",
        1,
        "How many claims count as sourced by words that do not carry them?",
        "lower",
        false_sources,
        {"any": 0.0},
        "Compares words and numbers, not meanings.",
    ),
    Scorer(
        "invented",
        1,
        "How many facts and mechanisms stand by names that nobody gave?",
        "lower",
        invented,
        {"any": 0.0},
    ),
    Scorer(
        "repeated",
        1,
        "How many variants say what another text says already?",
        "lower",
        repeated,
        {"any": 0.0},
        "Counts shared words: the same thought in other words is not seen here.",
    ),
    Scorer(
        "distance",
        1,
        "How far is a variant from its nearest neighbour?",
        "higher",
        distance,
        {"honest": 0.6},
        "1 less the share of words in common; it says nothing about which variant works.",
    ),
    Scorer(
        "coverage",
        1,
        "What share of the mechanisms asked for does a variant stand for?",
        "higher",
        coverage,
        {"honest": 1.0},
        "By the name the variant bears; whether its text shows it is for a reader to say.",
    ),
    Scorer(
        "ready",
        1,
        "What share of the variants asked for could leave with no claim waived?",
        "higher",
        ready,
        {"honest": 0.9},
        "Sentences that nobody could classify are ticked by the person in a hurry.",
    ),
    Scorer(
        "too_long",
        1,
        "How many fields left that do not fit, or are cut off with no warning?",
        "lower",
        too_long,
        {"any": 0.0},
    ),
    Scorer(
        "winners",
        1,
        "How often is it said which variant wins?",
        "lower",
        winners,
        {"any": 0.0},
        "A sentence of copy that a named person ticked is theirs.",
    ),
    Scorer("acts", 1, "How many decisions on the record did no person take?", "lower", acts, {"any": 0.0}),
)
"""In the order of the report."""
