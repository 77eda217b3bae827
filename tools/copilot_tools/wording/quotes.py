"""Evidence: does a quotation stand verbatim in a source, and do the claim's numbers stand in the quotation?

A quotation is looked for code point by code point. Only white space is evened out, and reversibly: every run of white
space (spaces of any width, tabs, line breaks) counts as one space, and the place found is the place in the source as
it stands. Nothing else is: another quotation mark, dash, letter case, accent form, look-alike letter or invisible
character is another text, and the answer says which. A quotation must not begin or end inside a word or a quantity,
because "40% off" out of "up to 40% off" is not what the source says.

A model may propose quotations; this is what decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from copilot_tools.base import Frozen
from copilot_tools.wording.aboutness import why_unrelated
from copilot_tools.wording.agreement import why_not
from copilot_tools.wording.asserted import why_unasserted
from copilot_tools.wording.disguised import disguises
from copilot_tools.wording.misquoted import why_absent
from copilot_tools.wording.opposites import contradicts, negated_before
from copilot_tools.wording.quantities import Quantity, quantities
from copilot_tools.wording.readable import hidden

__all__ = ["Match", "Place", "evened", "find_quotation", "match_quotation"]


class Place(Frozen):
    """Where a quotation stands.

    Attributes:
        start: First code point in the source's text as it stands.
        end: One past its last.
        quotation: The source's text from there to there.
    """

    start: int
    end: int
    quotation: str


class Match(Frozen):
    """Whether a quotation from a source carries a claim.

    Attributes:
        sourced: Whether it does.
        why: One plain sentence: what carries it, or why nothing does.
        code: "sourced", "expired", "claim_unreadable", "not_verbatim", "cut", "unasserted", "opposite", "quantity" or
            "unrelated".
        place: Where the quotation stands, if it stands there whole; the first place that will do.
        quantities: The claim's quantities that were looked for.
    """

    sourced: bool
    why: str
    code: str
    place: Place | None = None
    quantities: tuple[Quantity, ...] = ()


_SPACE = re.compile(r"\s+")
_MOST_PLACES = 200


def evened(text: str) -> tuple[str, list[int]]:
    r"""``text`` with every run of white space as one space, and where each of its code points stands in ``text``.

    Example:
        >>> evened("a\n  b")
        ('a b', [0, 1, 4])
    """
    pieces: list[str] = []
    at: list[int] = []
    last = 0
    for space in _SPACE.finditer(text):
        pieces.append(text[last : space.start()])
        at.extend(range(last, space.start()))
        pieces.append(" ")
        at.append(space.start())
        last = space.end()
    pieces.append(text[last:])
    at.extend(range(last, len(text)))
    return "".join(pieces), at


def find_quotation(quotation: str, source: str) -> tuple[Place, ...]:
    r"""Every place (at most 200) at which ``quotation`` stands verbatim in ``source``, cut or not.

    Example:
        >>> find_quotation("41.3% of shoppers", "In May 41.3% of\nshoppers finished.")
        (Place(start=7, end=24, quotation='41.3% of\nshoppers'),)
    """
    wanted = evened(quotation)[0].strip(" ")
    if not wanted:
        return ()
    text, at = evened(source)
    found: list[Place] = []
    start = text.find(wanted)
    while start >= 0 and len(found) < _MOST_PLACES:
        first, last = at[start], at[start + len(wanted) - 1] + 1
        found.append(Place(start=first, end=last, quotation=source[first:last]))
        start = text.find(wanted, start + 1)
    return tuple(found)


def match_quotation(
    claim: str,
    quotation: str,
    source: str,
    *,
    span: tuple[int, int] | None = None,
    apart: Sequence[tuple[int, int]] = (),
    language: str = "en",
    source_language: str = "en",
    expires: date | None = None,
    today: date | None = None,
) -> Match:
    """Whether ``quotation`` stands in ``source`` and carries ``claim``.

    Args:
        claim: The sentence in which the claim stands; what a number counts is read from it.
        quotation: The words said to stand in the source.
        source: The source's whole text.
        span: The claim's code points in ``claim``. All, when None.
        apart: Places of the sentence's other claims, each of which needs evidence of its own. Every figure of the
            sentence that stands in none of them must be carried, so that no number rides along unread.
        language: Of the claim.
        source_language: Of the source.
        expires: Last day on which the source counts.
        today: The day of asking; None leaves the expiry unasked.

    Example:
        >>> match_quotation("Over 40% finish.", "41.3% of shoppers finished", "41.3% of shoppers finished.").sourced
        True
    """
    first, last = span or (0, len(claim))
    others = [(a, b) for a, b in apart if b <= first or a >= last]

    def own(start: int, end: int) -> bool:
        return (start < last and end > first) or not any(a <= start and end <= b for a, b in others)

    counted = tuple(q for q in quantities(claim, language) if own(q.start, q.end))
    rest = "".join(c if own(i, i + 1) else " " for i, c in enumerate(claim))

    def no(code: str, why: str, place: Place | None = None) -> Match:
        return Match(sourced=False, code=code, why=why, place=place, quantities=counted)

    if problem := _expired(expires, today):
        return no("expired", problem)
    if problem := _unreadable(rest):
        return no("claim_unreadable", problem)
    places = find_quotation(quotation, source)
    if not places:
        return no("not_verbatim", why_absent(quotation, source))
    place, problem = _whole(places, source, source_language)
    if problem:
        return no("cut", problem, place)
    said = _Claimed(claim, claim[first:last], rest, counted, language)
    for code, reason in _reasons(said, place, source, source_language):
        if reason:
            return no(code, reason, place)
    carried = "its numbers stand in it" if counted else "the claim holds no number"
    return Match(
        sourced=True, code="sourced", place=place, quantities=counted,
        why=f"The quotation stands in the source at {place.start}, and {carried}.",
    )  # fmt: skip


class _Claimed(NamedTuple):
    """A claim as it is held against a quotation.

    Attributes:
        sentence: Its sentence.
        words: Its own words.
        rest: The sentence without what is claimed apart.
        counted: The quantities that must be carried.
        language: Its language.
    """

    sentence: str
    words: str
    rest: str
    counted: tuple[Quantity, ...]
    language: str


def _reasons(said: _Claimed, place: Place, source: str, language: str) -> Iterator[tuple[str, str]]:
    """Each code, with why the quotation carries nothing, or ""; in the order in which they are asked."""
    given = place.quotation
    yield "unasserted", why_unasserted(place.start, place.end, source, said.sentence, language)
    yield "opposite", contradicts(said.words, given, said.language, language)
    yield "quantity", _uncarried(said.rest, said.counted, given, language)
    yield (
        "unrelated",
        why_unrelated(
            said.words,
            said.rest,
            given,
            counted=said.counted,
            language=said.language,
            source_language=language,
        ),
    )


def _expired(expires: date | None, today: date | None) -> str:
    if expires is None or today is None or today <= expires:
        return ""
    return f"The source counted until {expires.isoformat()}, and it is {today.isoformat()}."


def _unreadable(claim: str) -> str:
    """Why the claim cannot be judged as a reader would see it."""
    if found := disguises(claim):
        return f"In the claim: {found[0].why}"
    for character in claim:
        joiner = character in "\u200d\ufe0f"  # part of emoji
        if hidden(character) and not joiner:
            return f"The claim holds an invisible character (U+{ord(character):04X}); remove it."
        if unicodedata.category(character) in {"Co", "Cs"}:
            return f"The claim holds a character nobody can read (U+{ord(character):04X}); remove it."
    for word in re.findall(r"[\w.,]+", claim):
        scripts = {unicodedata.name(c, "?").split()[0] for c in word if c.isalpha()} & {"LATIN", "CYRILLIC", "GREEK"}
        if len(scripts) > 1 or (scripts & {"CYRILLIC", "GREEK"} and any(c.isdecimal() for c in word)):
            return f'The claim\'s "{word}" mixes letters of several scripts that look alike; write it in one.'
    return ""


def _whole(places: tuple[Place, ...], source: str, language: str) -> tuple[Place, str]:
    """The first place that cuts nothing, with ""; else the first place, and what it cuts."""
    first = ""
    for place in places:
        problem = _cut(place, source, language)
        if not problem:
            return place, ""
        first = first or problem
    return places[0], first


def _cut(place: Place, source: str, language: str) -> str:
    start, end = place.start, place.end
    for edge in (start, end):
        if 0 < edge < len(source) and _in_word(source[edge - 1], source[edge]):
            return "The quotation begins or ends inside a word of the source; quote whole words."
    begin, finish = max(start - 200, 0), min(end + 200, len(source))
    for quantity in quantities(source[begin:finish], language):
        low, high = quantity.start + begin, quantity.end + begin
        if low < end and high > start and (low < start or high > end):
            return f'The quotation cuts "{quantity.text}" of the source apart; quote all of it.'
    if word := negated_before(source[begin:start], language):
        return f'In the source "{word}" stands before the quotation in the same clause; quote that, too.'
    return ""


def _in_word(before: str, after: str) -> bool:
    def part(c: str) -> bool:
        return c.isalnum() or c == "_" or unicodedata.category(c) in {"Mn", "Mc", "Cf"}

    return part(before) and part(after)


_DIGITS = re.compile(r"\w*\d[\w/.,:-]*\w|\d")
_ROMAN = re.compile(
    r"(?<![^\W_])(?=[IVXLCDM]{2})M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?![^\W_])"
)


def _uncarried(claim: str, counted: tuple[Quantity, ...], quotation: str, language: str) -> str:
    """The first figure of the claim that does not stand in the quotation, or ""."""
    given = quantities(quotation, language)
    for quantity in counted:
        reasons = [(why_not(quantity, other), other) for other in given]
        if not reasons:
            return f'The quotation holds no number, but the claim says "{quantity.text}".'
        if all(reason for reason, _ in reasons):
            alike = [reason for reason, other in reasons if other.unit == quantity.unit]
            return f"The number does not stand in the quotation: {(alike or [reasons[0][0]])[0]}."
    there = {token.group() for token in _DIGITS.finditer(quotation)}
    for token in _DIGITS.finditer(claim):
        read = any(q.start <= token.start() and token.end() <= q.end for q in counted)
        touched = any(q.start < token.end() and token.start() < q.end for q in counted)
        if not read and not touched and token.group() not in there:
            return f'The claim\'s "{token.group()}" does not stand in the quotation.'
    for token in _ROMAN.finditer(claim):
        if not claim.isupper() and not re.search(rf"(?<!\w){token.group()}(?!\w)", quotation):
            return f'The claim\'s "{token.group()}" may be a number, and does not stand in the quotation.'
    return ""
