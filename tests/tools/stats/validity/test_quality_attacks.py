"""Duplicates, units in two arms and contradicting rows: what the policy says, and plain grammar."""

from __future__ import annotations

import pytest

from copilot_tools.stats.evidence import Evidence, Quality, SourceInfo, UnitCell
from copilot_tools.stats.spec import DataPolicy
from copilot_tools.stats.validity.contradictions import contradictions
from copilot_tools.stats.validity.duplicates import duplicates
from copilot_tools.stats.validity.two_arms import two_arms
from tools.stats.validity.planted import spec_of


def _evidence(**quality: object) -> Evidence:
    return Evidence(
        source=SourceInfo(kind="rows", name="made.csv", digest="0" * 64),
        units=tuple(UnitCell(arm=a, units=5000) for a in ("control", "variant b")),
        quality=Quality.model_validate({"rows": 10_000} | quality),
    )


def _spec(**policy: object):
    return spec_of(2, policy=DataPolicy.model_validate(policy))


def _by_arm(control: int, treatment: int) -> dict[str, int]:
    return {"control": control, "variant b": treatment}


@pytest.mark.parametrize(
    ("attack", "quality", "policy", "severity", "says"),
    [
        (two_arms, {"two_arms": 1}, {}, "blocking", "1 unit was found in more than one arm"),
        (two_arms, {"two_arms": 71}, {}, "blocking", "71 units were found in more than one arm (0.71% of all)"),
        (two_arms, {"two_arms": 71}, {"two_arms_tolerance": 0.01}, "note", "leaves them out"),
        (two_arms, {"two_arms": 101}, {"two_arms_tolerance": 0.01}, "blocking", "tolerates 1.00%"),
        (two_arms, {"two_arms": 71}, {"two_arms": "drop"}, "note", "71 units"),
        (two_arms, {"two_arms": 300}, {"two_arms": "drop"}, "serious", "3.00%"),
        (two_arms, {"two_arms": 0}, {}, "none", "0 of 10,000 units"),
        (duplicates, {"duplicate_rows": _by_arm(1, 0)}, {}, "blocking", "1 row repeats a unit"),
        (duplicates, {"duplicate_rows": _by_arm(3, 2)}, {}, "blocking", "5 rows repeat a unit"),
        (duplicates, {"duplicate_rows": _by_arm(3, 2)}, {"duplicates": "first"}, "note", "control 3, variant b 2"),
        (duplicates, {"duplicate_rows": _by_arm(400, 300)}, {"duplicates": "first"}, "serious", "events"),
        (duplicates, {"duplicate_rows": _by_arm(0, 0)}, {}, "none", "0 of 10,000 rows"),
        (contradictions, {"contradictions": _by_arm(0, 1)}, {}, "blocking", "1 row contradicts its arm"),
        (
            contradictions,
            {"contradictions": _by_arm(400, 391)},
            {},
            "blocking",
            "791 rows contradict their arm (control 400, variant b 391); say in the plan's policy",
        ),
        (contradictions, {"contradictions": _by_arm(40, 39)}, {"contradictions": "drop"}, "note", "79 rows"),
        (contradictions, {"contradictions": _by_arm(400, 391)}, {"contradictions": "drop"}, "serious", "7.9%"),
        (contradictions, {"contradictions": _by_arm(0, 0)}, {}, "none", "0 of 10,000 rows"),
    ],
)
def test_the_policy_decides_the_severity(attack, quality, policy, severity, says) -> None:
    """Each count is blocking while the policy refuses, a note once it says what to do, serious when there are many."""
    objection = attack(_spec(**policy), _evidence(**quality))
    assert objection.severity == severity
    assert says in objection.sentence
    assert objection.value is not None


@pytest.mark.parametrize("attack", [two_arms, duplicates, contradictions])
def test_unknown_is_not_assessable_and_has_no_number(attack) -> None:
    """Data that cannot show the fault is said to be unable to, never counted as clean."""
    objection = attack(_spec(), _evidence())
    assert (objection.severity, objection.value) == ("not assessable", None)
    assert objection.sentence.startswith("Not assessable with this data, because ")
