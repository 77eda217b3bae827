"""Refusals and parameter checks: one message shape, nothing lost."""

from __future__ import annotations

import math

import pytest

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused, refuse_if_any

A = Refusal(code="a", reason="A is wrong.", cure="Mend A.")
B = Refusal(code="b", reason="B is wrong.")


def test_a_refused_carries_every_problem_in_order():
    """All refusals travel together and all are in the message."""
    refused = Refused(A, B)
    assert refused.refusals == (A, B)
    assert str(refused) == "A is wrong. Mend A.; B is wrong."


def test_a_refused_without_a_reason_cannot_be_built():
    """There is no refusal that says nothing."""
    with pytest.raises(ValueError, match="at least one reason"):
        Refused()


def test_refuse_if_any_raises_all_or_returns():
    """No problem passes, any number of problems come together."""
    refuse_if_any(())
    with pytest.raises(Refused) as refused:
        refuse_if_any(r for r in (A, B))
    assert refused.value.refusals == (A, B)


def test_a_refusal_survives_json():
    """A refusal is data: it reads back equal from its own JSON."""
    assert Refusal.model_validate(A.to_json()) == A


def test_values_in_range_come_back():
    """A good value is returned, of the type the check promises."""
    assert checks.finite("x", 3) == 3.0
    assert isinstance(checks.finite("x", 3), float)
    assert checks.positive("x", 1e-300) == 1e-300
    assert checks.between("x", 0.5, 0, 1) == 0.5
    assert checks.count("n", 7.0) == 7
    assert isinstance(checks.count("n", 7.0), int)
    assert checks.count("n", 0) == 0
    assert checks.successes("x", 10, 10) == 10


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "3", None, True, [1]])
@pytest.mark.parametrize(
    "check",
    [
        lambda v: checks.finite("rate", v),
        lambda v: checks.positive("rate", v),
        lambda v: checks.between("rate", v, 0, 1),
        lambda v: checks.count("rate", v),
        lambda v: checks.successes("rate", v, 5),
    ],
)
def test_what_is_no_finite_number_is_refused_by_every_check(check, value):
    """NaN, infinity, text, nothing, a truth value, a list: each is refused with its name and itself."""
    with pytest.raises(Refused) as refused:
        check(value)
    (found,) = refused.value.refusals
    assert (found.code, found.name) == ("parameter.not_finite", "rate")
    assert repr(value) in found.reason


@pytest.mark.parametrize(
    ("check", "code", "bound"),
    [
        (lambda: checks.positive("rate", 0), "parameter.not_positive", "above 0"),
        (lambda: checks.positive("rate", -1), "parameter.not_positive", "above 0"),
        (lambda: checks.between("rate", 0, 0, 1), "parameter.out_of_range", "between 0 and 1"),
        (lambda: checks.between("rate", 1, 0, 1), "parameter.out_of_range", "between 0 and 1"),
        (lambda: checks.count("rate", 1.5), "parameter.not_a_count", "at least 0"),
        (lambda: checks.count("rate", -1), "parameter.not_a_count", "at least 0"),
        (lambda: checks.count("rate", 1, at_least=2), "parameter.not_a_count", "at least 2"),
        (lambda: checks.successes("rate", 6, 5), "parameter.successes_above_n", "5 units"),
    ],
)
def test_a_broken_bound_is_named(check, code, bound):
    """A value beyond its bound is refused with name, value and bound."""
    with pytest.raises(Refused) as refused:
        check()
    (found,) = refused.value.refusals
    assert (found.code, found.name) == (code, "rate")
    assert bound in found.reason
    assert found.reason.startswith("rate is ")
