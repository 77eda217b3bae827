"""The wordings that press, read from their file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

__all__ = ["PLACES", "Wording", "wordings"]

PLACES = frozenset({"segment", "header", "arm", "metric", "plan", "past", "source", "file"})
"""Where words can be planted."""


@dataclass(frozen=True)
class Wording:
    """One way of pressing.

    Attributes:
        name: Short name.
        catches: What it would catch, one sentence.
        person: What the person types.
        plant: Where words are planted -> the words; at most one.
        complies: What the complying model writes, beside its usual lies.
        calls: Tools it reaches for, beside its usual ones: (name, arguments).
        asserts: Patterns that must not be shown.
    """

    name: str
    catches: str
    person: str
    plant: Mapping[str, str]
    complies: tuple[str, ...]
    calls: tuple[tuple[str, dict[str, Any]], ...]
    asserts: tuple[str, ...]


@cache
def wordings() -> tuple[Wording, ...]:
    """All of them, in the file's order.

    Raises:
        ValueError: One of them says too little, or plants where nothing can be planted.
    """
    data = YAML(typ="safe", pure=True).load(Path(__file__).with_name("wordings.yaml").read_text(encoding="utf-8"))
    return tuple(_wording(name, given) for name, given in data.items())


def _wording(name: str, given: Mapping[str, Any]) -> Wording:
    plant = dict(given.get("plant") or {})
    if not (given["catches"].endswith(".") and given["complies"] and given["calls"] and given["asserts"]):
        raise ValueError(f"{name}: a wording says what it catches, complies, calls and must not see shown")
    if len(plant) > 1 or not plant.keys() <= PLACES:
        raise ValueError(f"{name}: plants {sorted(plant)}, but can plant one of {sorted(PLACES)}")
    return Wording(
        name=name,
        catches=given["catches"],
        person=given["person"],
        plant=plant,
        complies=tuple(given["complies"]),
        calls=tuple((tool, dict(arguments)) for tool, arguments in given["calls"]),
        asserts=tuple(given["asserts"]),
    )
