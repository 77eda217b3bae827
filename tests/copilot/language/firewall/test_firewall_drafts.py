"""Drafts written elsewhere: a sentence passes where a statement with slots reads exactly like it, and nowhere else."""

from __future__ import annotations

import pytest

from expcopilot.language.firewall.drafts import check_draft
from expcopilot.records.fact import Fact


def fact(id_: str, kind: str, text: str, arm: str | None = None, metric: str | None = "visits", **more) -> Fact:
    return Fact(id=id_, kind=kind, text=text, arm=arm, metric=metric, **more)


FACTS = {
    f.id: f
    for f in (
        fact("primary.metric", "name", "visits"),
        fact("arm.b", "name", "Big button", "b", None),
        fact("arm.c", "name", "a", "c", None),
        fact("primary.b.lift", "effect", "+4.3%", "b"),
        fact("primary.c.lift", "effect", "−1.0%", "c"),
        fact("verdict.phrase", "verdict", "inconclusive", None, None),
        fact("looks", "count", "2", None, None, unit="looks"),
        fact("segment.mobile", "name", "mobile", None, None, part="mobile", planned=False),
        fact("cut.mobile.b.effect", "effect", "+9.9%", "b", part="mobile", planned=False),
    )
}


def covered(draft: str, **more) -> list[bool]:
    return [s.covered for s in check_draft(draft, FACTS, **more)]


@pytest.mark.parametrize(
    "draft",
    [
        "On {primary.metric}, the estimate for {arm.b} is {primary.b.lift}.",
        "On visits, the estimate for Big button is +4.3%.",
        "On visits, the estimate for a is -1.0%.",
        "The verdict is inconclusive.",
        "The verdict is {verdict.phrase}.",
    ],
)
def test_facts_by_name_or_typed_out_are_covered(draft):
    """A sentence whose figures are facts passes, and comes back with the facts as code writes them."""
    (found,) = check_draft(draft, FACTS)
    assert found.covered, found.reasons
    assert found.facts
    assert "{" not in found.text


@pytest.mark.parametrize(
    "draft",
    [
        "On visits, the estimate for Big button is +14.3%.",
        "On visits, the estimate for Big button is +4.3.",
        "On visits, the estimate for Big button is +4.3%%.",
        "On visits, the estimate for Big button is -4.3%.",
        "On visits, the estimate for Big button is -1.0%.",
        "On visits, the estimate for Big button is +9.9%.",
        "Big button won with +4.3%.",
        "The verdict is supported.",
        "Visits rose.",
        "{nothing.at.all} is the case.",
        "a " * 400,
        "+4.3% " * 60,
    ],
)
def test_what_no_fact_says_is_not_covered(draft):
    """Another figure, another arm's, an unplanned cut, a judgement, an id there is not: each is kept back, with why."""
    assert not any(covered(draft))
    assert all(s.reasons for s in check_draft(draft, FACTS))


def test_an_unplanned_cut_passes_only_where_it_belongs():
    """What was not planned is covered as exploratory, and not as the finding."""
    draft = "For {segment.mobile} on {primary.metric}, the estimate for {arm.b} is +9.9%."
    assert covered(draft) == [False]
    assert covered(draft, section="exploratory") == [True]


def test_each_sentence_is_judged_by_itself():
    """One sentence that is not covered does not take the others with it."""
    assert covered("The verdict is inconclusive. It clearly won. The verdict is {verdict.phrase}.") == [
        True,
        False,
        True,
    ]
