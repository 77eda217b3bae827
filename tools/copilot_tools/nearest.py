"""Did you mean ...? The names nearest to one that does not exist, for a cure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

__all__ = ["bare", "closest", "nearest"]


def bare(name: str) -> str:
    """A name without spaces and capitals, the same for spellings people take for one."""
    return "".join(name.split()).casefold()


def nearest(name: str, among: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> tuple[str, ...]:
    """The names most like ``name``, best first; capitals and spaces do not count.

    Args:
        name: What was written.
        among: What there is.
        most: How many to bring back at most.
        cutoff: How alike they must be, from 0 (nothing) to 1 (the same).

    Example:
        >>> nearest("Bougth", ["user", "arm", "bought"])
        ('bought',)
        >>> nearest("country", ["user", "arm"])
        ()
    """
    there = list(among)
    folded: dict[str, list[str]] = {}
    for other in there:
        folded.setdefault(bare(other), []).append(other)
    near = difflib.get_close_matches(bare(name), folded, n=most, cutoff=cutoff)
    return tuple(other for key in near for other in folded[key])[:most]


def closest(
    name: str, among: Iterable[str], *, most: int = 1, listed: str = "There are:", shown: Callable[[str], str] = repr
) -> str:
    """A sentence that suggests the nearest names, or lists what there is (at most 20).

    Example:
        >>> closest("varaint", ["control", "variant"])
        "Did you mean 'variant'?"
        >>> closest("country", ["user", "arm"])
        "There are: 'user', 'arm'."
    """
    there = list(among)
    near = nearest(name, there, most=most)
    if near:
        return f"Did you mean {' or '.join(shown(other) for other in near)}?"
    if not there:
        return "There are none."
    beyond = f" and {len(there) - _LISTED:,} more" if len(there) > _LISTED else ""
    return f"{listed} {', '.join(shown(other) for other in there[:_LISTED])}{beyond}."


_LISTED = 20
