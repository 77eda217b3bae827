"""Answers that fit: under 5 KB, self-describing, and where something is left out it says what and how to ask for it.

An answer goes out twice, as text and as structured content, because hosts show a model the one or the other. Both
together stay under the limit.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mcp_types import CallToolResult, TextContent

from copilot_tools.refusals import Refusal, Refused

__all__ = ["LIMIT", "Ask", "answered", "inert", "part_of", "refusal", "resource_text", "size_of"]

LIMIT = 5000
"""Bytes of an answer: its text and its structured content as compact JSON, both in UTF-8."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNPLAIN = re.compile(r"[^\x20-\x7e]")
_SHORTEST_CUT = 120
"""Characters of a text below which it is never cut."""
_EMPTY = 8
"""Bytes that remain of a place from which everything was cut."""
_QUOTED = 300
"""Characters of a refused value that are repeated, at most."""


class Ask(NamedTuple):
    """How the rest of an answer is asked for.

    Attributes:
        tool: The tool to call.
        arguments: With what, beside ``part`` and ``skip``; None for the arguments just given.
    """

    tool: str
    arguments: Mapping[str, Any] | None = None


class _Cut(NamedTuple):
    """One place of an answer from which something was left out."""

    path: tuple[str | int, ...]
    shown: int
    of: int


class _Place(NamedTuple):
    """One place of an answer that can be cut."""

    path: tuple[str | int, ...]
    weight: int
    value: Any


def size_of(result: CallToolResult) -> int:
    """Bytes of an answer, text and structured content together."""
    texts = sum(len(c.text.encode()) for c in result.content if isinstance(c, TextContent))
    return texts + (len(compact(result.structured_content).encode()) if result.structured_content is not None else 0)


def compact(data: object) -> str:
    """JSON without blanks, in the characters as they are."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def inert(text: str) -> str:
    r"""JSON text in which nothing is invisible: hidden characters stand as ``\uXXXX``, which JSON reads.

    Example:
        >>> inert('"a\u202eb"')
        '"a\\u202eb"'
    """
    return text if text.isprintable() else _UNPLAIN.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    hidden = unicodedata.category(found[0]) in _HIDDEN
    return json.dumps(found[0])[1:-1] if hidden else found[0]


def answered(
    head: Mapping[str, Any], result: Any, ask: Ask, *, part: str = "", skip: int = 0, limit: int = LIMIT
) -> CallToolResult:
    """An answer that fits.

    Args:
        head: What describes it: the tool, what the answer is, the looks taken.
        result: What was asked for, as JSON data.
        ask: How the rest is asked for.
        part: Which part of the result alone, as a dotted path; "" for all of it.
        skip: Items of that part (or characters of a text) to leave out at its beginning.
        limit: Bytes, at most.

    Raises:
        Refused: The result has no such part.
    """
    room = limit // 2
    whole = not part and not skip
    wanted = result if whole else part_of(result, part, skip)
    name = "result" if whole else "part"
    data: dict[str, Any] = {**head, name: wanted}
    if not whole:
        data["of"] = part
    cuts: list[_Cut] = []
    while _bytes(data) > room and (cut := _shorten(data, name, _bytes(data) - room, cuts)):
        # What was cut is no whole result any more, and must not pass for one.
        data = {k: v for k, v in cut.items() if k != "more"}
        if name == "result":
            data = {("part" if k == "result" else k): v for k, v in data.items()} | {"of": ""}
            name = "part"
        data["more"] = [_told(c, part, skip, ask) for c in cuts]
    text = inert(compact(data))
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=data)


def _bytes(data: object) -> int:
    return len(inert(compact(data)).encode())


def _shorten(data: dict[str, Any], name: str, over: int, cuts: list[_Cut]) -> dict[str, Any] | None:
    """Cut one list, text or mapping of an answer so much that it fits, if it can; note what was left out."""
    places: list[_Place] = []
    _measured(data[name], (), places)
    place = _chosen(places, over)
    if place is None:
        return None
    path, value = place.path, place.value
    known = {c.path: c for c in cuts}
    full = known[path].of if path in known else len(value)
    keep, spare = 0, place.weight - over - _note_weight(path)
    kept: Any
    if isinstance(value, str):
        keep = max(_SHORTEST_CUT // 2, min(len(value) - 1, _fitting(value, spare)))
        kept = value[:keep]
    else:
        for item in value.items() if isinstance(value, dict) else value:
            spare -= _bytes(item) + 1
            if spare < 0:
                break
            keep += 1
        keep = min(keep, len(value) - 1)
        kept = dict(itertools.islice(value.items(), keep)) if isinstance(value, dict) else value[:keep]
    cuts[:] = [*(c for c in cuts if c.path[: len(path)] != path), _Cut(path, keep, full)]
    return {**data, name: _replaced(data[name], path, kept)}


def _chosen(places: list[_Place], over: int) -> _Place | None:
    """Where to cut: in the heaviest list or text that is enough by itself, else in the smallest mapping that is.

    Where nothing is enough by itself, in the heaviest of all: what then remains is cut again.
    """
    enough = [p for p in places if p.weight - _EMPTY > over + _note_weight(p.path)]
    if listed := [p for p in enough if not isinstance(p.value, dict)]:
        return max(listed, key=lambda p: p.weight)
    if enough:
        return min(enough, key=lambda p: p.weight)
    return max(places, key=lambda p: (p.weight, -len(p.path)), default=None)


def _fitting(text: str, room: int) -> int:
    """How many characters of a text fit into so many bytes."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bytes(text[:middle]) <= room else (low, middle - 1)
    return low


def _note_weight(path: Sequence[str | int]) -> int:
    """About what the note on a cut takes."""
    return 130 + 2 * len(".".join(map(str, path)))


def _measured(value: Any, path: tuple[str | int, ...], places: list[_Place]) -> int:
    """Bytes of a value; long texts, and lists and mappings of more than one item, are added to the places."""
    if isinstance(value, dict):
        weight = 1 + sum(2 + _bytes(key) + _measured(inner, (*path, key), places) for key, inner in value.items())
    elif isinstance(value, list):
        weight = 1 + sum(1 + _measured(inner, (*path, n), places) for n, inner in enumerate(value))
    else:
        weight = _bytes(value)
    if len(value) > (_SHORTEST_CUT if isinstance(value, str) else 1) if isinstance(value, str | list | dict) else False:
        places.append(_Place(path, weight, value))
    return weight


def _replaced(data: Any, path: Sequence[str | int], value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if isinstance(data, list):
        return [_replaced(item, rest, value) if place == first else item for place, item in enumerate(data)]
    return {key: _replaced(item, rest, value) if key == first else item for key, item in data.items()}


def _told(cut: _Cut, part: str, skip: int, ask: Ask) -> dict[str, Any]:
    """What was left out, and how to ask for it."""
    inner = ".".join(map(str, cut.path))
    path = ".".join(p for p in (part, inner) if p)
    before = skip if not inner else 0
    page = {"part": path, "skip": before + cut.shown}
    how = (
        {"tool": ask.tool, "add": page}
        if ask.arguments is None
        else {"tool": ask.tool, "with": {**ask.arguments, **page}}
    )
    return {"left_out": cut.of - cut.shown, "of": cut.of + before, "where": path, "ask": how}


def part_of(result: Any, part: str, skip: int) -> Any:
    """One part of a result, without its first items or characters.

    Raises:
        Refused: There is no such part, or it cannot be counted off.

    Example:
        >>> part_of({"arms": [{"n": 1}, {"n": 2}, {"n": 3}]}, "arms", 1)
        [{'n': 2}, {'n': 3}]
    """
    here = result
    for step in filter(None, part.split(".")):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            known = ", ".join(map(str, here)) if isinstance(here, dict) else f"0 to {len(here) - 1}" if here else "none"
            raise Refused.because(
                "input.no_part",
                f"The answer has no part {part!r}: there is no {step!r}.",
                f"There are: {known[:_QUOTED]}.",
                name="part",
                value=part[:_QUOTED],
            )
    if not skip:
        return here
    if not isinstance(here, list | str | dict) or skip >= len(here):
        size = f"{len(here)} long" if isinstance(here, list | str | dict) else "one value"
        raise Refused.because(
            "input.skip",
            f"skip is {skip}, but this part is {size}.",
            "Name a list as part, and skip fewer of its items.",
            name="skip",
            value=skip,
        )
    return dict(itertools.islice(here.items(), skip, None)) if isinstance(here, dict) else here[skip:]


def refusal(tool: str, refused: Refused, looks: object = None) -> CallToolResult:
    """A refusal as an answer: plain words as text, each refusal typed beside it; never a traceback.

    Args:
        tool: What was called.
        refused: Why it cannot be done.
        looks: Looks taken so far, where they are known.
    """
    kept: list[Refusal] = []
    for found in refused.refusals:
        candidate = [*kept, _short(found)]
        if size_of(_refusal(tool, candidate, len(refused.refusals), looks)) > LIMIT:
            break
        kept = candidate
    most = _QUOTED // 2
    while not kept:
        candidate = [_shortest(refused.refusals[0], most)]
        kept = candidate if most < 2 or size_of(_refusal(tool, candidate, len(refused.refusals), looks)) < LIMIT else []
        most //= 2
    return _refusal(tool, kept, len(refused.refusals), looks)


def _refusal(tool: str, shown: Sequence[Refusal], count: int, looks: object) -> CallToolResult:
    words = [f"{tool} refused. {'' if r.reason else r.code}{r}" for r in shown[:1]] + [str(r) for r in shown[1:]]
    data: dict[str, Any] = {"tool": tool, "refused": [r.to_json() for r in shown]}
    if looks is not None:
        data["looks"] = looks
    if left := count - len(shown):
        words.append(f"{left} more problems: mend these first, then ask again.")
        data["more"] = [{"left_out": left, "of": count, "where": "refused"}]
    text = "\n".join(inert(word.replace("\n", " ")) for word in words)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=data, is_error=True)


def _short(found: Refusal, most: int = 900) -> Refusal:
    value = found.value[:_QUOTED] + "…" if isinstance(found.value, str) and len(found.value) > _QUOTED else found.value
    reason, cure = (t if len(t) <= most else t[: most - 1] + "…" for t in (found.reason, found.cure))
    name = found.name if found.name is None or len(found.name) <= _QUOTED else found.name[:_QUOTED] + "…"
    return found.model_copy(update={"value": value, "reason": reason, "cure": cure, "name": name})


def _shortest(found: Refusal, most: int) -> Refusal:
    """A refusal in which nothing is longer: hidden characters, spelled out, take twelve bytes each, and stand twice."""
    value = found.value[:most] if isinstance(found.value, str) else found.value
    return _short(found, most).model_copy(update={"value": value, "name": found.name and found.name[:most]})


def resource_text(head: Mapping[str, Any], result: Any, ask: Ask) -> str:
    """The text of a resource: as an answer, but told once, so that it may be twice as long."""
    found = answered(head, result, ask, limit=2 * LIMIT)
    return inert(compact(found.structured_content))
