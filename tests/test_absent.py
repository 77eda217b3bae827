"""Tests that need what is not there: skipped by hand, failed where it was promised."""

from __future__ import annotations

import pytest

from absent import absent


@pytest.mark.parametrize(
    ("ci", "promised", "outcome"),
    [
        ("true", True, pytest.fail.Exception),
        ("true", False, pytest.skip.Exception),
        ("", True, pytest.skip.Exception),
        ("false", True, pytest.skip.Exception),
    ],
)
def test_only_a_broken_promise_fails(
    monkeypatch: pytest.MonkeyPatch, ci: str, promised: bool, outcome: type[BaseException]
) -> None:
    """Under CI what was promised fails; everything else is skipped, with its reason."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no such folder"):
        absent("no such folder", promised=promised)
