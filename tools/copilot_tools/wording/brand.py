"""The brand's style guide: a small file in the workspace, read strictly, and copy held against what it says.

``style.toml``, or ``style.md`` with the same settings in a front matter between lines of ``+++``; what follows in the
Markdown is the voice, in the brand's own words, for whoever writes. Only the settings are checked, by code.

    voice = "Warm, plain, never clever."
    avoid = ["cheap", "world-class", "leverag*"]
    person = "you"            # how copy speaks of its reader: "you" or "any"
    max_grade = 8             # school grade, English and German
    min_ease = 65             # reading ease, French and Spanish
    emoji = 1                 # at most so many in a field
    exclamations = 0          # at most so many in a field
    capitals = false          # words in capitals

    [say]                     # say this, not those
    "sign up" = ["register", "enrol*"]
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of
from copilot_tools.wording import accessibility, reading
from copilot_tools.wording.channel_checks import Finding, Severity
from copilot_tools.wording.phrases import found, pattern
from copilot_tools.wording.plain import shortened
from copilot_tools.wording.text import tokens

__all__ = ["Style", "check_brand", "read_style"]

Phrase = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\w")]
_LONGEST = 100_000
_FRONT = re.compile(r"\A\s*\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)

_YOU = {
    "en": "you your yours yourself you're you'll you've",
    "de": "du dein deine deinen deinem deiner dich dir sie ihr ihre ihren ihrem ihrer ihnen euch euer eure",
    "fr": "vous votre vos tu ton ta tes te toi",
    "es": "tu tus te ti usted ustedes su sus vosotros vuestro vuestra",
}


class Style(Frozen):
    """A brand's style guide.

    Attributes:
        voice: How the brand sounds, in its own words; told to whoever writes, not checked.
        avoid: Words and phrases it never uses; written as in ``phrases``.
        say: What it says, and what it says it instead of.
        person: "you": copy speaks to its reader; "any": no rule.
        max_grade: Highest school grade of copy in English and German; None for no rule.
        min_ease: Lowest reading ease of copy in French and Spanish; None for no rule.
        emoji: At most so many in a field; None for no rule.
        exclamations: At most so many in a field; None for no rule.
        capitals: Whether words in capitals are allowed.
    """

    voice: Annotated[str, Field(max_length=_LONGEST)] = ""
    avoid: Annotated[tuple[Phrase, ...], Field(max_length=2000)] = ()
    say: dict[Phrase, tuple[Phrase, ...]] = {}
    person: Literal["you", "any"] = "any"
    max_grade: Annotated[float, Field(ge=1, le=20)] | None = None
    min_ease: Annotated[float, Field(ge=0, le=100)] | None = None
    emoji: Annotated[int, Field(ge=0, le=100)] | None = None
    exclamations: Annotated[int, Field(ge=0, le=100)] | None = None
    capitals: bool = True


def read_style(text: str, *, markdown: bool = False) -> Style:
    """A style guide from its file's text.

    Args:
        text: TOML, or Markdown with TOML between lines of ``+++``.
        markdown: Whether it is Markdown; without a front matter all of it is the voice.

    Raises:
        Refused: It is too long, no TOML, or a setting is unknown or out of its bounds; every problem is named.

    Example:
        >>> read_style('avoid = ["cheap"]').avoid
        ('cheap',)
        >>> read_style("Warm and plain.", markdown=True).voice
        'Warm and plain.'
    """
    if len(text) > _LONGEST:
        raise Refused.because(
            "style.too_long",
            f"The style guide has {len(text):,} characters; at most {_LONGEST:,} are read.",
            "Keep the rules and the voice, and leave the rest where it is.",
        )
    text = text.removeprefix("\ufeff")
    voice = ""
    if markdown:
        front = _FRONT.match(text)
        voice, text = (text[front.end() :].strip(), front[1]) if front else (text.strip(), "")
    try:
        given = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused.because(
            "style.not_toml",
            f"The style guide cannot be read as TOML: {error}.",
            'Write settings as in: avoid = ["cheap", "world-class"].',
        ) from None
    if voice and not given.get("voice"):
        given["voice"] = voice
    try:
        return Style.model_validate_json(json.dumps(given, default=str), strict=True)
    except ValidationError as error:
        raise Refused(*refusals_of(error, given=given, model=Style)) from None


def check_brand(style: Style, fields: Mapping[str, str], language: str = "en") -> tuple[Finding, ...]:
    """Where ``fields`` go against the style guide, in their order.

    Example:
        >>> style = Style(say={"sign up": ("register",)})
        >>> [f.sentence for f in check_brand(style, {"button": "Register now"})]
        ["button says 'register'; the style guide says 'sign up'."]
    """
    return tuple(_all(style, {n: accessibility.visible_text(t) for n, t in fields.items() if t.strip()}, language))


def _all(style: Style, fields: dict[str, str], language: str) -> Iterator[Finding]:
    for name, text in fields.items():
        for severity, code, sentence in _field(style, text):
            yield Finding(field=name, severity=severity, code=code, sentence=f"{name} {sentence}")
    words = {token.norm for text in fields.values() for token in tokens(text)}
    if style.person == "you" and words and language in _YOU and not words & set(_YOU[language].split()):
        said = "The copy never speaks to its reader, as the style guide asks. Say what it means for them."
        yield Finding(field="", severity="warning", code="person", sentence=said)
    read = reading.reading("\n\n".join(fields.values()), language)
    if read.value is None:
        return
    hard = style.max_grade is not None and read.scale == "grade" and read.value > style.max_grade
    if hard or (style.min_ease is not None and read.scale == "ease" and read.value < style.min_ease):
        bound = f"at most {style.max_grade:g}" if hard else f"at least {style.min_ease:g}"
        said = f"The copy reads at {read.value:g} ({read.formula}); the style guide asks for {bound}."
        yield Finding(field="", severity="error", code="reading_level", sentence=said)


def _field(style: Style, text: str) -> Iterator[tuple[Severity, str, str]]:
    if style.avoid:
        for phrase in found(pattern(style.avoid), text):
            yield "error", "avoided_word", f"says {phrase!r}, which the style guide avoids. Say it in other words."
    for wanted, others in style.say.items():
        for phrase in found(pattern(others), text) if others else ():
            yield "error", "preferred_word", f"says {phrase!r}; the style guide says {shortened(wanted, 80)!r}."
    pictures, marks = len(accessibility.emoji(text)), accessibility.exclamations(text)
    if style.emoji is not None and pictures > style.emoji:
        yield "error", "emoji", f"holds {pictures} emoji; the style guide allows {style.emoji}."
    if style.exclamations is not None and marks > style.exclamations:
        yield "error", "exclamation", f"holds {marks} exclamation marks; the style guide allows {style.exclamations}."
    loud = accessibility.shouted(text)
    if loud and not style.capitals:
        yield "error", "capitals", f"has words in capitals ({', '.join(shortened(w, 20) for w in loud[:3])})."
