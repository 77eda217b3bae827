"""Named mechanisms: the ways copy can give somebody a reason to act, and which of them a text shows. Never which wins.

The mechanisms and their markers are data: ``lexicon/mechanisms.toml``. A marker shows how a text is framed; a text may
show several mechanisms, or none that has a marker.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from copilot_tools.base import Frozen
from copilot_tools.wording.named import named
from copilot_tools.wording.phrases import found, pattern

__all__ = ["LANGUAGES", "Language", "Mechanism", "Shown", "mechanism", "mechanisms", "shown"]

Language = Literal["en", "de", "fr", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The languages that have markers."""


class Mechanism(Frozen):
    """One way to give somebody a reason to act.

    Attributes:
        name: Stable name, such as ``loss_aversion``.
        title: As people call it.
        definition: What copy of this kind does, in one sentence.
        reference: Where it comes from.
        caution: What to mind when it is used.
        valence: "gain" or "loss" where it shows a fact as won or as lost; "" where neither.
        markers: Words that show it, by language; see ``lexicon/mechanisms.toml`` for how they are written.
    """

    name: str
    title: str
    definition: str
    reference: str
    caution: str
    valence: Literal["", "gain", "loss"] = ""
    markers: dict[str, tuple[str, ...]]


class Shown(Frozen):
    """A mechanism a text shows.

    Attributes:
        name: The mechanism's name.
        title: As people call it.
        words: The words that show it, in their form for comparison, in the order they stand.
        valence: As the mechanism's.
    """

    name: str
    title: str
    words: tuple[str, ...]
    valence: Literal["", "gain", "loss"] = ""


@cache
def mechanisms() -> tuple[Mechanism, ...]:
    """All of them, in the file's order, which is the order in which defaults are proposed."""
    text = (files("copilot_tools.wording") / "lexicon" / "mechanisms.toml").read_text(encoding="utf-8")
    return tuple(
        Mechanism(
            name=name,
            markers={language: tuple(entry.pop(language, ())) for language in LANGUAGES},
            **entry,
        )
        for name, entry in tomllib.loads(text).items()
    )


def mechanism(name: str) -> Mechanism:
    """The mechanism of this name or title; capitals, spaces and hyphens do not count.

    Raises:
        Refused: There is none; the cure names the nearest.

    Example:
        >>> mechanism("Loss aversion").name
        'loss_aversion'
    """
    return named(name, mechanisms(), kind="mechanism")


def shown(text: str, language: str = "en") -> tuple[Shown, ...]:
    """Which mechanisms ``text`` shows, in the mechanisms' order; none in a language without markers.

    Example:
        >>> [(s.title, s.words) for s in shown("Last chance: join 10,000 teams")]
        [('social proof', ('join 10,000', '10,000 teams')), ('urgency', ('last chance',))]
    """
    there = []
    for known, markers in _patterns(language):
        words = found(markers, text)
        if words:
            there.append(Shown(name=known.name, title=known.title, words=words, valence=known.valence))
    return tuple(there)


@cache
def _patterns(language: str) -> tuple[tuple[Mechanism, re.Pattern[str]], ...]:
    return tuple((m, pattern(m.markers[language])) for m in mechanisms() if m.markers.get(language))
