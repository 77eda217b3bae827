"""The words between slots: known, allowed where they stand, and innocent in their sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall import talk
from expcopilot.language.firewall.assertions import cast_of
from expcopilot.language.firewall.clauses import clauses, facts_in, has_result, judges, parts
from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section

__all__ = ["faults", "related"]

_POINTING = frozenset({"that", "this", "it", "which", "so", "these", "those", "they"})
"""Words that point back: what they open goes on about the result before."""

_WHOLE = frozenset({"objection", "definition", "text"})


def faults(
    sentence: Sequence[Token],
    facts: Mapping[str, Fact],
    words: Lexicon,
    section: Section,
    related_words: frozenset[str],
    *,
    statement_has_result: bool,
) -> Iterator[str]:
    """Why the words of an absorbed sentence do not pass."""
    for token in sentence:
        if token.kind == "word":
            yield from _word(token.text, sentence, facts, words, section, related_words, relabels=statement_has_result)
    cast = cast_of(facts, words)
    for part in parts(sentence):
        reports = has_result(part, facts)
        if reports:
            for word in sorted({t.text for t in part if t.kind == "word"} & words.places["negations"]):
                yield f"{word!r} stands with a result; deny nothing beside one."
        if talk.minimum_unplanned(part, facts, words):
            yield "The minimum effect is the plan's; say so beside it (the plan names it, it would matter)."
        for stretch in clauses(part, words) if reports else [part]:
            if reports and (has_result(stretch, facts) or stretch[0].text.split("_")[0] in _POINTING):
                yield from _in_clause(stretch, facts, words, related_words)
            else:
                yield from talk.faults(stretch, facts, words, related_words, cast)
    yield from _denied(sentence, facts, words)


def _word(
    word: str,
    sentence: Sequence[Token],
    facts: Mapping[str, Fact],
    words: Lexicon,
    section: Section,
    related_words: frozenset[str],
    *,
    relabels: bool,
) -> Iterator[str]:
    beside = has_result(sentence, facts)
    kinds = {f.kind for f in facts_in(sentence, facts)}
    if word not in words.words and not (
        word in words.places["breaks"] or (word in words.verdict and "verdict" in kinds)
    ):
        yield f"{word!r} is not in the vocabulary."
    elif word in words.possible and not talk.could_be(sentence, facts, words):
        yield f"{word!r} judges here; it may only stand in a question or with could, may or might."
    elif beside and word in words.conditional:
        yield f"{word!r} makes a result conditional; say it in a sentence of its own."
    elif relabels and word in words.topics and word not in related_words:
        yield f"{word!r} names something the facts in this statement are not about."
    elif (
        word in words.needs_result
        and section != "next"
        and not (beside or _explains(sentence, facts) or talk.leaves_open(sentence, words))
    ):
        yield f"{word!r} claims that something is there; name the fact that says so."


def _explains(sentence: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    spoken = {t.text for t in sentence}
    return bool(spoken & {"interval", "range"}) or any(
        f.kind in _WHOLE or (f.kind == "effect" and not judges(f)) for f in facts_in(sentence, facts)
    )


def _in_clause(
    clause: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, related_words: frozenset[str]
) -> Iterator[str]:
    kinds = {f.kind for f in facts_in(clause, facts)}
    own = [t.text for t in clause if t.kind == "word"]
    if "verdict" in kinds:
        for word in own:
            if word not in words.verdict and word not in related_words:
                yield f"{word!r} may not share a clause with the verdict."
    else:
        for word in own:
            if word not in words.conditional and not _allowed_beside(word, words, related_words):
                yield f"{word!r} may not share a clause with a result; put it into a sentence of its own."


def _allowed_beside(word: str, words: Lexicon, related_words: frozenset[str]) -> bool:
    return word in words.beside or word in related_words


def related(found: Sequence[Fact], every: Mapping[str, Fact]) -> frozenset[str]:
    """The words by which the facts of a statement are called: of their ids, metric, part, and names."""
    metrics, parts = {f.metric for f in found if f.metric}, {f.part for f in found if f.part}
    called = [f.id for f in found] + [*metrics, *parts]
    called += [
        f.text
        for f in every.values()
        if f.kind == "name" and ((f.metric and f.metric in metrics) or (f.part and f.part in parts))
    ]
    text = "".join(c if c.isascii() and c.isalpha() else " " for c in " ".join(called).lower())
    stems = {word for word in text.split() if len(word) > 2}
    return frozenset(stems | {w + "s" for w in stems} | {w.removesuffix("s") for w in stems})


def _denied(sentence: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> Iterator[str]:
    """Sequences that judge. A reviewed phrase may hold one, but none may begin or end in the middle of a phrase."""
    held = [(number, item) for number, token in enumerate(sentence) for item in _items(token, facts)]
    items: list[str | tuple[str, ...]] = ["^", *(item for _, item in held), "$"]
    origin = [-1, *(number for number, _ in held), -2]
    for at, found in enumerate(items):
        for name in found if isinstance(found, tuple) else (found,):
            for sequence in words.denied.get(name, ()):
                end = at + len(sequence)
                if _matches(sequence, items[at:end]) and (len(sequence) == 1 or len(set(origin[at:end])) > 1):
                    yield f"{' '.join(sequence).replace('$', '').replace('^', '').strip()!r} judges."


def _matches(sequence: tuple[str, ...], items: Sequence[str | tuple[str, ...]]) -> bool:
    if len(items) < len(sequence):
        return False
    return all(
        (wanted == "*" and isinstance(item, str) and item not in "^$")
        or wanted in (item if isinstance(item, tuple) else (item,))
        for wanted, item in zip(sequence, items, strict=True)
    )


def _items(token: Token, facts: Mapping[str, Fact]) -> Sequence[str | tuple[str, ...]]:
    if token.kind == "phrase":
        return token.text.split("_")
    if token.kind == "mark":
        return (("$", token.text),)
    if token.kind == "slot" and token.text in facts:
        fact = facts[token.text]
        kinds = ["<slot>", f"<{fact.kind}>"]
        if fact.kind == "name" and fact.arm:
            kinds.append("<arm>")
        if fact.kind in {"level", "effect", "interval", "count"}:
            kinds.append("<number>")
        if judges(fact):
            kinds.append("<own>")
        return (tuple(kinds),)
    return (token.text,)
