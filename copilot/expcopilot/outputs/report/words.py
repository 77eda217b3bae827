"""Counts and moments of time as people write them."""

from __future__ import annotations

import datetime as dt

__all__ = ["capital", "counted", "in_words", "listed", "ordinal", "times", "when"]

_CARDINALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def in_words(n: int) -> str:
    """2 -> "two", 40 -> "40"; 0 is "no"."""
    return _CARDINALS[n] if 0 <= n < len(_CARDINALS) else f"{n:,}"


def counted(n: int, thing: str, things: str | None = None) -> str:
    """(1, "look") -> "one look"; (3, "look") -> "three looks"."""
    return f"{in_words(n)} {thing if n == 1 else things or thing + 's'}"


def times(n: int) -> str:
    """1 -> "once", 2 -> "twice", 5 -> "five times"."""
    return {1: "once", 2: "twice"}.get(n, f"{in_words(n)} times")


def ordinal(n: int) -> str:
    """3 -> "third", 14 -> "number 14"."""
    return _ORDINALS[n] if 0 < n < len(_ORDINALS) else f"number {n}"


def listed(things: tuple[str, ...]) -> str:
    """("a", "b", "c") -> "a, b and c"."""
    return " and ".join(filter(None, (", ".join(things[:-1]), things[-1]))) if things else ""


def capital(text: str) -> str:
    """The text with its first letter in upper case. For phrases of ours: a name keeps its own case."""
    return text[:1].upper() + text[1:]


def when(stamp: str) -> str:
    """An ISO 8601 moment as "2024-05-01 09:30 UTC"; what is not one stands as it is."""
    try:
        moment = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
