"""The places right before and right after a slot, where a word could turn, scale or relabel what the slot says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall.clauses import NUMBERS, RESULTS, clauses, facts_in, has_result, judges, segments
from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact

__all__ = ["faults"]

_ENDS = frozenset(",;:.)—–-")
_ARTICLES = frozenset({"a", "an", "the", "its", "this", "their", "that"})
_EQUALS = frozenset({"is", "are", "was", "were", ":"})
_LOOKS = frozenset({"look", "looks"})


def faults(sentence: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> Iterator[str]:
    """Why the words around the slots of an absorbed sentence do not pass."""
    for at, token in enumerate(sentence):
        if token.kind == "slot" and token.text in facts:
            before = sentence[at - 1] if at else None
            after = sentence[at + 1] if at + 1 < len(sentence) else None
            yield from _around(facts[token.text], token, before, after, facts, words)
            yield from _arm(facts[token.text], sentence, at, facts, words)
            yield from _counted(facts[token.text], sentence, at, facts, words)
    yield from _joins(sentence, facts, words)
    for segment in segments(sentence, words):
        yield from _shared_out(segment.tokens, facts)
    for clause in clauses(sentence, words):
        yield from _quoted(clause, facts, words)
    if has_result(sentence, facts) and sentence[-1].text == "?":
        yield "A result stands in a question; state it, or ask without it."


def _around(
    fact: Fact,
    token: Token,
    before: Token | None,
    after: Token | None,
    facts: Mapping[str, Fact],
    words: Lexicon,
) -> Iterator[str]:
    if token.own and fact.kind != "name":
        yield f"{{{fact.id}}} is no name; nothing can belong to it."
    if any(t is not None and t.kind == "slot" for t in (before, after)) and fact.kind in NUMBERS | RESULTS:
        other = next(facts.get(t.text) for t in (before, after) if t is not None and t.kind == "slot")
        if other is None or other.kind in NUMBERS | RESULTS:
            yield f"{{{fact.id}}} stands right beside another slot; put words between them."
    place = _place(fact.kind)
    if not place:
        return
    if not _may_stand_before(fact, before, place, words):
        yield f"{_shown(before)} may not stand right before {{{fact.id}}}."
    if not _may_stand_after(fact, after, place, words):
        yield f"{_shown(after)} may not stand right after {{{fact.id}}}."


def _place(kind: str) -> str:
    if kind in NUMBERS:
        return "number"
    return {"direction": "direction", "comparison": "direction", "verdict": "verdict"}.get(
        kind, "objection" if kind in {"objection", "definition"} else ""
    )


def _may_stand_before(fact: Fact, token: Token | None, place: str, words: Lexicon) -> bool:
    if token is None or token.kind == "slot":  # two slots are judged above
        return True
    if token.kind == "mark":
        # A spaced hyphen or en dash before a number reads as a minus sign.
        return token.text not in "-–" or fact.kind not in NUMBERS
    if token.kind == "phrase":
        return _phrase_before(fact, token.text, place, words)
    article = fact.kind in {"interval", "date", "count"} and token.text in _ARTICLES
    return article or token.text in words.places[f"before_{place}"] | _beyond(fact, words)


def _phrase_before(fact: Fact, phrase: str, place: str, words: Lexicon) -> bool:
    come = words.places["before_direction_phrases"]
    if fact.kind == "effect" and not judges(fact):
        return phrase not in come | words.places["before_result_phrases"]  # "it comes to {plan.minimum}"
    if place in {"number", "objection"}:
        return True
    return phrase in words.places["before_result_phrases"] or (place == "direction" and phrase in come)


def _may_stand_after(fact: Fact, token: Token | None, place: str, words: Lexicon) -> bool:
    if token is None or token.kind == "slot":
        return True
    if token.kind == "mark":
        return token.text in _ENDS or (token.text == "(" and place in {"number", "direction"}) or token.text == "?"
    if place == "objection":
        return False
    if token.kind == "phrase":
        allowed = words.places["after_verdict_phrases" if place == "verdict" else "after_result_phrases"]
        if place != "verdict":
            allowed |= words.places["comparing_phrases"]
        return token.text in allowed | (words.places["after_count_phrases"] if fact.kind == "count" else frozenset())
    if fact.kind == "count" and (token.text == "of" or _counts(fact, token.text, words)):
        return True
    return token.text in words.places[f"after_{place}"] | (
        _beyond(fact, words) if fact.kind == "effect" else frozenset()
    )


def _beyond(fact: Fact, words: Lexicon) -> frozenset[str]:
    """What may stand beside one kind of number only."""
    if fact.kind in {"level", "count"}:
        return words.places[f"before_{fact.kind}"]
    return words.places["around_minimum"] if fact.kind == "effect" and not judges(fact) else frozenset()


def _counts(fact: Fact, word: str, words: Lexicon) -> bool:
    unit = fact.unit.lower().removesuffix("s")
    if unit in {"", "unit", "n", "count"}:
        return word in words.places["counted"] or bool(not unit and word.removesuffix("s") in fact.id.lower())
    return word.removesuffix("s") == unit or (word in words.places["counted"] and unit in words.places["counted"])


def _counted(
    fact: Fact, sentence: Sequence[Token], at: int, facts: Mapping[str, Fact], words: Lexicon
) -> Iterator[str]:
    """A count beside the name of what it does not count: "6,000 orders" of 6,000 units, "the looks are 6,000"."""
    if fact.kind != "count":
        return
    beside = list(sentence[at + 1 : at + 2])
    if at > 1 and sentence[at - 1].text in _EQUALS:
        beside.append(sentence[at - 2])
    for token in beside:
        if token.kind == "slot":
            named = facts.get(token.text)
            other = named is not None and named.kind == "name" and named.metric not in {None, fact.metric}
        else:
            counted, looks = words.places["counted"], fact.id.partition(".")[0] in _LOOKS
            other = token.text in (counted if looks else _LOOKS | (words.topics - counted))
            other = other and (looks or not _counts(fact, token.text, words))
        if other:
            yield f"{{{fact.id}}} does not count {_shown(token)}."


def _shared_out(segment: Sequence[Token], facts: Mapping[str, Fact]) -> Iterator[str]:
    """The count of everyone, said of one arm."""
    found = tuple(facts_in(segment, facts))
    arms = {f.arm for f in found if f.kind == "name" and f.arm}
    if len(arms) == 1 and not any(f.kind in RESULTS for f in found):
        for fact in found:
            if fact.kind == "count" and fact.arm is None:
                yield f"{{{fact.id}}} is about the whole experiment, but stands with the name of an arm."


def _arm(fact: Fact, sentence: Sequence[Token], at: int, facts: Mapping[str, Fact], words: Lexicon) -> Iterator[str]:
    if fact.kind != "name" or not fact.arm:
        return
    before = sentence[at - 1] if at else None
    if before is not None and not _may_stand_before_arm(before, words):
        yield f"{_shown(before)} may not stand right before {{{fact.id}}}, the name of an arm."
    if at + 2 > len(sentence) - 1:
        return
    verb, then = sentence[at + 1], sentence[at + 2]
    if sentence[at].own or verb.kind != "word" or verb.text not in {"is", "was", "are", "were"}:
        return
    named = facts.get(then.text) if then.kind == "slot" else None
    if named is not None and judges(named):
        return
    if then.kind == "phrase" and then.text in words.places["after_arm_is_phrases"]:
        return
    if then.kind != "word" or then.text not in words.places["after_arm_is"]:
        yield f"{{{fact.id}}} {verb.text} {then.text!r}: what an arm is, a fact must say."


def _may_stand_before_arm(token: Token, words: Lexicon) -> bool:
    if token.kind == "phrase":
        return token.text in words.places["before_arm_phrases"]
    return token.kind == "mark" or token.text in words.places["before_arm"]


def _joins(sentence: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> Iterator[str]:
    for left, join, right in zip(sentence, sentence[1:], sentence[2:], strict=False):
        numbers = all(t.kind == "slot" and t.text in facts and facts[t.text].kind in NUMBERS for t in (left, right))
        word = join.kind == "word" and join.text not in words.places["joins"]
        mark = join.kind == "mark" and join.text in "-–—:"
        ratio = numbers and join.text == "in" and all(facts[t.text].kind == "count" for t in (left, right))
        if (numbers and (word or mark)) or ratio:
            yield f"{join.text!r} between two numbers makes a third."


def _quoted(clause: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon) -> Iterator[str]:
    kinds = {f.kind for f in facts_in(clause, facts)}
    if "text" not in kinds:
        return
    if has_result(clause, facts):
        yield "The plan's own words stand in one clause with a result, as if the result said them."
    if not any(t.kind in {"word", "phrase"} and set(t.text.split("_")) & words.places["attribution"] for t in clause):
        yield "Say whose words they are: the plan's, the hypothesis', the team's."


def _shown(token: Token | None) -> str:
    return "Nothing" if token is None else repr(token.text.replace("_", " "))
