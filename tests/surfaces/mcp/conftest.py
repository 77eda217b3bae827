"""What the tests of the MCP server share: workspaces, and sessions that stay open for many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mcp_types import ElicitRequestFormParams, ElicitResult

from assisting import APPROVE, Assistant, lab, stdio


class Person:
    """Who sits at the client: answers each form as they were told to, and approves where they were told nothing."""

    def __init__(self) -> None:
        self.next: list[Callable[[ElicitRequestFormParams], ElicitResult]] = []

    def __call__(self, form: ElicitRequestFormParams) -> ElicitResult:
        if self.next:
            return self.next.pop(0)(form)
        return ElicitResult(action="accept", content=dict(APPROVE))


@pytest.fixture(scope="session")
def person() -> Person:
    return Person()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """A workspace with an experiment to register and one that is blinded."""
    return lab(tmp_path_factory.mktemp("mcp") / "lab")


@pytest.fixture(scope="session")
def assistant(folder, person) -> Iterator[Assistant]:
    """One session with the real command over standard streams, in the newest protocol, for all tests here."""
    with Assistant(stdio(folder), person) as session:
        yield session
