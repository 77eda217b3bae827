"""What a quick look compares, and what may be typed instead of a file."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from expcopilot.flow.asked_look import Asked, opened
from expcopilot.flow.declared_data import counted_by_hand, typed_fields
from tests_plan import plan


def test_arms_that_are_said_are_not_read_from_the_data(tmp_path):
    """Whoever may not be told what stands in the data names the arms; for anybody else they come from it."""
    data = tmp_path / "three.csv"
    data.write_text("user,arm,spent\n" + "".join(f"{n},{'abc'[n % 3]},{n}\n" for n in range(30)), encoding="utf-8")
    asked = Asked(arm_column="arm", control="a", metric="spent", kind="mean", unit="user")
    assert opened(data, asked)[1].arm_names == ("a", "b", "c")
    assert opened(data, asked.model_copy(update={"named": ("a", "b")}))[1].arm_names == ("a", "b")
    with pytest.raises(Refused) as refused:
        opened(data, asked.model_copy(update={"named": ("b", "d")}))
    assert "c" not in str(refused.value).split()


@pytest.mark.parametrize(
    ("kind", "fields"), [("proportion", ("n", "successes")), ("mean", ("n", "mean", "sd")), ("ratio", ())]
)
def test_what_is_typed_for_an_arm_is_what_is_read(kind, fields):
    """A share is typed as successes, an amount as mean and deviation, a ratio not at all; each typed arm is read."""
    metric = plan().analysis.primary.model_copy(update={"kind": kind})
    spec = plan().analysis.model_copy(update={"metrics": (metric,)})
    assert typed_fields(spec) == fields
    assert typed_fields(spec.model_copy(update={"metrics": (metric, metric)})) == ()
    if fields:
        typed = dict(zip(fields, ("100", "10", "2"), strict=False))
        assert counted_by_hand([("control", typed), ("b", typed)], spec).arms(None) == ("control", "b")
