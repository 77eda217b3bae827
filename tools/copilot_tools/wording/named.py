"""Something found by the name or title people give it: capitals, blanks, hyphens and underscores do not count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refused

__all__ = ["Named", "named"]


class Named(Protocol):
    """What has a stable name and a title."""

    @property
    def name(self) -> str:
        """Its stable name."""

    @property
    def title(self) -> str:
        """As people call it."""


Found = TypeVar("Found", bound=Named)


def named(name: str, among: Iterable[Found], *, kind: str) -> Found:
    """The one of ``among`` that is called ``name``.

    Args:
        name: What was written.
        among: What there is.
        kind: What it is, in the singular: "channel".

    Raises:
        Refused: ``KIND.unknown``: there is none; the cure names the nearest, or lists them.
    """
    there = tuple(among)
    wanted = _bare(name)
    for known in there:
        if wanted in {_bare(known.name), _bare(known.title)}:
            return known
    raise Refused.because(
        f"{kind}.unknown",
        f"There is no {kind} {name[:80]!r}.",
        closest(name, [known.name for known in there], listed=f"The {kind}s are", shown=str),
        name=kind,
        value=name[:80],
    )


def _bare(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
