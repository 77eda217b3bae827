"""Channels: where copy appears, which fields it has there, what each takes. Data: ``lexicon/channels.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest
from copilot_tools.refusals import Refused
from copilot_tools.wording.named import named

__all__ = ["CHANNELS", "Channel", "ChannelField", "Forbidden", "Unit", "channel", "channels"]

Unit = Literal["characters", "width", "segments", "bytes"]
"""What a bound counts: see ``lexicon/channels.toml``."""

Forbidden = Literal["emoji", "exclamation", "capitals"]
"""What a channel refuses outright in a field."""

_GSM_PART = 153
"""Characters of one of several segments of a text message, in the GSM alphabet."""


class ChannelField(Frozen):
    """One field of a channel.

    Attributes:
        name: Such as "subject"; of a numbered field "headline_1", "headline_2", ...
        required: Whether copy without it cannot be sent.
        usual: Whether a writer fills it unless told otherwise.
        note: What it is for.
        unit: What its bounds count.
        most: The most it takes; None where the channel sets no bound.
        advised: The most that is shown or read whole; None where nothing is known.
        forbids: What the channel refuses in it.
        source: Where the bounds come from.
        looked_up: When, as year and month.
    """

    name: str
    required: bool = False
    usual: bool = True
    note: str = ""
    unit: Unit = "characters"
    most: int | None = None
    advised: int | None = None
    forbids: tuple[Forbidden, ...] = ()
    source: str = ""
    looked_up: str = ""

    @property
    def max_characters(self) -> int | None:
        """What a writer is told to stay within, in plain Latin characters: the advised bound, else the most."""
        bound = self.advised or self.most
        return bound * _GSM_PART if bound is not None and self.unit == "segments" else bound


class Channel(Frozen):
    """One channel.

    Attributes:
        name: Such as "email".
        title: As people call it.
        fields: In the order they are read.
        mechanisms: Names of the mechanisms usually tried there, in order; see ``mechanisms``.
        screened: Fields in which phrases of unwanted mail are pointed out.
        most_bytes: The most all fields together may take as UTF-8; None for no bound.
        source: Where that comes from.
        looked_up: When, as year and month.
    """

    name: str
    title: str
    fields: tuple[ChannelField, ...]
    mechanisms: tuple[str, ...]
    screened: tuple[str, ...] = ()
    most_bytes: int | None = None
    source: str = ""
    looked_up: str = ""

    @property
    def usual(self) -> tuple[ChannelField, ...]:
        """The fields a writer fills."""
        return tuple(f for f in self.fields if f.usual)

    def field(self, name: str) -> ChannelField:
        """The field of this name.

        Raises:
            Refused: The channel has none; the cure names the nearest.
        """
        for known in self.fields:
            if known.name == name:
                return known
        raise Refused.because(
            "channel.unknown_field",
            f"{self.title} has no field {name[:80]!r}.",
            closest(name, [f.name for f in self.fields], listed="Its fields are", shown=str),
            name="field",
            value=name[:80],
        )


@cache
def channels() -> tuple[Channel, ...]:
    """All channels, in the file's order."""
    text = (files("copilot_tools.wording") / "lexicon" / "channels.toml").read_text(encoding="utf-8")
    found = []
    for name, entry in tomllib.loads(text).items():
        fields = tuple(field for written in entry.pop("fields") for field in _fields(written))
        found.append(Channel(name=name, fields=fields, **entry))
    return tuple(found)


def channel(name: str) -> Channel:
    """The channel called ``name``; capitals, blanks and hyphens do not count.

    Raises:
        Refused: There is none; the cure names the nearest.

    Example:
        >>> [f.name for f in channel("E-mail").fields]
        ['subject', 'preheader', 'body']
        >>> [f.name for f in channel("search ads").usual]
        ['headline_1', 'headline_2', 'headline_3', 'description_1', 'description_2']
    """
    return named(name, channels(), kind="channel")


def _fields(written: dict[str, Any]) -> tuple[ChannelField, ...]:
    numbered, needed = written.pop("numbered", 0), written.pop("at_least", 0)
    if not numbered:
        return (ChannelField(**written),)
    return tuple(
        ChannelField(**{**written, "name": f"{written['name']}_{n}", "required": n <= needed, "usual": n <= needed})
        for n in range(1, numbered + 1)
    )


CHANNELS: tuple[str, ...] = ("web", "email", "push", "sms", "search_ads", "in_app")
"""Names of the channels, in order; a test holds them to the data."""
