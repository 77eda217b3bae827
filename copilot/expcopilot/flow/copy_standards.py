"""What copy is held against: the channel, the brand, the sources as they are today, and how near two texts may be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.wording import distinctness
from copilot_tools.wording.brand import Style, check_brand
from copilot_tools.wording.channel_checks import check_channel
from copilot_tools.wording.channels import ChannelField, channel
from copilot_tools.wording.claims.documents import scan_document
from copilot_tools.wording.claims.marks import Scanned, Sentence
from copilot_tools.wording.claims.scan import scan
from copilot_tools.wording.concepts import concepts
from copilot_tools.wording.markup import visible_text
from copilot_tools.wording.mechanisms import mechanism, mechanisms
from copilot_tools.wording.quantities import quantities
from copilot_tools.wording.text import sentences
from expcopilot.memory import style_guide
from expcopilot.memory.sources import SourceFact, SourceLibrary
from expcopilot.memory.workspace import Workspace
from expcopilot.records.copy import Brief, Evidence, Variant

__all__ = ["Distance", "Finding", "Standards", "apart", "scanned", "whole"]

Finding = tuple[str, Literal["error", "warning"], str]
"""(field, or "" for the whole; severity; one plain sentence)."""


class Distance(NamedTuple):
    """How far apart two texts are, 0..1; whether that is too near; and why, in words."""

    distance: float
    near: bool
    why: str


def whole(variant: Variant) -> str:
    """A variant's text as one: what is compared with other texts."""
    return " \n".join(field.text for field in variant.fields)


def apart(first: str, second: str, language: str) -> Distance:
    """How far apart two texts are.

    Raises:
        Refused: ``wording.too_long``: longer than texts that are compared.
    """
    try:
        found = distinctness.apart(first, second, language)
    except Refused as refused:
        if {r.code for r in refused.refusals} != {"wording.no_words"}:
            raise
        # Emoji or signs alone: nothing but their being the same can be said.
        same = first.split() == second.split()
        return Distance(0.0 if same else 1.0, same, "The same signs." if same else "One of them holds no word.")
    return Distance(found.distance, found.near, found.why)


_NO_STYLE = Style()


_MARKUP = re.compile(r"<[A-Za-z/!][^>]*>|&#?\w+;")
_TAG = re.compile(r"<!--|-->|<[A-Za-z/!][^>]*>|&#?\w+;")
"""Markup with no word in it that could be hidden: of a comment its ends alone."""


def scanned(text: str, language: str) -> Scanned:
    """A field's text after the scanner.

    Where it holds markup, both readings count: the words as they stand, and those a reader sees once it is drawn, so
    that no tag can part a word. Words that are not drawn (code, comments, drawings) are sentences of their own.

    Raises:
        Refused: There are no rules for the language.
    """
    plain = scan(text, language)
    if not _MARKUP.search(text):
        return plain
    drawn = scan_document(text, language, "html")
    claims = sorted({*plain.claims, *drawn.claims}, key=lambda c: (c.start, c.end, c.kind))
    read = sorted((*drawn.sentences, *_undrawn(text, language)), key=lambda s: (s.start, s.end))
    sentences = tuple(
        s.model_copy(update={"mark": "claim", "why": ""})
        if s.mark in {"plain", "puffery"} and any(s.start <= c.start < s.end for c in claims)
        else s
        for s in read
    )
    return Scanned(language=language, claims=tuple(claims), sentences=sentences)


def _undrawn(text: str, language: str) -> Iterator[Sentence]:
    """Sentences of the words between tags that a reader is not shown: no other sentence begins where one of them does.

    Their claims are found in the plain reading.
    """
    seen = visible_text(text, "html")
    # What is drawn, and markup, blotted out: places stay, and no sentence runs across them.
    hidden = list(text)
    for start, end in zip(seen.starts, seen.ends, strict=True):
        hidden[start:end] = "\0" * (end - start)
    for match in _TAG.finditer(text):
        hidden[match.start() : match.end()] = "\0" * (match.end() - match.start())
    for piece in re.finditer(r"[^\0\s](?:[^\0]*[^\0\s])?", "".join(hidden)):
        if any(letter.isalnum() for letter in piece.group()):
            for found in scan(piece.group(), language).sentences:
                places = {"start": piece.start() + found.start, "end": piece.start() + found.end}
                yield found.model_copy(update=places)


class UsableFact(NamedTuple):
    """A fact copy may state, as its writer is told it."""

    id: str
    text: str


@dataclass(frozen=True)
class Standards:
    """What copy of one workspace is held against, on one day. Make a new one to see changed sources.

    Attributes:
        library: The sources.
        style: The brand's style guide.
    """

    library: SourceLibrary
    style: Style = _NO_STYLE

    @classmethod
    def of(cls, workspace: Workspace, today: dt.date) -> Standards:
        """Those of a workspace.

        Raises:
            Refused: The folder of sources or the style guide cannot be read.
        """
        return cls(SourceLibrary(workspace.sources, today), style_guide.load(workspace.folder))

    @property
    def voice(self) -> str:
        """The style guide as a writer is told it: the voice, then the rules code will check."""
        style = self.style
        rules = [f"Say {wanted!r}, not {', '.join(map(repr, others))}." for wanted, others in style.say.items()]
        if style.avoid:
            rules.append(f"Never say: {', '.join(style.avoid)}.")
        for name, most in (("emoji", style.emoji), ("exclamation marks", style.exclamations)):
            if most is not None:
                rules.append(f"At most {most} {name} in a field.")
        if not style.capitals:
            rules.append("No words in capitals.")
        if style.person == "you":
            rules.append("Speak to the reader.")
        return "\n".join([style.voice, *rules]).strip()

    def findings(self, variant: Variant) -> tuple[Finding, ...]:
        """What speaks against a variant's text in its channel and for this brand; errors first in each field's order.

        Raises:
            Refused: The channel is unknown, or a text is longer than texts that are checked.
        """
        fields = {f.name: f.text for f in variant.fields}
        found = (
            *check_channel(variant.channel, fields, variant.language),
            *check_brand(self.style, fields, variant.language),
        )
        return tuple(dict.fromkeys((f.field, f.severity, f.sentence) for f in found))

    @cached_property
    def _facts(self) -> dict[str, SourceFact]:
        return {fact.id: fact for fact in self.library.facts()}

    def check(self, brief: Brief) -> None:
        """Whether a brief can be worked on at all.

        Raises:
            Refused: Its channel, a field of its control or one of its facts is unknown; every problem together.
        """
        place = channel(brief.channel)
        names = [f.name for f in place.fields]
        problems = [
            Refusal(
                code="channel.unknown_field",
                reason=f"{place.title} has no field {f.name[:80]!r}, which today's copy names.",
                cure=closest(f.name, names, listed="Its fields are", shown=str),
                name="control",
                value=f.name[:80],
            )
            for f in brief.control
            if f.name not in names
        ]
        problems += [
            Refusal(
                code="copy.no_fact",
                reason=f"No usable source holds the fact {fact[:80]!r}.",
                cure=closest(fact, list(self._facts), listed="The facts are") if self._facts else _NO_FACTS,
                name="facts",
                value=fact[:80],
            )
            for fact in brief.facts
            if fact not in self._facts
        ]
        refuse_if_any(problems)

    def fields(self, brief: Brief) -> tuple[ChannelField, ...]:
        """The fields a writer of this brief fills: the channel's usual ones.

        Raises:
            Refused: The channel is unknown.
        """
        return channel(brief.channel).usual

    def field_names(self, brief: Brief) -> tuple[str, ...]:
        """Every field the channel knows.

        Raises:
            Refused: The channel is unknown.
        """
        return tuple(f.name for f in channel(brief.channel).fields)

    def mechanisms(self, brief: Brief) -> tuple[str, ...]:
        """What variants try unless the brief says: first the channel's usual ones, then all others."""
        return _mechanisms(brief.channel)

    def facts(self, brief: Brief) -> tuple[UsableFact, ...]:
        """What may be stated: the facts the brief names, else all that usable sources hold."""
        wanted = brief.facts or tuple(self._facts)
        return tuple(UsableFact(name, self._facts[name].quotation) for name in wanted if name in self._facts)

    def evidence(self, text: str, span: tuple[int, int], source: str, quotation: str, language: str) -> Evidence | str:
        """Whether a quotation carries the claim at ``span`` of ``text``: the evidence, or why not."""
        sentence, place = _sentence(text, span)
        others = tuple((c.start, c.end) for c in scanned(sentence, language).claims)  # each needs its own evidence
        bound = self.library.bind(sentence, quotation, source, span=place, apart=others, language=language)
        return bound.evidence or bound.why

    def evidence_of_fact(self, text: str, span: tuple[int, int], fact: str, language: str) -> Evidence | str:
        """The same for a fact that the writer names, without a person who vouches that the two speak of one thing.

        Hence more is asked: a claim with numbers shares a content word with the fact beside them; a claim without has
        all of its content words in it.
        """
        known = self._facts.get(fact)
        if known is None:
            return f"No usable source holds the fact {fact!r} today."
        sentence, (start, end) = _sentence(text, span)
        claim = sentence[start:end]
        said = _subjects(known.quotation, language)
        counted = any(q.start < end and q.end > start for q in quantities(sentence, language))
        about = _subjects(sentence if counted else claim, language)
        if not about or not (about & said if counted else about <= said):
            return f"The fact {fact!r} does not speak of this in the claim's own words; a person may quote it for it."
        return self.evidence(text, span, known.source, known.quotation, language)


@lru_cache(maxsize=64)
def _mechanisms(name: str) -> tuple[str, ...]:
    usual = [mechanism(usual).title for usual in channel(name).mechanisms]
    return tuple(dict.fromkeys([*usual, *(m.title for m in mechanisms())]))


_NO_FACTS = "The source library holds no usable fact; see `expcopilot sources list`."


def _subjects(text: str, language: str) -> set[str]:
    """What a text speaks of: its content words, without numbers and signs."""
    return {c.name for c in concepts(text, language) if any(letter.isalpha() for letter in c.name)}


def _sentence(text: str, span: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    """The sentence a claim begins in, and where the claim stands in it."""
    for found in sentences(text):
        if found.start <= span[0] < found.end:
            end = max(found.end, span[1])
            return text[found.start : end], (span[0] - found.start, span[1] - found.start)
    return text, span
