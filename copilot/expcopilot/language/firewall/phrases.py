"""Reviewed phrases: sequences of words that stand or fall as a whole, put in the place of their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expcopilot.language.firewall.clauses import facts_in, has_result, judges, parts
from expcopilot.language.firewall.lexicon import Lexicon, Phrase
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section

__all__ = ["absorb", "under_another_verdict"]


def absorb(
    sentence: Sequence[Token],
    facts: Mapping[str, Fact],
    words: Lexicon,
    section: Section,
    row: str,
) -> tuple[Token, ...]:
    """Put one phrase token in the place of each reviewed phrase that may stand here, longest first."""
    beside = [has for part in parts(sentence) for has in [has_result(part, facts)] * len(part)]
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
            end = at + len(phrase.words)
            text = "_".join(t.text for t in sentence[at:end] if t.kind == "word")
            found.append(Token("phrase", text, sentence[at].capital))
            at = end
    return tuple(found)


def under_another_verdict(sentence: Sequence[Token], words: Lexicon, row: str) -> Iterator[str]:
    """Phrases that are true under certain verdicts only, and not under this one."""
    for at, token in enumerate(sentence):
        standing = [p for p in words.phrases.get(token.text, ()) if token.kind == "word" and _stands(p, sentence, at)]
        bound = [p for p in standing if p.rows and row not in p.rows]
        free = max((len(p.words) for p in standing if not p.rows or row in p.rows), default=0)
        for phrase in bound:
            if len(phrase.words) > free:
                said = " ".join(t.text for t in sentence[at : at + len(phrase.words)])
                yield f"{said!r} is not so under the verdict of this experiment."


def _stands(phrase: Phrase, sentence: Sequence[Token], at: int) -> bool:
    end = at + len(phrase.words)
    if end > len(sentence):
        return False
    # The first word found this phrase; nearly all others fall at the second.
    if len(phrase.words) > 1 and sentence[at + 1].text not in phrase.words[1]:
        return False
    if phrase.slot_after and (end == len(sentence) or sentence[end].kind != "slot"):
        return False
    return all(
        t.kind in {"word", "mark"} and t.text in choices
        for t, choices in zip(sentence[at:end], phrase.words, strict=True)
    )


def _follows(phrase: Phrase, found: Sequence[Token], facts: Mapping[str, Fact]) -> bool:
    if not found:
        return "^" in phrase.after
    last = found[-1]
    if last.kind == "mark":
        # Right after a result an apposition would say what the result amounts to.
        amounts = last.text in ",:(" and len(found) > 1 and any(judges(f) for f in facts_in(found[-2:], facts))
        return "^" in phrase.after and not amounts
    return last.kind == "word" and last.text in phrase.after
