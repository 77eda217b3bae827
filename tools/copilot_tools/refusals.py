"""Refusals: "cannot answer, because ...", as a value inside a result and as the exception that carries it.

A refusal is an answer, never a traceback and never a neutral-looking number: it names what was given, the bound it
broke and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

from copilot_tools.base import Frozen

__all__ = ["Refusal", "Refused", "refuse_if_any"]

Value = str | int | float | bool | None


class Refusal(Frozen):
    """One thing that cannot be answered.

    Attributes:
        code: A stable, dotted name for scripts, such as ``data.column_missing``.
        reason: One plain sentence: what is wrong, naming the value and the bound.
        cure: One plain sentence: what to do next.
        name: The parameter, column or field the refusal is about.
        value: The offending value, as given.
    """

    code: str
    reason: str
    cure: str = ""
    name: str | None = None
    value: Value = None

    def __str__(self) -> str:
        return f"{self.reason} {self.cure}".strip()


class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not an error of the program
    """Raised where nothing can be answered; carries every problem found, not only the first."""

    def __init__(self, *refusals: Refusal) -> None:
        if not refusals:
            raise ValueError("a refusal needs at least one reason")
        super().__init__("; ".join(str(r) for r in refusals))
        self.refusals: tuple[Refusal, ...] = refusals

    @classmethod
    def because(
        cls, code: str, reason: str, cure: str = "", *, name: str | None = None, value: Value = None
    ) -> Refused:
        """Build the exception for a single problem."""
        return cls(Refusal(code=code, reason=reason, cure=cure, name=name, value=value))


def refuse_if_any(problems: Iterable[Refusal]) -> None:
    """Raise all ``problems`` together, or return when there is none."""
    found = tuple(problems)
    if found:
        raise Refused(*found)
