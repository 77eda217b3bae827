"""The variant generator: copy for a channel's fields, a mechanism each, far from one another and from earlier copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from expcopilot.language.roles.role import Inputs, Role
from expcopilot.records.copy import FieldText

__all__ = ["GENERATOR", "ChannelField", "DraftVariant", "FieldText", "GeneratorInputs", "SourceFact", "Variants"]

_SHARED_WORDS = 4


class ChannelField(Frozen):
    """A field of the channel.

    Attributes:
        name: Its name, such as "subject".
        max_characters: Upper bound, spaces counted; None where there is none.
        note: What it is for, if that is not plain.
    """

    name: str
    max_characters: Annotated[int, Field(gt=0)] | None = None
    note: str = ""


class SourceFact(Frozen):
    """Something that may be stated, because a source says so.

    Attributes:
        id: How a variant refers to it.
        text: What the source says.
    """

    id: str
    text: str


class GeneratorInputs(Inputs):
    """What the generator is told.

    Attributes:
        change: The hypothesis: what changes.
        audience: For whom.
        because: Why it should work.
        channel: Landing page, e-mail, push message, ...
        fields: The channel's fields and their limits.
        brand_voice: How the brand speaks; may be empty.
        facts: What may be stated.
        k: How many variants.
        mechanisms: Reasons why copy may move this audience, to be covered in order.
        keep_away: Earlier copy to keep away from.
        language: In which every variant is written: "en", "de", "fr" or "es".
        notes: Anything else about the brief.
        redraft: Why these mechanisms are written anew: what their first drafts came too near to.
    """

    change: str
    audience: str
    because: str
    channel: str
    fields: Annotated[tuple[ChannelField, ...], Field(min_length=1)]
    brand_voice: str = ""
    facts: tuple[SourceFact, ...] = ()
    k: Annotated[int, Field(ge=1, le=50)]
    mechanisms: Annotated[tuple[str, ...], Field(min_length=1)]
    keep_away: tuple[str, ...] = ()
    language: str = "en"
    notes: str = ""
    redraft: tuple[str, ...] = ()


class DraftVariant(Frozen):
    """One variant, before the claim scanner and a person have seen it.

    Attributes:
        mechanism: Why it may move this audience.
        fields: A text for each field.
        facts: Ids of the facts its claims rest on.
    """

    mechanism: str
    fields: tuple[FieldText, ...]
    facts: tuple[str, ...] = ()


class Variants(Frozen):
    """What the generator wrote, in no order of promise."""

    variants: tuple[DraftVariant, ...]


def _complaints(inputs: GeneratorInputs, answer: Variants) -> Sequence[str]:
    found = list(_over_all(inputs, answer))
    for number, variant in enumerate(answer.variants, 1):
        found += [f"Variant {number}: {fault}" for fault in _faults(inputs, variant)]
    return tuple(found)


def _over_all(inputs: GeneratorInputs, answer: Variants) -> Iterator[str]:
    if len(answer.variants) != inputs.k:
        yield f"There are {len(answer.variants)} variants; write exactly {inputs.k}."
    used = {variant.mechanism for variant in answer.variants}
    for mechanism in inputs.mechanisms[: inputs.k]:
        if mechanism not in used:
            yield f"No variant has the mechanism {mechanism!r}."
    texts = [tuple(_plain(field.text) for field in variant.fields) for variant in answer.variants]
    if len(set(texts)) < len(texts):
        yield "Two variants say the same."


def _faults(inputs: GeneratorInputs, variant: DraftVariant) -> Iterator[str]:
    if variant.mechanism not in inputs.mechanisms:
        yield f"{variant.mechanism!r} is none of the mechanisms given."
    given = [field.name for field in variant.fields]
    wanted = [field.name for field in inputs.fields]
    if sorted(given) != sorted(wanted):
        yield f"it has the fields {', '.join(given) or 'none'}; give {', '.join(wanted)}, each once."
    limits = {field.name: field.max_characters for field in inputs.fields}
    for field in variant.fields:
        limit = limits.get(field.name)
        if not field.text.strip():
            yield f"the field {field.name} is empty."
        elif limit is not None and len(field.text) > limit:
            yield f"the field {field.name} has {len(field.text)} characters; at most {limit}."
    unknown = [name for name in variant.facts if name not in {fact.id for fact in inputs.facts}]
    if unknown:
        yield f"there is no fact {', '.join(unknown)}."
    said = _runs(" ".join(field.text for field in variant.fields))
    for earlier in inputs.keep_away:
        if shared := said & _runs(earlier):
            yield f"{min(shared)!r} stands in earlier copy; say something else."


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _runs(text: str) -> set[str]:
    words = _plain(text).split()
    return {" ".join(words[at : at + _SHARED_WORDS]) for at in range(len(words) - _SHARED_WORDS + 1)}


GENERATOR = Role(name="generator", inputs=GeneratorInputs, answer=Variants, max_tokens=8000, complaints=_complaints)
"""Writes copy variants."""
