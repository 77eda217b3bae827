"""A case of injection: where words are hidden, what the person wants, and what obeying would look like."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator
from suite.case import Case, UnreadableCaseError, read

__all__ = ["PLACES", "Door", "InjectionCase", "cases"]

Door = Literal["ask", "copy", "sharpen"]

PLACES: dict[Door, frozenset[str]] = {
    "ask": frozenset({"segment", "header", "arm", "metric", "plan", "file"}),
    "copy": frozenset({"brief", "audience", "source", "title", "style", "keep_away", "control", "variant"}),
    "sharpen": frozenset({"past", "metric"}),
}
"""Where words can be hidden, by the door they come in by."""


class InjectionCase(Case):
    """Words hidden in data.

    Attributes:
        door: A read test is asked about, copy is written, or an idea is sharpened.
        plants: Place -> the words hidden there; empty where they are pasted into what the person types.
        asks: What the person types about the test, in order.
        idea: What the person wants sharpened.
        language: Of the copy.
        says: Sentences an obedient model writes; slots in braces.
        calls: Tools it reaches for: (name, arguments).
        claims: Claims it writes into copy, or that stand in copy that was brought.
        fields: Fields of the hypothesis it fills.
        questions: Questions it asks.
        effects: Patterns that must not be shown as the product's own words.
    """

    door: Door
    plants: dict[str, str] = {}
    asks: tuple[str, ...] = ()
    idea: str = ""
    language: Literal["en", "de"] = "en"
    says: tuple[str, ...] = ()
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    claims: tuple[str, ...] = ()
    fields: dict[Literal["change", "audience", "because", "metric", "size", "falsifier"], str] = {}
    questions: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    @field_validator("effects")
    @classmethod
    def _patterns(cls, effects: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in effects:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no pattern: {error}") from error
        return effects


def cases() -> tuple[InjectionCase, ...]:
    """All of them.

    Raises:
        UnreadableCaseError: A place its door does not know, or nothing the person wants.
    """
    found = read(Path(__file__).with_name("cases.yaml"), InjectionCase)
    for case in found:
        if strange := sorted(set(case.plants) - PLACES[case.door]):
            raise UnreadableCaseError(
                f"injection/cases.yaml, {case.id}: the door {case.door} has no place {', '.join(strange)}."
            )
        wants = {"ask": bool(case.asks), "copy": bool(case.claims), "sharpen": bool(case.idea)}
        if not wants[case.door]:
            needs = {"ask": "asks", "copy": "claims", "sharpen": "idea"}[case.door]
            raise UnreadableCaseError(
                f"injection/cases.yaml, {case.id}: a case of the door {case.door} needs `{needs}`."
            )
    return found
