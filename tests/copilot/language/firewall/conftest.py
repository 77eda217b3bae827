"""Makes the hostile corpus importable and turns its plain facts into records."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from expcopilot.records.fact import Fact

sys.path.append(str(Path(__file__).resolve().parents[4] / "evals"))


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Fact]]:
    """The shipped fact sheets as records, by experiment."""
    from hostile.sheets import sheets  # noqa: PLC0415 - found only after the line above

    return {s.name: {i: Fact(id=i, **fields) for i, fields in s.facts.items()} for s in sheets()}


@pytest.fixture(scope="session")
def rows() -> dict[str, str]:
    """The verdict row each sheet stands on."""
    from hostile.sheets import sheets  # noqa: PLC0415

    return {s.name: s.row for s in sheets()}
