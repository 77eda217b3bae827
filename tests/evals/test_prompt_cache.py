"""The share of cacheable input: counted by the rules of the provider's cache, and high on the real journey."""

from __future__ import annotations

from typing import Any

import pytest

from evals.evals_at_hand import prompt_cache_main, shares

LONG = "rules " * 1000
MARK = {"cache_control": {"type": "ephemeral"}}


def body(role: str, *, rules: str = LONG, said: tuple[str, ...] = ("hello",), marked: bool = True) -> dict[str, Any]:
    system = [{"type": "text", "text": f"{rules}# Your role: the {role}\n", **(MARK if marked else {})}]
    return {"system": system, "messages": [{"role": "user", "content": [{"type": "text", "text": s} for s in said]}]}


def share_of(*bodies: dict[str, Any], minimum: int = 1024):
    return shares.shares(bodies, minimum)


def test_what_was_marked_before_is_cacheable():
    """The second request of a role reads its marked prefix from the cache, and the rest at full price."""
    (role, total) = share_of(body("guide"), body("guide", said=("x" * 400,)))
    assert role.cached == len(LONG + "# Your role: the guide\n\n") // 4
    assert 95 <= role.read - role.cached <= 105
    assert total == role._replace(role="all")


@pytest.mark.parametrize(
    "second",
    [
        body("guide", rules=LONG.replace("rules", "Rules", 1)),
        body("skeptic"),
    ],
    ids=["changed at its beginning", "another role"],
)
def test_another_prefix_is_not_cacheable(second):
    """A prefix that differs anywhere, or was another role's, saves nothing."""
    assert share_of(body("guide"), second)[-1].cached == 0


def test_nothing_is_cached_without_a_mark_or_below_the_minimum():
    """What carries no mark, and what is too short, is read in full again."""
    assert share_of(body("guide", marked=False), body("guide"))[0].cached == 0
    assert share_of(body("guide"), body("guide"), minimum=2000)[0].cached == 0
    assert share_of(body("guide"))[0].share is None


@pytest.mark.parametrize(("added", "found"), [(18, True), (19, True), (20, False)])
def test_a_mark_looks_back_twenty_blocks(added, found):
    """A growing turn is found again from its new end, up to the provider's twenty blocks."""
    first = body("guide", marked=False)
    first["messages"][0]["content"][-1] |= MARK
    later = body("guide", marked=False, said=("hello", *("more",) * added))
    later["messages"][0]["content"][-1] |= MARK
    assert (share_of(first, later)[0].cached > 0) is found


def test_the_share_on_the_journey_is_high():
    """After its first call, each role reads at least four fifths from a prefix the provider may cache."""
    bodies = prompt_cache_main.journey()
    found = {share.role: share for share in share_of(*bodies)}
    assert {"hypothesis sharpener", "skeptic", "narrator", "guide", "all"} == set(found)
    assert {role: share.share for role, share in found.items() if (share.share or 0) < 0.8} == {}
    assert found["all"].calls == len(bodies)
    text = prompt_cache_main.page(bodies, "2026-01-01")
    assert f"| narrator | {found['narrator'].calls} | {found['narrator'].stable:,} |" in text
