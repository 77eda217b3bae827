"""Makes the hostile corpus importable and turns its plain facts into records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from expcopilot.records.fact import Fact

sys.path.append(str(Path(__file__).resolve().parents[4] / "evals"))


def all_sheets() -> list[Any]:
    """The sheets of both files."""
    from sheets.sheet import analyses, sheets  # noqa: PLC0415 - found only after the line above

    return [*sheets(Path(__file__).with_name("sheets.yaml")), *analyses()]


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Fact]]:
    """Fact sheets as records, by experiment: small ones typed here, and the analyses shipped with the evals."""
    return {s.name: {i: Fact(id=i, **fields) for i, fields in s.facts.items()} for s in all_sheets()}


@pytest.fixture(scope="session")
def rows() -> dict[str, str]:
    """The verdict row each sheet stands on."""
    return {s.name: s.row for s in all_sheets()}


@pytest.fixture(scope="session")
def plain() -> dict[str, dict[str, dict[str, Any]]]:
    """The facts of each sheet as plain data, for the scorer."""
    return {s.name: s.facts for s in all_sheets()}
