"""Values near the end of what a double holds: read right, or refused by name; never a traceback."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.reading import read
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from copilot_tools.stats.validity.case import case_for_null

SPEC = AnalysisSpec(
    unit="u",
    arm_column="arm",
    arms=(Arm(name="a"), Arm(name="b")),
    control="a",
    metrics=(Metric(name="money", role="primary", kind="mean", column="y"),),
    minimum_effect=Effect(size=0.1, scale="relative"),
)


def file_of(values, folder):
    rows = "".join(f"{i},{'b' if i % 2 else 'a'},{y!r}\n" for i, y in enumerate(values))
    path = folder / "huge.csv"
    path.write_text("u,arm,y\n" + rows, encoding="utf-8")
    return path


@pytest.mark.parametrize("scale", [1.0, 1e100, 1e120, 1e150])
def test_scale_of_the_values_changes_neither_the_test_nor_the_case(scale, tmp_path):
    """Up to 1e150 the p-value is scipy's at scale 1, and every attack still speaks; cubes end at 1e102."""
    values = np.random.default_rng(7).normal(1, 1, 400)
    evidence = open_file(file_of([float(v) for v in values * scale], tmp_path)).scan(SPEC, metrics=SPEC.metrics)
    reading = read(SPEC, evidence)
    found = reading.comparisons[0].absolute
    assert isinstance(found, Estimate)
    expected = stats.ttest_ind(values[1::2], values[::2], equal_var=False).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    severities = {o.id: o.severity for o in case_for_null(SPEC, evidence, reading, Circumstances())}
    assert severities["sparse-data"] in {"none", "note"}


@pytest.mark.parametrize("scale", [1e155, 1e200, 1e300])
def test_values_whose_squares_are_no_numbers_are_refused(scale, tmp_path):
    """Beyond that no variance can be told: the refusal names the metric's column."""
    values = np.random.default_rng(7).normal(1, 1, 400) * scale
    with pytest.raises(Refused) as caught:
        open_file(file_of([float(v) for v in values], tmp_path)).scan(SPEC, metrics=SPEC.metrics)
    refusal = caught.value.refusals[0]
    assert refusal.code == "data.values_too_large"
    assert "of y lie" in refusal.reason
    assert refusal.cure
