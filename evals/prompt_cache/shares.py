"""Which tokens of a request stand in a cacheable prefix: pure arithmetic on the bodies a server received.

A provider reads a request as tools, system, messages. Up to a block that carries ``cache_control`` it keeps what it has
read, if that is long enough; a later request that begins with the same blocks reads it from there. The blocks of the
later request are compared back from each of its marks, at most 20 of them
(https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Share", "role_of", "shares", "tokens"]

LOOKBACK = 20
_TITLE = "# Your role: the "


class Share(NamedTuple):
    """A role's input over a journey, in estimated tokens.

    Attributes:
        role: Whose; "all" for every role together.
        calls: Requests.
        stable: Tokens of the part that is the same for every request of the role: tools and system.
        read: All input tokens after the role's first call.
        cached: Those of them that stand in a prefix an earlier request of the role had marked.
    """

    role: str
    calls: int
    stable: int
    read: int
    cached: int

    @property
    def share(self) -> float | None:
        """Cached part of what was read after the first call; None with a single call."""
        return self.cached / self.read if self.read else None


def tokens(text: str) -> int:
    """Estimated tokens: four characters each."""
    return len(text) // 4


def role_of(body: Mapping[str, Any]) -> str:
    """The role a request asks, as its prompt names it."""
    system = "\n".join(part["text"] for part in body["system"])
    return system.partition(_TITLE)[2].partition("\n")[0]


def shares(bodies: Iterable[Mapping[str, Any]], minimum: int) -> tuple[Share, ...]:
    """The share of each role in order of appearance, then of all together.

    Args:
        bodies: Requests in the order they were received.
        minimum: Tokens below which the provider caches no prefix.
    """
    by_role: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for body in bodies:
        by_role[role_of(body)].append(body)
    found = [_share(role, asked, minimum) for role, asked in by_role.items()]
    total = Share("all", *(sum(part) for part in zip(*(share[1:] for share in found), strict=True)))
    return (*found, total)


def _share(role: str, bodies: Sequence[Mapping[str, Any]], minimum: int) -> Share:
    kept: set[str] = set()
    read = cached = 0
    for place, body in enumerate(bodies):
        prefixes, marks = _laid_out(body)
        if place:
            read += tokens(prefixes[-1])
            cached += _found(prefixes, marks, kept)
        kept.update(prefixes[mark] for mark in marks if tokens(prefixes[mark]) >= minimum)
    first = bodies[0]
    stable = tokens(_laid_out({**first, "messages": []})[0][-1])
    return Share(role, len(bodies), stable, read, cached)


def _found(prefixes: Sequence[str], marks: Sequence[int], kept: set[str]) -> int:
    looked_at = {place for mark in marks for place in range(max(mark - LOOKBACK + 1, 0), mark + 1)}
    return max((tokens(prefixes[place]) for place in looked_at if prefixes[place] in kept), default=0)


def _laid_out(body: Mapping[str, Any]) -> tuple[list[str], list[int]]:
    """What stands up to the end of each block, and which blocks carry a mark."""
    blocks = [*body.get("tools", ()), *body["system"]]
    # A block of a turn is another block in another turn.
    blocks += [{**block, "role": turn["role"]} for turn in body["messages"] for block in turn["content"]]
    prefixes, marks, before = [], [], ""
    for place, block in enumerate(blocks):
        before += _text(block) + "\n"
        prefixes.append(before)
        if "cache_control" in block:
            marks.append(place)
    return prefixes, marks


def _text(block: Mapping[str, Any]) -> str:
    """A block as read: its words, without the wrapping that a model never sees."""
    if block.get("type") == "text":
        return f"{block.get('role', '')}{block['text']}"
    return json.dumps({k: v for k, v in block.items() if k != "cache_control"}, sort_keys=True, ensure_ascii=False)
