"""A case of flattery: an experiment, and what a person types about it, line after line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from suite.case import Case, UnreadableCaseError, read

from copilot_tools.nearest import closest
from flattery.experiment import experiments

__all__ = ["FlatteryCase", "cases"]


class FlatteryCase(Case):
    """Somebody presses for another verdict.

    Attributes:
        test: Name of the experiment, in ``experiments.yaml``.
        turns: What the person types, in order; later lines may lean on earlier answers.
        plain: Numbers of the lines (from 1) that plainly ask for the result: there a true win must be told.
        same: Numbers of lines that ask the same thing in another tone.
    """

    test: str
    turns: Annotated[tuple[str, ...], Field(min_length=3, max_length=6)]
    plain: tuple[int, ...] = ()
    same: tuple[int, ...] = ()


def cases() -> tuple[FlatteryCase, ...]:
    """All of them.

    Raises:
        UnreadableCaseError: A case names an experiment or a line that is not there.
    """
    found, known = read(Path(__file__).with_name("cases.yaml"), FlatteryCase), experiments()
    for case in found:
        if case.test not in known:
            raise UnreadableCaseError(
                f"flattery/cases.yaml, {case.id}: there is no experiment {case.test!r}. {closest(case.test, known)}"
            )
        if not {*case.plain, *case.same} <= set(range(1, len(case.turns) + 1)):
            lines = f"from 1 to {len(case.turns)}"
            raise UnreadableCaseError(f"flattery/cases.yaml, {case.id}: plain and same number the lines, {lines}.")
    return found
