"""A draft written elsewhere: each sentence passes only if facts cover it, named in braces or typed out as they read.

Who writes outside of the copilot types figures instead of naming facts. A sentence passes if there is a statement with
slots that passes and reads exactly like it: that is the same rule as for a model inside, so nothing is loosened.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from copilot_tools.base import Frozen
from copilot_tools.wording.text import sentences
from expcopilot.language.firewall.belonging import Analysis
from expcopilot.language.firewall.check import check
from expcopilot.language.firewall.lexicon import Lexicon, lexicon
from expcopilot.language.firewall.rules import LONGEST
from expcopilot.language.firewall.subject import Subject
from expcopilot.language.firewall.tokens import SLOT
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Blocked, CheckedSentence, Section, Statement

__all__ = ["DraftSentence", "check_draft"]

_READINGS = 200
"""How many ways of naming the facts of one sentence are tried, at most."""

_ALIKE = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "’": "'"})
"""Signs that writers and keyboards take for one another; one character for one, so that places stay."""

_NEXT_WORD = re.compile(r"[\s-]+([A-Za-z]+)")
_ARTICLES = frozenset({"a", "an", "the"})


class DraftSentence(Frozen):
    """What became of one sentence of a draft.

    Attributes:
        sentence: As it was given.
        covered: Whether facts cover whatever in it judges.
        text: As it may be shown; "" where it is not covered.
        facts: Ids of the facts in it.
        reasons: Why it is not covered, one plain sentence each.
    """

    sentence: str
    covered: bool
    text: str = ""
    facts: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class _Place(NamedTuple):
    start: int
    end: int
    fact: str
    named: bool
    """Whether it can only be the fact: the name of an arm that stands for the arm, and not for a word like it."""


def check_draft(
    draft: str, facts: Mapping[str, Fact], *, verdict_row: str = "", section: Section = "finding"
) -> tuple[DraftSentence, ...]:
    """Check a draft sentence by sentence. Pure, deterministic; no text makes it raise.

    Args:
        draft: Any text; facts stand in it as ``{primary.b.effect}``, or typed out exactly as they read.
        facts: Every fact its reader may be shown, by id.
        verdict_row: The row of the verdict table the experiment stands on.
        section: Where it would stand: facts that were not planned pass only in "exploratory" and "next".

    Example:
        >>> effect = Fact(id="primary.b.effect", kind="effect", text="+4.3%", metric="visits", arm="b")
        >>> [s.covered for s in check_draft("The estimate is +4.3%. B clearly won.", {effect.id: effect})]
        [True, False]
    """
    subject = Subject()
    found = []
    for span in sentences(draft):
        text = draft[span.start : span.end]
        first: Blocked | None = None
        for reading in itertools.islice(_readings(text, facts), _READINGS):
            statement = Statement(text=reading, section=section)
            result = check(statement, facts, verdict_row=verdict_row)
            if isinstance(result, CheckedSentence):
                result = subject.take(statement, result, facts)
            if isinstance(result, CheckedSentence):
                found.append(DraftSentence(sentence=text, covered=True, text=result.text, facts=result.facts))
                break
            first = first or result
        else:
            reasons = first.reasons if first else ("Nothing is said.",)
            found.append(DraftSentence(sentence=text, covered=False, reasons=reasons))
    return tuple(found)


def _readings(text: str, facts: Mapping[str, Fact]) -> Iterator[str]:
    """The sentence with the facts typed out in it named, most of them first; in the end as it stands."""
    if len(text) > LONGEST:
        yield text  # it is refused for its length, whatever it names
        return
    yield from _from(text, 0, _places(text, facts))


def _from(text: str, at: int, places: tuple[_Place, ...]) -> Iterator[str]:
    ahead = [p for p in places if p.start >= at]
    if not ahead:
        yield text[at:]
        return
    start = ahead[0].start
    for place in (p for p in ahead if p.start == start):
        for rest in _from(text, place.end, places):
            yield f"{text[at:start]}{{{place.fact}}}{rest}"
    # Words may be meant as words, an arm's name not; a figure without its fact never passes, and need not be tried.
    if not ahead[0].named and not any(c.isdigit() for c in text[start : ahead[0].end]):
        after = tuple(p for p in ahead if p.start > start)
        for rest in _from(text, start, after):
            yield text[at:start] + rest


def _places(text: str, facts: Mapping[str, Fact]) -> tuple[_Place, ...]:
    """Where facts stand typed out, in order; of those that begin at one place the longest first."""
    slots = [match.span() for match in SLOT.finditer(text)]
    plain = text.translate(_ALIKE)
    lower = plain[:1].lower() + plain[1:]
    treatments, words_of = Analysis.of(facts).treatments, lexicon("english")
    found = []
    for fact in facts.values():
        words = fact.text.translate(_ALIKE).rstrip(".").strip()
        if not words:
            continue
        for at in _occurrences(words, plain, lower):
            inside = any(start < at + len(words) and at < end for start, end in slots)
            if not inside and _apart(plain, at, at + len(words)):
                end = at + len(words)
                named = fact.kind == "name" and fact.arm in treatments and _for_itself(words, plain[end:], words_of)
                found.append(_Place(at, end, fact.id, named))
    return tuple(sorted(found, key=lambda p: (p.start, -p.end)))


def _for_itself(name: str, rest: str, words: Lexicon) -> bool:
    """Whether an arm's name stands for the arm: "blue is ..."; not "the blue page", nor "a page" where an arm is a."""
    after = _NEXT_WORD.match(rest)
    if after is None:
        return True
    word = after[1].lower()
    if name.lower() in _ARTICLES:
        return word in (words.verbs | words.places["breaks"]) - words.nouns
    return word not in words.nouns | words.topics


def _occurrences(words: str, plain: str, lower: str) -> Iterator[int]:
    at = plain.find(words)
    if at != 0 and lower.startswith(words):
        yield 0
    while at >= 0:
        yield at
        at = plain.find(words, at + 1)


def _apart(text: str, start: int, end: int) -> bool:
    """Whether a place is a word or figure of its own, and no part of a longer one."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or before in {"_", "{"} or (before in {"+", "-", "."} and text[start].isdigit()):
        return False
    if after.isalnum() or after in {"_", "%", "}"}:
        return False
    return not (after in {".", ","} and text[end + 1 : end + 2].isdigit())
