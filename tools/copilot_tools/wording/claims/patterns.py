"""The language the rules are written in, and the matcher: one pattern a line, words and figures with bounded gaps.

A pattern is a row of elements, each of which takes one item of a sentence:

=============  ===========================================================================================
``word``       that word (in its form for comparison); ``a|b`` either; ``save~`` with its English endings
``@name``      any word of that class; may stand among alternatives: ``@people|fans``
``#tag``       a figure of that kind (``#%``, ``#$``, ``#n`` ...), or a word by its ending (``#est``, ``#er``)
``*``          any one item
``x?``         may be missing
``-x``         only when glued to the item before ("risk-free"); ``^x`` only when not
``..3``        up to three items in between, without a comma, dash or bracket; ``,.3`` with them
``,``          whatever comes next may be set apart by a comma, dash or bracket
``/``          a sentence ends here, and the next one goes on
``!x``         what comes next is not this; ``<!x`` what came before is not this
``{`` ``}``    the span begins, ends here; without them it is all that matched
=============  ===========================================================================================

A gap is bounded and a sentence's items are tried once, so the time is linear in the text for any rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from copilot_tools.wording.claims.figures import Item

__all__ = ["Element", "Match", "Pattern", "PatternError", "Patterns", "endings", "parse"]

Words = Mapping[str, frozenset[str]]


class PatternError(ValueError):
    """A pattern that is not one: a mistake in a rule file, found when the rules are read."""


class Element(NamedTuple):
    """One element: see the table above. ``words`` and ``tags`` are alternatives; both empty is any item."""

    role: Literal["take", "gap", "not_next", "not_before", "open", "close", "comma", "stop"]
    words: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    optional: bool = False
    glue: bool | None = None
    most: int = 0
    loose: int = 0
    any: bool = False


@dataclass(frozen=True, eq=False)
class Pattern:
    """One line of a rule file, read.

    Attributes:
        source: As written.
        elements: In order.
        why: What its rule says to people.
        label: What it stands for: a kind of claim, or the name of a list.
        exception: Whether it lifts its label from the items it covers instead.
    """

    source: str
    elements: tuple[Element, ...]
    why: str = ""
    label: str = ""
    exception: bool = False

    @property
    def crosses(self) -> bool:
        """Whether it runs over the end of a sentence."""
        return any(e.role == "stop" for e in self.elements)


class Match(NamedTuple):
    """Where a pattern matched, in items: the whole, the span it marks, and the items its own words took."""

    pattern: Pattern
    start: int
    end: int
    first: int
    last: int
    taken: tuple[int, ...]


def endings(word: str) -> frozenset[str]:
    """An English word with the endings it may take; some of them are no words, which does no harm.

    Example:
        >>> sorted(endings("save"))
        ['save', 'saved', 'saves', 'saving']
    """
    found = {word, f"{word}s"}
    if word.endswith("e"):
        found |= {f"{word}d", f"{word[:-1]}ing"}
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        found |= {f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing"}
    else:
        found |= {f"{word}es", f"{word}ed", f"{word}ing"}
        if re.fullmatch(r".*[^aeiou][aeiou][bdglmnprt]", word):
            found |= {f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
    return frozenset(found)


_WORDLIKE = frozenset({"n", "0", "large", "decimal", "est", "ord", "name"})
"""Tags of items that their form may stand for; "40" of "40%" is no number of its own."""

_SPACE, _COMMA, _STOP = 0, 1, 2
"""How far apart two items may stand to be taken one after the other."""

_GAP = re.compile(r"(?P<sign>\.\.|,\.)(?P<most>\d)")


def parse(source: str, words: Words, *, why: str = "", label: str = "", exception: bool = False) -> Pattern:
    """Read one pattern.

    Raises:
        PatternError: It names a class that does not exist, or takes nothing.
    """
    elements = tuple(_element(part, words, source) for part in source.split())
    if not any(e.role == "take" and not e.optional for e in elements):
        raise PatternError(f"the pattern {source!r} takes nothing for certain")
    return Pattern(source, elements, why, label, exception)


def _element(part: str, words: Words, source: str) -> Element:
    gap = _GAP.fullmatch(part)
    if gap:
        return Element("gap", most=int(gap["most"]), loose=_COMMA if gap["sign"] == ",." else _SPACE)
    if part in _SIGNS:
        return _SIGNS[part]
    role: Literal["take", "not_next", "not_before"] = "take"
    if part.startswith("<!"):
        role, part = "not_before", part[2:]
    elif part.startswith("!"):
        role, part = "not_next", part[1:]
    glue = {"-": True, "^": False}.get(part[0])
    part = part[1:] if glue is not None else part
    optional = part.endswith("?")
    part = part.removesuffix("?")
    if part == "*":
        return Element(role, optional=optional, glue=glue, any=True)
    taken, tags = _alternatives(part, words, source)
    return Element(role, frozenset(taken), frozenset(tags), optional, glue)


def _alternatives(part: str, words: Words, source: str) -> tuple[set[str], set[str]]:
    """The words and the tags that ``a|@name|#tag`` stands for."""
    taken: set[str] = set()
    tags: set[str] = set()
    for one in part.split("|"):
        if one.startswith("@"):
            if one[1:] not in words:
                raise PatternError(f"the pattern {source!r} names the class {one!r}, which is not there")
            taken |= words[one[1:]]
        elif one.startswith("#"):
            tags.add(one[1:])
        elif one.endswith("~"):
            taken |= endings(one[:-1])
        else:
            taken.add(one)
    return taken, tags


_SIGNS = {"{": Element("open"), "}": Element("close"), ",": Element("comma"), "/": Element("stop")}


def _takes(element: Element, item: Item) -> bool:
    if element.glue is not None and element.glue != item.glued:
        return False
    if element.any or (item.norm in element.words and _WORDLIKE.issuperset(item.tags)):
        return True
    return bool(element.tags) and not element.tags.isdisjoint(item.tags)


@dataclass(frozen=True)
class Patterns:
    """Many patterns, found by the first item they take, and tried only where the others they need stand near it.

    Attributes:
        all: The patterns.
    """

    all: tuple[Pattern, ...]
    _by_key: dict[str, list[tuple[Pattern, tuple[frozenset[str], ...]]]] = field(init=False, repr=False, compare=False)
    _reach: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key: dict[str, list[tuple[Pattern, tuple[frozenset[str], ...]]]] = {}
        for pattern in self.all:
            needs = _needs(pattern)
            keys = {k for e in _first(pattern) for k in (*e.words, *(f"#{tag}" for tag in e.tags))}
            for key in sorted(keys):
                by_key.setdefault(key, []).append((pattern, needs))
        object.__setattr__(self, "_by_key", by_key)
        object.__setattr__(self, "_reach", max(map(_reach_of, self.all), default=0))

    def matches(self, items: Sequence[Item]) -> Iterator[Match]:
        """Every match, of every pattern, from the first item to the last; each pattern once a place."""
        keys = [_keys(item) for item in items]
        short = frozenset(k for own in keys for k in own) if len(keys) <= self._reach else None
        for at, own in enumerate(keys):
            near: frozenset[str] | None = short
            tried: set[Pattern] | None = set[Pattern]() if len(own) > 1 else None
            for key in own:
                for pattern, needs in self._by_key.get(key, ()):
                    if tried is not None:
                        if pattern in tried:
                            continue
                        tried.add(pattern)
                    if near is None:
                        near = frozenset(k for others in keys[at + 1 : at + 1 + self._reach] for k in others)
                    for need in needs:
                        if need.isdisjoint(near):
                            break
                    else:
                        found = _match(pattern, items, at)
                        if found:
                            yield found


def _keys(item: Item) -> tuple[str, ...]:
    """What an element may take this item by: its form, its tags."""
    return (item.norm, *(f"#{tag}" for tag in item.tags)) if item.tags else (item.norm,)


def _needs(pattern: Pattern) -> tuple[frozenset[str], ...]:
    """For each later element that cannot be missing: the keys one of which must stand near the first item."""
    takes = [e for e in pattern.elements if e.role == "take"]
    first = next(i for i, e in enumerate(takes) if not e.optional)
    return tuple(e.words | {f"#{t}" for t in e.tags} for e in takes[first + 1 :] if not e.optional and not e.any)


def _reach_of(pattern: Pattern) -> int:
    """The most items a match of it may span."""
    return sum(e.most if e.role == "gap" else e.role == "take" for e in pattern.elements)


def _first(pattern: Pattern) -> Iterator[Element]:
    """The elements that may take a match's first item."""
    for element in pattern.elements:
        if element.role == "gap":
            raise PatternError(f"the pattern {pattern.source!r} begins with a gap")
        if element.role == "take":
            if element.any:
                raise PatternError(f"the pattern {pattern.source!r} begins with anything")
            yield element
            if not element.optional:
                return


def _match(pattern: Pattern, items: Sequence[Item], at: int) -> Match | None:
    attempt = _Attempt(pattern.elements, items, at)
    end = attempt.walk(0, at, _SPACE)
    if end <= at:
        return None
    first = attempt.opened[0] if attempt.opened else at
    last = attempt.closed[0] if attempt.closed else end
    taken = tuple(t for t in attempt.taken if first <= t < last)
    return Match(pattern, at, end, first, last, taken) if last > first else None


class _Attempt:
    """One pattern tried at one place. Each step returns where the match ends, or -1; gaps are as short as can be."""

    def __init__(self, elements: Sequence[Element], items: Sequence[Item], at: int) -> None:
        self.elements = elements
        self.items = items
        self.at = at
        self.taken: list[int] = []
        self.opened: list[int] = []
        self.closed: list[int] = []

    def walk(self, number: int, place: int, loose: int) -> int:
        """Match the elements from ``number`` on; ``loose`` is how far off the item at ``place`` may stand."""
        if number == len(self.elements):
            return place
        element = self.elements[number]
        if element.role in _MOVING:
            return _MOVING[element.role](self, element, number, place, loose)
        if self._barred(element, place, loose):
            return -1
        return self.walk(number + 1, place, _STOP if element.role == "stop" else loose)

    def _reaches(self, place: int, loose: int) -> bool:
        """Whether there is an item at ``place`` that may be taken next."""
        if place >= len(self.items):
            return False
        return place == self.at or _distance(self.items[place]) <= loose

    def take(self, element: Element, number: int, place: int, loose: int) -> int:
        if self._reaches(place, loose) and _takes(element, self.items[place]):
            if not element.any:
                self.taken.append(place)
            end = self.walk(number + 1, place + 1, _SPACE)
            if end >= 0:
                return end
            if not element.any:
                self.taken.pop()
        return self.walk(number + 1, place, loose) if element.optional else -1

    def gap(self, element: Element, number: int, place: int, loose: int) -> int:
        for skipped in range(element.most + 1):
            end = self.walk(number + 1, place + skipped, max(loose if skipped == 0 else _SPACE, element.loose))
            if end >= 0 or not self._reaches(place + skipped, max(loose if skipped == 0 else _SPACE, element.loose)):
                return end
        return -1

    def open(self, _element: Element, number: int, place: int, loose: int) -> int:
        return self._marked(self.opened, number, place, loose)

    def close(self, _element: Element, number: int, place: int, loose: int) -> int:
        return self._marked(self.closed, number, place, loose)

    def comma(self, _element: Element, number: int, place: int, loose: int) -> int:
        return self.walk(number + 1, place, max(loose, _COMMA))

    def _marked(self, marks: list[int], number: int, place: int, loose: int) -> int:
        marks.append(place)
        end = self.walk(number + 1, place, loose)
        if end < 0:
            marks.pop()
        return end

    def _barred(self, element: Element, place: int, loose: int) -> bool:
        """Whether an element that takes nothing forbids to go on."""
        if element.role == "stop":
            return place >= len(self.items) or not self.items[place].opens
        if element.role == "not_next":
            return self._reaches(place, loose) and _takes(element, self.items[place])
        return place > 0 and _distance(self.items[place]) == _SPACE and _takes(element, self.items[place - 1])


def _distance(item: Item) -> int:
    return _STOP if item.opens else _COMMA if item.apart else _SPACE


_MOVING: dict[str, Callable[[_Attempt, Element, int, int, int], int]] = {
    "take": _Attempt.take,
    "gap": _Attempt.gap,
    "open": _Attempt.open,
    "close": _Attempt.close,
    "comma": _Attempt.comma,
}
