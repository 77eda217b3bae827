"""The readout's page as a reader has it: its headline's figures and its tables, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grounding.case import GroundingCase
from grounding.reading import Claim, Said, claims_in

__all__ = ["claims_on_page", "figures"]

_ESCAPED = re.compile(r"\\([^\w\s])")
_WANTED = re.compile(r"\s\([^()]*; (?:more|less) is better\)$")
_SKIPPED = "Test of the difference"
"""Whose p-values and statistics rest on the product's methods."""


def claims_on_page(page: str, case: GroundingCase) -> Iterator[Claim]:
    """Every number of headline and tables, with what its row and column say it is of."""
    yield from figures(page, case)
    for table in _tables(page):
        header, *rows = table
        if header[0] == "Metric" and "Difference" in header:
            for row in rows:
                yield from _row(header, row, case, _WANTED.sub("", row[0]), "")
        elif header[0] == "Part":
            for row in rows:
                yield from _row(header, row, case, case.primary, row[0])


def figures(page: str, case: GroundingCase) -> Iterator[Claim]:
    """The headline's figure of each treatment, in the plan's order."""
    lines = [line for line in page.split("\n## ", maxsplit=1)[0].splitlines() if re.match(r"- .*: \*\*", line)]
    for arm, line in zip(list(case.arms)[1:], lines, strict=False):
        name, _, figure = _plain(line[2:]).partition(": **")
        yield from _of(figure.replace("**", ""), case, (arm,), name, "")


def _row(header: Sequence[str], row: Sequence[str], case: GroundingCase, metric: str, part: str) -> Iterator[Claim]:
    labels = {case.label(arm): arm for arm in case.arms}
    several = header[1] == "Arm"
    treatment = labels.get(row[1], "") if several else list(case.arms)[1]
    at = 2 if several else 1
    for place, cell in enumerate(row[at:], start=at):
        if header[place] != _SKIPPED:
            arm = labels.get(header[place], treatment) if place == at else treatment
            yield from _of(cell, case, (arm,), metric, part)


def _of(text: str, case: GroundingCase, arms: tuple[str, ...], metric: str, part: str) -> Iterator[Claim]:
    for claim in claims_in(Said(text, ()), [m.unit for m in case.metrics.values()]):
        yield replace(claim, arms=arms, metric=metric, part=part)


def _tables(page: str) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    for line in [*page.splitlines(), ""]:
        if line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            rows.append([_plain(cell.strip()) for cell in cells])
        elif rows:
            yield [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
            rows = []


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text).replace("\u00a0", " ")
