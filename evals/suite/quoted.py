"""Examples quoted in the reason of a score."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["some_of"]


def some_of(found: Iterable[str], *, most: int = 3, none: str = "nothing") -> str:
    """The first few in one line, and how many more there are.

    Args:
        found: What was found.
        most: How many are quoted.
        none: What is said where nothing was found.
    """
    listed = list(found)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more if listed else none
