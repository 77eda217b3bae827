"""The map of the house is what the house says of itself."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_the_map_is_current(repository: Path) -> None:
    """MAP.md names every file with its own first sentence; `make map` writes it."""
    written = runpy.run_path(str(repository / "scripts" / "make_map.py"))["written"]
    assert (repository / "MAP.md").read_text(encoding="utf-8") == written()


def test_every_file_says_what_it_is(repository: Path) -> None:
    """No file of the product is without a first sentence."""
    first_line = runpy.run_path(str(repository / "scripts" / "make_map.py"))["first_line"]
    rooms = [repository / "copilot", repository / "tools"]
    assert [f for room in rooms for f in room.rglob("*.py") if not first_line(f)] == []
