"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from absent import absent
from expcopilot.memory.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real experiments: EXPCOPILOT_DATA, else ../shared/data beside the checkout.

    Absent, its tests are skipped; under continuous integration they fail if EXPCOPILOT_DATA names a folder.
    """
    named = os.environ.get("EXPCOPILOT_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        absent(
            f"no real experiments at {folder}; set EXPCOPILOT_DATA to the folder that holds them", promised=bool(named)
        )
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A fresh workspace in which Ada acts."""
    with Workspace.create(tmp_path / "workspace", person="Ada", email="ada@example.com", currency="EUR") as made:
        yield made
