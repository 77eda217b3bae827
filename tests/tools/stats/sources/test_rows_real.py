"""Real experiments, row by row: the figures others have published or counted on the same files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from copilot_tools.results import Slice
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, DataPolicy, Effect, Exposure, Metric

pytestmark = pytest.mark.real_data
POINT = Effect(size=0.01, scale="absolute")

COOKIES = AnalysisSpec(
    unit="userid",
    arm_column="version",
    arms=(Arm(name="gate_30"), Arm(name="gate_40")),
    control="gate_30",
    metrics=(
        Metric(name="7-day retention", role="primary", kind="proportion", column="retention_7"),
        Metric(name="rounds", kind="mean", column="sum_gamerounds", unit="rounds"),
    ),
    minimum_effect=POINT,
    after_assignment=("sum_gamerounds",),
)
HILLSTROM = AnalysisSpec(
    arm_column="segment",
    arms=tuple(Arm(name=a) for a in ("No E-Mail", "Mens E-Mail", "Womens E-Mail")),
    control="No E-Mail",
    metrics=(
        Metric(name="visit", role="primary", kind="proportion", column="visit"),
        Metric(name="conversion", kind="proportion", column="conversion"),
        Metric(name="spend", kind="mean", column="spend", covariate="history", unit="$"),
    ),
    minimum_effect=POINT,
)
LANDING = AnalysisSpec(
    unit="user_id",
    arm_column="group",
    arms=(Arm(name="control"), Arm(name="treatment")),
    control="control",
    metrics=(Metric(name="converted", role="primary", kind="proportion", column="converted"),),
    minimum_effect=POINT,
    time_column="timestamp",
    exposure=Exposure(column="landing_page", expected={"control": "old_page", "treatment": "new_page"}),
)


def test_cookie_cats(real_data: Path) -> None:
    """90,189 players, 19.02 against 18.20%, and the one of 49,854 rounds; its nameless first column does no harm."""
    source = open_file(real_data / "cookie_cats.csv")
    assert list(source.describe().columns)[:2] == ["(column 1)", "userid"]
    evidence = source.scan(COOKIES, metrics=COOKIES.metrics, cuts=("sum_gamerounds",))
    assert (evidence.units_of("gate_30"), evidence.units_of("gate_40")) == (44700, 45489)
    for arm, kept in (("gate_30", 8502), ("gate_40", 8279)):
        found = evidence.moments_of("7-day retention", arm)
        assert found is not None
        assert found.mean[0] * found.n == pytest.approx(kept, abs=1e-9)
    assert evidence.extremes[0].largest[0] == (49854.0,)
    assert evidence.extremes[1].largest[0] == (2640.0,)
    assert evidence.levels("sum_gamerounds") == ("5 or less", "6 to 16", "17 to 51", "52 or more")
    assert evidence.quality.duplicate_rows == {"gate_30": 0, "gate_40": 0}


def test_hillstrom(real_data: Path) -> None:
    """Three arms without a unit column: 18.28, 15.14 and 10.62% visit; $1.42, 1.08 and 0.65 spent."""
    evidence = open_file(real_data / "hillstrom.csv").scan(HILLSTROM, metrics=HILLSTROM.metrics, cuts=("channel",))
    for arm, visit, conversion, spend in (
        ("Mens E-Mail", 18.28, 1.25, 1.42),
        ("Womens E-Mail", 15.14, 0.88, 1.08),
        ("No E-Mail", 10.62, 0.57, 0.65),
    ):
        for metric, value, factor in (("visit", visit, 100), ("conversion", conversion, 100), ("spend", spend, 1)):
            found = evidence.moments_of(metric, arm)
            assert found is not None
            assert round(found.mean[0] * factor, 2) == value
    assert evidence.balance == ("history",)
    assert evidence.levels("channel") == ("Multichannel", "Phone", "Web")
    assert evidence.units_of("No E-Mail", Slice(dimension="channel", level="Web")) > 9000


def test_udacity_blocks_until_the_policy_speaks(real_data: Path) -> None:
    """791 rows contradict their arm and 71 users are in two arms, as found; nothing of the outcome is read."""
    evidence = open_file(real_data / "udacity_landing.csv.gz").scan(LANDING, metrics=LANDING.metrics)
    quality = evidence.quality
    assert quality.rows == 57828
    assert quality.contradictions == {"control": 385, "treatment": 406}
    assert quality.two_arms == 71
    assert sum((quality.duplicate_rows or {}).values()) + 71 == 148
    assert evidence.cells == ()
    assert [d.isoformat() for d in evidence.days or ()] == ["2017-01-02", "2017-01-24"]


def test_udacity_follows_the_policy(real_data: Path) -> None:
    """Both policies apply to the data as found, so neither hides the other; pandas agrees on what is left."""
    policy = DataPolicy(contradictions="drop", two_arms="drop", duplicates="first")
    plan = LANDING.model_copy(update={"policy": policy})
    evidence = open_file(real_data / "udacity_landing.csv.gz").scan(plan, metrics=plan.metrics)
    frame = pd.read_csv(real_data / "udacity_landing.csv.gz")
    crossed = frame.groupby("user_id").group.nunique().loc[lambda arms: arms > 1].index
    fitting = (frame.group == "treatment") == (frame.landing_page == "new_page")
    left = frame[fitting & ~frame.user_id.isin(crossed)].drop_duplicates("user_id")
    assert len(crossed) == 71
    assert evidence.quality.two_arms == 71
    assert evidence.total_units == len(left)
    assert evidence.quality.treatment[:2] == (
        "791 rows whose landing_page contradicts the arm were left out (385 in control, 406 in treatment).",
        "71 units found in more than one arm were left out with all rows.",
    )
    assert evidence.moments_of("converted", "control") is not None
