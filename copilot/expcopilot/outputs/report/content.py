"""What a readout's page is made of: worded, typed content, before any layout.

Every renderer (HTML, Markdown, brief, terminal) lays out the same ``Page``, so they cannot say different things. All
text passes ``visible`` when it enters, so no renderer can forget it; escaping for its own format is each renderer's.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator

from copilot_tools.base import Frozen
from copilot_tools.results import Severity
from copilot_tools.wording.plain import visible

__all__ = [
    "ArmHeadline",
    "Attack",
    "Attacks",
    "Block",
    "Cell",
    "Code",
    "Column",
    "Facts",
    "Folded",
    "Headline",
    "Items",
    "Page",
    "Paragraph",
    "Picture",
    "Section",
    "Stamp",
    "Table",
    "Text",
    "Tone",
]

Text = Annotated[str, AfterValidator(visible)]


class Tone(enum.StrEnum):
    """The kind of a verdict: what it is coloured and marked by."""

    FOR = "for"
    RESERVED = "reserved"
    AGAINST = "against"
    HARM = "harm"
    OPEN = "open"
    WAITING = "waiting"
    INVALID = "invalid"

    @property
    def mark(self) -> str:
        """A sign that tells the kinds apart without colour."""
        return {"for": "✓", "reserved": "✓", "against": "=", "harm": "✕", "open": "?", "waiting": "…", "invalid": "!"}[
            self.value
        ]


class Paragraph(Frozen):
    """Running text; ``quiet`` for remarks, ``strong`` for what must not be missed."""

    kind: Literal["paragraph"] = "paragraph"
    text: Text
    weight: Literal["normal", "quiet", "strong"] = "normal"


class Items(Frozen):
    """A plain list."""

    kind: Literal["items"] = "items"
    items: tuple[Text, ...]


class Facts(Frozen):
    """Pairs of a name and what it stands for."""

    kind: Literal["facts"] = "facts"
    pairs: tuple[tuple[Text, Text], ...]


class Code(Frozen):
    """Commands to copy, one a line."""

    kind: Literal["code"] = "code"
    lines: tuple[Text, ...]


class Cell(Frozen):
    """A table's cell: the text, and a smaller second line."""

    text: Text
    note: Text = ""


class Column(Frozen):
    """A table's column; numbers stand to the right."""

    title: Text
    numeric: bool = False


class Table(Frozen):
    """A table whose first column names its rows."""

    kind: Literal["table"] = "table"
    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Picture(Frozen):
    """A drawing, with the words that replace it.

    Attributes:
        svg: The drawing, already escaped by the module that drew it.
        strip: The same as lines of text, for places without pictures; may be empty.
        title: What it is.
        description: What it shows, for those who cannot see it.
        caption: How to read it.
        shaded: What is shaded in the drawing; a strip of characters has no shades.
    """

    kind: Literal["picture"] = "picture"
    svg: str
    strip: tuple[str, ...] = ()
    title: Text
    description: Text
    caption: Text = ""
    shaded: Text = ""


class Attack(Frozen):
    """One objection, worded."""

    severity: Severity
    title: Text
    sentence: Text
    details: tuple[Text, ...] = ()


class Attacks(Frozen):
    """Objections, worst first."""

    kind: Literal["attacks"] = "attacks"
    attacks: tuple[Attack, ...]


class Folded(Frozen):
    """Content few need: folded away where that is possible, never left out."""

    kind: Literal["folded"] = "folded"
    title: Text
    blocks: tuple[Paragraph | Items | Facts | Table | Attacks | Code, ...]


Block = Paragraph | Items | Facts | Code | Table | Picture | Attacks | Folded


class Section(Frozen):
    """One section; ``mark`` sets apart what is no evidence."""

    id: str
    title: Text
    mark: Literal["", "exploratory", "void"] = ""
    blocks: tuple[Block, ...]


class Stamp(Frozen):
    """What holds for the whole reading."""

    label: Text
    sentence: Text


class ArmHeadline(Frozen):
    """One treatment arm on the first screen.

    Attributes:
        name: The arm.
        tone: Kind of its verdict.
        phrase: Its verdict.
        sentence: Why.
        effect: The number, or "".
        interval: Its interval, or "".
        practical: Sentences on what it would mean a month.
        caveats: What stands beside the verdict.
    """

    name: Text
    tone: Tone
    phrase: Text
    sentence: Text
    effect: Text = ""
    interval: Text = ""
    practical: tuple[Text, ...] = ()
    caveats: tuple[Text, ...] = ()


class Headline(Frozen):
    """The first screen.

    Attributes:
        question: What was asked.
        tone: Kind of the verdict.
        phrase: The verdict in a few words.
        sentences: Why: one sentence, or one an arm.
        stamps: What holds for the whole reading.
        metric: Name of the metric that decides, where a number is shown.
        yardstick: What would matter, in words, where a number is shown.
        arms: Per treatment arm; empty where no effect may be shown.
        prose: The finding in words, after the firewall; empty without a model.
        picture: Effects against what matters, where they may be shown.
    """

    question: Text
    tone: Tone
    phrase: Text
    sentences: tuple[Text, ...]
    stamps: tuple[Stamp, ...] = ()
    metric: Text = ""
    yardstick: Text = ""
    arms: tuple[ArmHeadline, ...] = ()
    prose: tuple[Text, ...] = ()
    picture: Picture | None = None


class Page(Frozen):
    """A readout, worded.

    Attributes:
        experiment: Its name.
        byline: Which look, when, by whom, for whom.
        headline: The first screen.
        sections: Everything else, in order.
        colophon: The last line: what holds the page together.
    """

    experiment: Text
    byline: Text
    headline: Headline
    sections: tuple[Section, ...]
    colophon: Text

    def words(self) -> Iterator[str]:
        """Every piece of text on the page (drawings aside), to look for terms in."""
        yield from _strings(self.model_dump(mode="json", exclude={"sections": {"__all__": {"id"}}}))


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key not in {"svg", "strip", "kind", "tone", "mark", "weight"}:
                yield from _strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from _strings(value)
