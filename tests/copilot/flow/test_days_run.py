"""Days run: a day counts when it is over, whether the data or the calendar tells the days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import tests_plan
from copilot_tools.stats.sources.rows.frames import from_frame
from expcopilot import Copilot
from expcopilot.memory.workspace import Workspace
from tests_plan import today


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def frame(first: dt.date, days: int) -> pd.DataFrame:
    """2,000 users who entered on that many days."""
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "user": range(2_000),
            "arm": np.where(np.arange(2_000) % 2 == 0, "control", "b"),
            "converted": (rng.random(2_000) < 0.2).astype(int),
            "day": [(first + dt.timedelta(days=int(d))).isoformat() for d in np.arange(2_000) % days],
        }
    )


@pytest.mark.parametrize(("days", "ago", "run"), [(7, 6, 6), (7, 7, 7), (7, 9, 7), (1, 0, 0)])
def test_the_running_day_does_not_count(copilot: Copilot, days: int, ago: int, run: int) -> None:
    """Data of seven days, the last of which is today, has run six days; once the day is over it is seven, for good."""
    first = today() - dt.timedelta(days=ago)
    made = tests_plan.plan(start=first, attested=first - dt.timedelta(days=1), time_column="day", units=2_000)
    design = made.design.model_copy(update={"committed_units": None, "committed_days": 7})
    copilot.register(made.model_copy(update={"design": design}))
    look = copilot.analyze("checkout", from_frame(frame(first, days)))
    assert look.circumstances.days_run == run
    assert look.kind == ("outcome" if run >= 7 else "blinded")
    assert copilot.verify().faults == ()
