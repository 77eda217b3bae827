"""Names that do not exist, and the ones that may be meant."""

from __future__ import annotations

import pytest

from copilot_tools.nearest import bare, closest, nearest


@pytest.mark.parametrize(
    ("name", "among", "found"),
    [
        ("Bought", ["bougth", "bought "], ("bought ",)),
        ("user id", ["UserID", "user"], ("UserID",)),
        ("Ärm", ["ärm"], ("ärm",)),
        ("xyz", ["user", "arm"], ()),
        ("arm", [], ()),
    ],
)
def test_the_nearest_name_ignores_capitals_and_spaces(name: str, among: list[str], found: tuple[str, ...]) -> None:
    """The most alike name comes back as it is written; nothing like it, nothing."""
    assert nearest(name, among) == found


def test_several_and_none() -> None:
    """As many as asked for, best first; names that differ only in spelling are all told; else what there is."""
    assert nearest("day", ["Day", "day "], most=2) == ("Day", "day ")
    assert closest("views", ["view", "viewers"], most=2) == "Did you mean 'view' or 'viewers'?"
    assert closest("x", []) == "There are none."
    assert closest("x", [f"name {i}" for i in range(23)]).endswith("'name 19' and 3 more.")
    assert bare(" A b\tC") == "abc"
