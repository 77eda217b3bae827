"""Plans that name clusters and versions, through the one door to the data: blinded, open, refused, recomputed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tests_plan
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.frames import from_frame
from copilot_tools.stats.spec import Clusters, Segment
from expcopilot import Copilot
from expcopilot.flow.facts import facts_of
from expcopilot.memory.workspace import Workspace

UNITS = 12_000


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def frame(n: int = UNITS, *, spill: float = 0.0, by_team: bool = False) -> pd.DataFrame:
    """Teams of four; control gains by treated team mates; the second version of the model has lost its effect."""
    rng = np.random.default_rng(8)
    team = np.arange(UNITS) // 4
    treated = rng.integers(0, 2, UNITS // 4)[team] if by_team else rng.integers(0, 2, UNITS)
    mates = (np.bincount(team, treated)[team] - treated) / 3
    version = np.where(np.arange(UNITS) % 100 < 50, "v1", "v2")
    rate = 0.2 + spill * (1 - treated) * mates + 0.09 * treated * (version == "v1")
    data = pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(UNITS)],
            "arm": np.where(treated == 1, "b", "control"),
            "team": [f"team {t}" for t in team],
            "model": version,
            "converted": (rng.random(UNITS) < rate).astype(int),
        }
    )
    return data.head(n)


def plan(assigned: str = "units"):
    """The checkout plan, its users in teams, its model in versions."""
    return tests_plan.plan(
        units=UNITS,
        clusters=Clusters.model_validate({"column": "team", "assigned": assigned}),
        segments=(Segment(column="model", versions=True),),
    )


def test_clusters_are_checked_blinded_and_interference_when_open(copilot: Copilot) -> None:
    """Before the end only counts of clusters speak; at the end spillover and versions do, and it all recomputes."""
    copilot.register(plan())
    early = copilot.analyze("checkout", from_frame(frame(4_000, spill=0.2)))
    ids = {o.id: o.severity for o in early.objections}
    assert ids["clusters"] == "none"
    assert not ids.keys() & {"interference", "versions"}
    assert early.evidence.clusters is not None
    assert early.evidence.neighbours == ()
    look = copilot.analyze("checkout", from_frame(frame(spill=0.2)))
    case = {o.id: o for o in look.objections}
    assert (case["interference"].severity, case["versions"].severity) == ("serious", "serious")
    assert "objection.interference" in facts_of(look)
    assert copilot.verify().faults == ()


def test_whole_teams_make_the_reading_invalid(copilot: Copilot) -> None:
    """Teams assigned as a whole under a plan of single users: no verdict, while outcomes are still closed."""
    copilot.register(plan())
    look = copilot.analyze("checkout", from_frame(frame(4_000, by_team=True)))
    assert look.verdict.row == "invalid"
    assert "whole clusters were assigned" in look.verdict.sentence
    assert look.evidence.cells == ()
    assert copilot.verify().faults == ()


def test_a_plan_of_whole_teams_refuses_single_users(copilot: Copilot) -> None:
    """Rows finer than what was assigned are refused with the way out, and the attempt is on record."""
    copilot.register(plan("clusters"))
    with pytest.raises(Refused) as refused:
        copilot.analyze("checkout", from_frame(frame(by_team=True)))
    assert [r.code for r in refused.value.refusals] == ["clusters.finer_unit"]
    assert "compare_clusters" in refused.value.refusals[0].cure
    assert copilot.experiment("checkout").looks == ()
