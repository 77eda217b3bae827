"""Copy against its channel: fields, lengths, places left open, accessibility. Every finding says what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.wording import accessibility, reading
from copilot_tools.wording.channels import Channel, ChannelField, channel
from copilot_tools.wording.lengths import length, segments
from copilot_tools.wording.phrases import found, pattern
from copilot_tools.wording.placeholders import placeholders
from copilot_tools.wording.plain import shortened
from copilot_tools.wording.text import sentences, tokens

__all__ = ["LONGEST", "Finding", "check_channel"]

LONGEST = 200_000
"""Code points of one field."""
LONG_SENTENCE = 25
"""Words of a sentence from which on it is hard to follow (GOV.UK, content design: writing for GOV.UK)."""
MOST_EMOJI = 2
"""Emoji of one field from which on listening to it is tiresome: each is read out by its name."""

Severity = Literal["error", "warning"]
_Said = tuple[Severity, str, str]
"""Severity, code and the sentence without the field's name in front."""


class Finding(Frozen):
    """Something about one field of copy.

    Attributes:
        field: Its name; "" for all fields together.
        severity: "error": it cannot go out so. "warning": somebody should look.
        code: Stable name, such as ``length``.
        sentence: What is wrong, and what to do.
    """

    field: str
    severity: Severity
    code: str
    sentence: str


def check_channel(name: str, fields: Mapping[str, str], language: str = "en") -> tuple[Finding, ...]:
    """What speaks against sending ``fields`` through this channel, in the order of its fields.

    Args:
        name: The channel.
        fields: Text by name of field; an empty text counts as missing.
        language: "en", "de", "fr" or "es"; another is checked for all that needs no words of a language.

    Raises:
        Refused: The channel is unknown, or a text is longer than ``LONGEST``.

    Example:
        >>> [f.sentence for f in check_channel("push", {"body": "Your order is on its way, [name]"})]
        ['body still holds a place to fill: [name]. Fill it or take it out.']
    """
    where = channel(name)
    for field, text in fields.items():
        if len(text) > LONGEST:
            raise Refused.because(
                "wording.too_long",
                f"{shortened(field, 80)} has {len(text):,} characters; at most {LONGEST:,} are checked.",
                "Check the copy alone, without the template around it.",
                name=shortened(field, 80),
            )
    return tuple(_all(where, fields, language))


def _all(where: Channel, fields: Mapping[str, str], language: str) -> Iterator[Finding]:
    known = [f.name for f in where.fields]
    for name in fields:
        if name not in known:
            said = (
                f"{where.title} has no field {shortened(name, 80)!r}; it has {', '.join(f.name for f in where.usual)}."
            )
            yield Finding(field=name, severity="error", code="unknown_field", sentence=said)
    for field in where.fields:
        text = fields.get(field.name, "")
        if text.strip():
            yield from _field(where, field, text, language)
        elif field.required:
            said = f"{field.name} is empty, but {where.title} needs one. Write it."
            yield Finding(field=field.name, severity="error", code="missing", sentence=said)
    yield from _together(where, [fields[n] for n in known if fields.get(n, "").strip()], language)


def _field(where: Channel, field: ChannelField, text: str, language: str) -> Iterator[Finding]:
    seen = accessibility.visible_text(text)
    said = (
        *_length(field, text),
        *_open(text),
        *_loud(where, field, seen),
        *_links(text, language),
        *_sentences(seen),
        *(_unwanted(seen, language) if field.name in where.screened else ()),
    )
    for severity, code, sentence in said:
        yield Finding(field=field.name, severity=severity, code=code, sentence=f"{field.name} {sentence}")


def _open(text: str) -> Iterator[_Said]:
    for kind, written in dict.fromkeys((place.kind, place.text) for place in placeholders(text)):
        shown = shortened(written, 40)
        if kind == "draft":
            yield "error", "placeholder", f"still holds a place to fill: {shown}. Fill it or take it out."
        elif kind == "merge tag":
            sentence = f"holds the merge tag {shown}, which would reach readers as it stands. Write what it stands for."
            yield "error", "merge_tag", sentence
        else:
            yield "error", "merge_tag", f"holds half of a merge tag, {shown}. Take it out."


def _links(text: str, language: str) -> Iterator[_Said]:
    for link in dict.fromkeys(accessibility.links(text)):
        if accessibility.empty_link(link, language):
            shown = shortened(link.text, 40)
            yield "warning", "link_text", f"has a link {shown!r}, which says nothing by itself. Say where it leads."
    if None in accessibility.images(text):
        yield "error", "alt_text", 'has an image without alternative text. Add alt="..." (alt="" if it only decorates).'


def _sentences(seen: str) -> Iterator[_Said]:
    for span in sentences(seen):
        words = sum(t.kind == "word" for t in tokens(seen, span.start, span.end))
        if words > LONG_SENTENCE:
            begins = shortened(seen[span.start : span.end], 40)
            yield "warning", "long_sentence", f"has a sentence of {words} words ({begins!r}). Split it."


def _unwanted(seen: str, language: str) -> Iterator[_Said]:
    for phrase in found(_spam(language), seen):
        sentence = f"says {phrase!r}, as unwanted mail often does. Filters weigh the sender more; is it needed?"
        yield "warning", "spam_words", sentence


def _length(field: ChannelField, text: str) -> Iterator[_Said]:
    taken = length(text, field.unit)
    unit = {"characters": "characters", "width": "characters (wide ones twice)", "bytes": "bytes"}.get(
        field.unit, "segments"
    )
    detail = ""
    if field.unit == "segments":
        sent = segments(text)
        outside = " ".join(shortened(c, 4) for c in sent.outside[:5])
        why = f", because of {outside}" if outside.strip() else ""
        detail = f" ({sent.units} of {sent.alphabet}{why})"
    if field.most is not None and taken > field.most:
        said = (
            f"takes {taken:,} {unit}{detail}; at most {field.most:,} go through. Shorten it by {taken - field.most:,}."
        )
        yield "error", "length", said
    elif field.advised is not None and taken > field.advised:
        said = (
            f"takes {taken:,} {unit}{detail}; up to {field.advised:,} are shown or read whole. Put what matters first."
        )
        yield "warning", "length", said


def _loud(where: Channel, field: ChannelField, seen: str) -> Iterator[_Said]:
    pictures = accessibility.emoji(seen)
    if pictures and "emoji" in field.forbids:
        yield "error", "emoji", f"holds an emoji ({pictures[0]}), which {where.title} refuse. Take it out."
    elif len(pictures) > MOST_EMOJI:
        said = f"holds {len(pictures)} emoji; each is read out by its name. Keep at most {MOST_EMOJI}."
        yield "warning", "emoji", said
    marks = accessibility.exclamations(seen)
    if marks and "exclamation" in field.forbids:
        yield "error", "exclamation", f"holds an exclamation mark, which {where.title} refuse here. Take it out."
    elif marks > 1:
        yield "warning", "exclamation", f"holds {marks} exclamation marks. Keep at most one."
    loud = accessibility.shouted(seen)
    listed = ", ".join(shortened(word, 20) for word in loud[:3])
    if accessibility.shouts(seen):
        severity: Severity = "error" if "capitals" in field.forbids else "warning"
        yield severity, "capitals", f"is written in capitals ({listed}), hard to read and loud. Use small letters."
    elif len(loud) > 1:
        yield "warning", "capitals", f"has {len(loud)} words in capitals ({listed}). Use small letters."


def _together(where: Channel, texts: list[str], language: str) -> Iterator[Finding]:
    taken = sum(length(text, "bytes") for text in texts)
    if where.most_bytes is not None and taken > where.most_bytes:
        said = f"All fields take {taken:,} bytes; {where.title} takes at most {where.most_bytes:,}. Shorten the copy."
        yield Finding(field="", severity="error", code="length", sentence=said)
    read = reading.reading("\n\n".join(accessibility.visible_text(text) for text in texts), language)
    if read.hard:
        bound = f"above {reading.HARD_GRADE:g}" if read.scale == "grade" else f"below {reading.HARD_EASE:g}"
        kind = "school grade" if read.scale == "grade" else "reading ease"
        said = f"The copy reads at a {kind} of {read.value:g} ({read.formula}), {bound}: hard for many. Write shorter."
        yield Finding(field="", severity="warning", code="reading_level", sentence=said)


@cache
def _spam(language: str) -> re.Pattern[str]:
    data = tomllib.loads((files("copilot_tools.wording") / "lexicon" / "screened.toml").read_text(encoding="utf-8"))
    return pattern(dict.fromkeys((*data["spam"]["en"], *data["spam"].get(language, ()))))
