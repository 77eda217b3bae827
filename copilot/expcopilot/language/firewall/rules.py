"""All rules over one statement, in order. Pure, deterministic, never raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall import belonging, phrases, places, talk, words
from expcopilot.language.firewall.clauses import facts_in, has_result, sentences
from expcopilot.language.firewall.lexicon import Lexicon, lexicon
from expcopilot.language.firewall.tokens import Token, tokenize
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section, Statement

__all__ = ["LONGEST", "reasons_against"]

LONGEST = 480
"""Characters in a statement, at most."""

_ASKING = frozenset({"is", "are", "was", "were", "does", "did", "has", "had"})
"""What begins a question."""
_MOST_SLOTS = 9
_MOST_SENTENCES = 3
_MOST_REASONS = 8


def reasons_against(
    statement: Statement, facts: Mapping[str, Fact], *, verdict_row: str = "", language: str = "english"
) -> tuple[str, ...]:
    """The reasons why a statement does not pass; empty when it does.

    Args:
        statement: As a model proposes it.
        facts: Every fact a reader of this section may be shown, by id.
        verdict_row: The row of the verdict table the experiment stands on; some phrases need one.
        language: Folder of the vocabulary.

    Example:
        >>> effect = Fact(id="primary.b.effect", kind="effect", text="+4.3%", metric="visits", arm="b")
        >>> facts = {effect.id: effect}
        >>> reasons_against(Statement(text="The estimate is {primary.b.effect}."), facts)
        ()
        >>> reasons_against(Statement(text="The page clearly won the test."), facts)
        ("'clearly' is not in the vocabulary.", "'won' is not in the vocabulary.")
    """
    lexical = lexicon(language)
    if len(statement.text) > LONGEST:
        return (f"The statement has {len(statement.text)} characters; at most {LONGEST} are read.",)
    tokens, reasons = tokenize(statement.text, lexical.contractions)
    if reasons:
        return reasons[:_MOST_REASONS]
    unknown = [t.text for t in tokens if t.kind == "slot" and t.text not in facts]
    if unknown:
        return tuple(f"There is no fact {{{name}}}." for name in dict.fromkeys(unknown))[:_MOST_REASONS]
    found = _faults(tokens, facts, lexical, statement.section, verdict_row)
    return tuple(dict.fromkeys(found))[:_MOST_REASONS]


def _faults(
    tokens: Sequence[Token], facts: Mapping[str, Fact], lexical: Lexicon, section: Section, row: str
) -> Iterator[str]:
    named = tuple(facts_in(tokens, facts))
    if len(named) > _MOST_SLOTS:
        yield f"{len(named)} slots in one statement; at most {_MOST_SLOTS}."
    parts = sentences(tokens, facts)
    if len(parts) > _MOST_SENTENCES:
        yield f"{len(parts)} sentences in one statement; at most {_MOST_SENTENCES}."
    if not any(t.kind in {"word", "slot"} for t in tokens):
        yield "Nothing is said."
        return
    yield from belonging.out_of_section(named, section)
    related = words.related(named, facts)
    result = has_result(tokens, facts)
    whole: list[Token] = []
    objected = False
    for part in parts:
        if objected and _comments(part, facts, lexical):
            yield "After an objection comes a question, a possibility or something to check, no comment on it."
        yield from _fragment(part, facts, lexical)
        objected = objected or any(f.kind == "objection" for f in facts_in(part, facts))
        yield from _capitals(part, lexical.places["capitalised"])
        yield from phrases.under_another_verdict(part, lexical, row)
        sentence = phrases.absorb(part, facts, lexical, section, row)
        whole.extend(sentence)
        yield from words.faults(sentence, facts, lexical, section, related, statement_has_result=result)
        yield from places.faults(sentence, facts, lexical)
    yield from belonging.faults(whole, facts, belonging.Analysis.of(facts), lexical, related)


def _comments(sentence: Sequence[Token], facts: Mapping[str, Fact], lexical: Lexicon) -> bool:
    told = not (talk.leaves_open(sentence, lexical) or sentence[0].text in lexical.places["inquiry"])
    return told and all(f.kind == "name" for f in facts_in(sentence, facts))


def _fragment(sentence: Sequence[Token], facts: Mapping[str, Fact], lexical: Lexicon) -> Iterator[str]:
    """A sentence without a verb or a fact ("Home run.") can only be understood by what stands before it."""
    said = [word for t in sentence if t.kind == "word" for word in (t.text,)]
    if any(f.kind != "name" for f in facts_in(sentence, facts)) or (said and sentence[-1].text == "?"):
        return
    asks = bool(said) and sentence[0].text in _ASKING
    if asks or len(said) < 3 or not set(said) & (lexical.verbs | lexical.conditional):
        yield "No whole sentence; say who does what."


def _capitals(sentence: Sequence[Token], proper: frozenset[str]) -> Iterator[str]:
    start = True
    for token in sentence:
        if token.text in proper:
            pass
        elif token.capital == "odd" or (token.capital and not start and token.text[:2] not in {"i", "i_"}):
            yield f"{token.text!r} is written with capitals inside a sentence."
        start = token.kind == "mark" and token.text in ":("
