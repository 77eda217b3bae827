"""The words between slots: known, allowed where they stand, and innocent in their sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall.clauses import clauses, facts_in, has_result, judges
from expcopilot.language.firewall.lexicon import Lexicon, Phrase
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section

__all__ = ["absorb", "arms_without_result", "faults", "related"]


def absorb(
    sentence: Sequence[Token],
    facts: Mapping[str, Fact],
    words: Lexicon,
    section: Section,
    row: str,
) -> tuple[Token, ...]:
    """Put one phrase token in the place of each reviewed phrase that may stand here, longest first."""
    beside = [has for part in _between_semicolons(sentence) for has in [has_result(part, facts)] * len(part)]
    found: list[Token] = []
    at = 0
    while at < len(sentence):
        phrase = next(
            (
                p
                for p in words.phrases.get(sentence[at].text if sentence[at].kind == "word" else "", ())
                if _stands(p, sentence, at)
                and (p.beside or not beside[at])
                and (not p.rows or row in p.rows)
                and (not p.sections or section in p.sections)
                and (not p.after or _follows(p, found, facts))
            ),
            None,
        )
        if phrase is None:
            found.append(sentence[at])
            at += 1
        else:
            found.append(Token("phrase", "_".join(phrase.words), sentence[at].capital))
            at += len(phrase.words)
    return tuple(found)


def _between_semicolons(sentence: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in sentence:
        parts[-1].append(token)
        if token.kind == "mark" and token.text == ";":
            parts.append([])
    return parts


def _stands(phrase: Phrase, sentence: Sequence[Token], at: int) -> bool:
    end = at + len(phrase.words)
    if end > len(sentence):
        return False
    return all(t.kind == "word" and t.text == w for t, w in zip(sentence[at:end], phrase.words, strict=True))


def _follows(phrase: Phrase, found: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    if not found:
        return "^" in phrase.after
    last = found[-1]
    if last.kind == "mark":
        # Right after a result an apposition would say what the result amounts to.
        amounts = last.text in ",:(" and len(found) > 1 and any(judges(f) for f in facts_in(found[-2:], facts))
        return "^" in phrase.after and not amounts
    return last.kind == "word" and last.text in phrase.after


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
    beside = has_result(sentence, facts)
    kinds = {f.kind for f in facts_in(sentence, facts)}
    for token in sentence:
        if token.kind != "word":
            continue
        if token.text not in words.words and not (
            token.text in words.places["breaks"] or (token.text in words.verdict and "verdict" in kinds)
        ):
            yield f"{token.text!r} is not in the vocabulary."
        elif beside and token.text in words.conditional:
            yield f"{token.text!r} makes a result conditional; say it in a sentence of its own."
        elif statement_has_result and token.text in words.topics and token.text not in related_words:
            yield f"{token.text!r} names something the facts in this statement are not about."
        elif (
            token.text in words.needs_result
            and section not in {"next", "skeptic"}
            and not (beside or _explains(sentence, facts))
        ):
            yield f"{token.text!r} claims that something is there; name the fact that says so."
    for clause in clauses(sentence, words):
        yield from _in_clause(clause, facts, words, related_words)
    yield from _denied(sentence, facts, words)


def _explains(sentence: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    return any(f.kind in {"objection", "definition", "text"} for f in facts_in(sentence, facts))


def _in_clause(
    clause: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, related_words: frozenset[str]
) -> Iterator[str]:
    kinds = {f.kind for f in facts_in(clause, facts)}
    own = [t.text for t in clause if t.kind == "word"]
    if "verdict" in kinds:
        for word in own:
            if word not in words.verdict and word not in related_words:
                yield f"{word!r} may not share a clause with the verdict."
    elif has_result(clause, facts):
        for word in own:
            if word in words.apart and not _allowed_beside(word, words, related_words):
                yield f"{word!r} may not share a clause with a result; put it into a sentence of its own."
    elif arms_without_result(clause, facts):
        for word in own:
            if word in words.apart and not (
                _allowed_beside(word, words, related_words) or word in words.places["with_arm"]
            ):
                yield f"{word!r} may not share a clause with the name of an arm."


def _allowed_beside(word: str, words: Lexicon, related_words: frozenset[str]) -> bool:
    return word in words.beside or word in related_words


def arms_without_result(clause: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    """Whether an arm is named in a clause that holds no result."""
    found = tuple(facts_in(clause, facts))
    return any(f.kind == "name" and f.arm for f in found) and not any(judges(f) for f in found)


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
    items = ["^", *(_item(token, facts) for token in sentence), "$"]
    for at, found in enumerate(items):
        for name in found if isinstance(found, tuple) else (found,):
            for sequence in words.denied.get(name, ()):
                if _matches(sequence, items[at : at + len(sequence)]):
                    yield f"{' '.join(sequence).replace('$', '').replace('^', '').strip()!r} judges."


def _matches(sequence: tuple[str, ...], items: Sequence[str | tuple[str, ...]]) -> bool:
    if len(items) < len(sequence):
        return False
    return all(
        (wanted == "*" and isinstance(item, str) and item not in "^$")
        or wanted in (item if isinstance(item, tuple) else (item,))
        for wanted, item in zip(sequence, items, strict=True)
    )


def _item(token: Token, facts: Mapping[str, Fact]) -> str | tuple[str, ...]:
    if token.kind == "mark":
        return ("$", token.text)
    if token.kind == "slot" and token.text in facts:
        fact = facts[token.text]
        kinds = ["<slot>", f"<{fact.kind}>"]
        if fact.kind == "name" and fact.arm:
            kinds.append("<arm>")
        if fact.kind in {"level", "effect", "interval", "count"}:
            kinds.append("<number>")
        if judges(fact):
            kinds.append("<own>")
        return tuple(kinds)
    return token.text
