"""Attempts to see a blinded outcome, or to move a verdict, through every door there is."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tests_plan
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.many import ManyColumns
from copilot_tools.stats.sources.rows.frames import from_frame
from copilot_tools.stats.spec import AnalysisSpec, Effect, Metric, Segment
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.quick import quick_spec
from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft
from expcopilot.records.plan import Plan
from tests_plan import CONVERSION, LATENCY

TODAY = tests_plan.today()


def guardrail(**change: object) -> Metric:
    return LATENCY.model_copy(update=change)


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def plan(name: str = "checkout", **change: object) -> Plan:
    return tests_plan.plan(name, **{"metrics": (CONVERSION, LATENCY), **change})


def frame(n: int = 20_000, *, lift: float = 0.05, slow: float = 0.0, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2 == 1
    return pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(n)],
            "arm": np.where(treated, "b", "control"),
            "converted": (rng.random(n) < 0.2 + lift * treated).astype(int),
            "latency": rng.normal(100, 20, n) + slow * treated,
            "session": [f"s{i}" for i in range(n)],
        }
    )


def quick(arm_column: str | None = "arm", metric: str = "converted", arms=("control", "b"), **change) -> AnalysisSpec:
    spec = quick_spec(
        arms=arms,
        control=arms[0],
        metric=Metric(name=metric, kind="proportion", column=metric),
        arm_column=arm_column,
    )
    return spec.model_copy(update=change)


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusals[0].code


class TestPeeking:
    def test_a_cut_by_the_outcome_while_blinded(self, copilot: Copilot) -> None:
        """Units by arm and level of the outcome are the outcome: no unplanned cut while outcomes are closed."""
        copilot.register(plan())
        with pytest.raises(Refused) as refused:
            copilot.analyze("checkout", from_frame(frame(5_000)), cuts=("converted",))
        assert code(refused) == "look.closed_cut"
        assert not copilot.experiment("checkout").looks
        assert len(copilot.experiment("checkout").refused) == 1

    def test_a_cut_by_the_outcome_while_a_policy_keeps_it_closed(self, copilot: Copilot) -> None:
        """Where units in two arms keep the outcome closed at the committed end, a cut does not open it."""
        copilot.register(plan(units=5_000))
        data = frame(5_000)
        data.loc[1, "user"] = "u0"
        with pytest.raises(Refused) as refused:
            copilot.analyze("checkout", from_frame(data), cuts=("converted",))
        assert code(refused) == "look.closed_cut"

    def test_strata_of_counts_by_the_outcome(self, copilot: Copilot, tmp_path: Path) -> None:
        """A file of counts brings its strata unasked; while blinded only planned ones are kept."""
        counts = tmp_path / "counts.csv"
        counts.write_text("arm,bought,n,successes\ncontrol,yes,111,111\ncontrol,no,889,0\nb,yes,222,222\nb,no,778,0\n")
        copilot.register(plan(unit=None, arm_column=None, metrics=(CONVERSION,)))
        look = copilot.analyze("checkout", open_data.counts(counts))
        assert look.kind == "blinded"
        assert {u.slice.dimension for u in look.evidence.units} == {""}
        text = json.dumps([e.model_dump(mode="json") for e in copilot.log()])
        assert '"units": 111' not in text
        assert '"units": 222' not in text
        assert copilot.verify().sound

    def test_empty_cells_that_mean_zero(self, copilot: Copilot) -> None:
        """Where an empty cell means "did not buy", empty cells by arm are the outcome."""
        copilot.register(plan(metrics=(CONVERSION.model_copy(update={"nulls": "zero"}),)))
        data = frame(5_000)
        data["converted"] = data["converted"].where(data["converted"] == 1)
        look = copilot.analyze("checkout", from_frame(data))
        assert look.evidence.quality.missing == ()
        empty = data[data.arm == "b"].converted.isna().sum()
        assert f"{empty:,}" not in json.dumps(look.to_json())
        assert str(empty) not in json.dumps([o.model_dump() for o in look.objections])
        assert copilot.verify().sound

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"segments": (Segment(column="converted"),)}, "plan.outcome_shown"),
            ({"covariates": ("converted",)}, "plan.open_question"),
            ({"activation": "converted"}, "plan.outcome_shown"),
            ({"metrics": (CONVERSION, guardrail(covariate="converted"))}, "plan.open_question"),
            ({"exposure": {"column": "converted", "expected": {"control": "0", "b": "1"}}}, "plan.outcome_shown"),
            ({"time_column": "latency"}, "plan.outcome_shown"),
            ({"clusters": {"column": "converted"}}, "plan.outcome_shown"),
        ],
    )
    def test_a_plan_that_shows_an_outcome_while_blinded(
        self, copilot: Copilot, change: dict[str, object], said: str
    ) -> None:
        """Columns counted by arm while outcomes are closed must hold none, and an outcome is never a covariate."""
        with pytest.raises(Refused) as refused:
            copilot.register(plan(**change))
        assert code(refused) == said
        copilot.register(plan())
        with pytest.raises(Refused):
            copilot.amend(plan(**change), reason="we want to see more")

    def test_a_guardrail_on_the_primary_metric(self, copilot: Copilot) -> None:
        """Its alarm would tell the sign of the effect at any time."""
        spy = guardrail(name="spy", kind="proportion", column="converted", margin=Effect(size=1e-9, scale="absolute"))
        with pytest.raises(Refused) as refused:
            copilot.register(plan(metrics=(CONVERSION, spy)))
        assert code(refused) == "plan.guardrail_is_primary"

    @pytest.mark.parametrize("blinded_first", [True, False])
    @pytest.mark.parametrize(
        "look",
        [
            pytest.param((quick(), {}), id="no unit named"),
            pytest.param((quick(unit="session"), {}), id="another unit"),
            pytest.param((quick(metric="copy", unit="session"), {}), id="another metric"),
            pytest.param((quick("converted", "is_b", ("0", "1"), unit="user"), {}), id="arms from the outcome"),
            pytest.param((quick("variant", unit="session"), {"arm": "variant"}), id="arm column renamed"),
        ],
    )
    def test_quick_looks_at_a_changed_copy(self, copilot: Copilot, look, blinded_first) -> None:
        """Other columns of the same data, in a file with other bytes, are refused; what cannot be told is stamped."""
        spec, renamed = look
        copilot.register(plan())
        if blinded_first:
            copilot.analyze("checkout", from_frame(frame(5_000)))
        copy = frame(5_000).assign(copy=lambda d: d.converted, is_b=lambda d: (d.arm == "b").astype(int))
        copy["converted"] = copy.converted.astype(str) if spec.arm_column == "converted" else copy.converted
        if renamed and not blinded_first:
            copilot.look(from_frame(copy.rename(columns=renamed)), spec.model_copy(update={"unit": "user"}))
            final = copilot.analyze("checkout", from_frame(frame()))
            assert [s.id for s in final.verdict.stamps] == ["unblinded"]
            assert "were seen early at look 1 of quick." in final.verdict.stamps[0].sentence
            assert final.verdict.phrase.endswith("opened early")
            assert copilot.verify().sound
            return
        with pytest.raises(Refused) as refused:
            copilot.look(from_frame(copy.rename(columns=renamed)), spec)
        assert code(refused) == "look.blinded"
        assert copilot.experiment("checkout").refused

    @pytest.mark.parametrize("blinded_first", [True, False])
    def test_counts_typed_by_hand(self, copilot: Copilot, blinded_first) -> None:
        """The four numbers of a blinded experiment of rows are its outcome, too."""
        copilot.register(plan())
        if blinded_first:
            copilot.analyze("checkout", from_frame(frame(5_000)))
        typed = open_data.typed_counts(["control=2500:500", "b=2500:612"])
        with pytest.raises(Refused) as refused:
            copilot.look(typed, quick(None))
        assert code(refused) == "look.blinded"
        if blinded_first:
            renamed = open_data.typed_counts(["x=2500:500", "y=2500:612"])
            with pytest.raises(Refused):
                copilot.look(renamed, quick(None, arms=("x", "y")))

    def test_many_experiments_in_one_file_with_a_blinded_one_among_them(self, copilot: Copilot, tmp_path: Path) -> None:
        """``look --by`` opens no blinded experiment, neither by its name, nor by its sizes, nor alone in a file."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(5_000)))
        columns = ManyColumns(by="test", arm="arm", n="n", successes="x")
        head, other = "test,arm,n,x\n", "old,control,900,90\nold,b,910,95\n"
        files = (
            f"{head}checkout,control,10,1\ncheckout,b,10,2\n{other}",
            f"{head}hidden,p,2500,500\nhidden,q,2500,610\n{other}",
            f"{head}only,control,700,70\nonly,b,701,75\n",
        )
        for text in files:
            (tmp_path / "many.csv").write_text(text)
            with pytest.raises(Refused) as refused:
                copilot.look_many(tmp_path / "many.csv", columns)
            assert code(refused) == "look.blinded"
        (tmp_path / "many.csv").write_text(f"{head}{other}older,control,900,90\nolder,b,910,95\n")
        assert copilot.look_many(tmp_path / "many.csv", columns).read == 2
        assert [e.kind for e in copilot.log("checkout")] == ["registered", "looked", *["refused"] * 3]

    def test_an_early_opening_opens_once(self, copilot: Copilot) -> None:
        """After an unblinding look the experiment is still blinded for every further, uncounted door."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(200)), unblind="a glance")
        with pytest.raises(Refused) as refused:
            copilot.look(from_frame(frame(5_000)), quick(unit="user"))
        assert code(refused) == "look.blinded"

    def test_a_twin_with_a_small_committed_size(self, copilot: Copilot) -> None:
        """The same test registered twice: read early under one name, it is stamped as opened early under the other."""
        copilot.register(plan("large"))
        copilot.register(plan("small", units=2_000))
        copilot.analyze("small", from_frame(frame(5_000)))
        final = copilot.analyze("large", from_frame(frame()))
        assert [s.id for s in final.verdict.stamps] == ["unblinded"]
        assert copilot.verify().sound


class TestMovingTheVerdict:
    def test_a_guardrail_dropped_after_its_alarm(self, copilot: Copilot) -> None:
        """An alarm is called from outcomes: whoever amends the plan after it amends after outcomes."""
        copilot.register(plan())
        assert copilot.analyze("checkout", from_frame(frame(8_000, slow=30))).verdict.row == "harm"
        copilot.amend(plan(metrics=(CONVERSION,)), reason="latency does not matter")
        look = copilot.analyze("checkout", from_frame(frame(slow=30)))
        assert "amended" in look.circumstances.post_hoc
        assert look.verdict.row == "harm"
        assert copilot.verify().sound

    def test_a_plan_amended_after_a_look_through_another_door(self, copilot: Copilot) -> None:
        """Outcomes of the same units seen in a quick look count as seen when the plan is amended after it."""
        copilot.register(plan())
        renamed = frame(5_000).rename(columns={"arm": "variant", "converted": "bought"})
        copilot.look(from_frame(renamed), quick("variant", "bought", unit="user"))
        copilot.amend(plan(minimum_effect=Effect(size=0.001, scale="absolute")), reason="an easier goal")
        look = copilot.analyze("checkout", from_frame(frame()))
        assert "after outcomes of the same units had been seen" in look.circumstances.post_hoc
        assert look.verdict.row == "exploratory"

    def test_going_on_after_the_end_until_it_wins(self, copilot: Copilot) -> None:
        """The end is read once: more units after outcomes were seen are an extension, a few late rows are none."""
        copilot.register(plan(units=2))
        assert copilot.analyze("checkout", from_frame(frame(8_000))).verdict.row == "supported"
        late = copilot.analyze("checkout", from_frame(frame(8_300)))
        assert late.circumstances.post_hoc == ""
        extended = copilot.analyze("checkout", from_frame(frame(20_000)))
        assert "The verdict of look 1 stands" in extended.circumstances.post_hoc
        assert extended.verdict.row == "exploratory"
        assert copilot.verify().sound

    def test_an_attestation_later_than_the_data(self, copilot: Copilot) -> None:
        """A decision attested for a day after the first unit in the data is post hoc; one still to come is refused."""
        with pytest.raises(Refused) as refused:
            copilot.register(plan(attested=TODAY + dt.timedelta(days=30)))
        assert code(refused) == "plan.attested_to_come"
        late = plan(attested=TODAY, time_column="day")
        copilot.register(late)
        look = copilot.analyze("checkout", from_frame(frame().assign(day="2020-01-01")))
        assert "after the first unit in the data on 2020-01-01" in look.circumstances.post_hoc
        assert look.verdict.row == "exploratory"

    def test_a_first_exposure_still_to_come_with_units_already_in(self, copilot: Copilot) -> None:
        """A plan that dates its first exposure ahead, with data already there, was not registered before it."""
        copilot.register(plan(start=TODAY + dt.timedelta(days=30)))
        look = copilot.analyze("checkout", from_frame(frame()))
        assert "although by the plan nobody is exposed before" in look.circumstances.post_hoc
        assert look.verdict.row == "exploratory"
        assert copilot.verify().sound

    def test_a_clock_set_back(self, workspace: Workspace) -> None:
        """Today is never earlier than the last entry, so a clock set back cannot make a registration timely."""
        ahead = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=40)
        with SqliteLedger.open(workspace.ledger_path, clock=lambda: ahead) as ledger:
            copilot = Copilot(workspace, ledger)
            copilot.register(plan("other", start=TODAY + dt.timedelta(days=400)))
        copilot = Copilot(workspace, workspace.ledger)
        copilot.register(plan(start=TODAY + dt.timedelta(days=20)))
        assert copilot.experiment("checkout").registration.record.post_hoc
        assert copilot.verify().sound

    def test_a_registration_that_says_it_came_in_time(self, copilot: Copilot) -> None:
        """``verify`` works out itself whether a plan came in time, and names an entry that says otherwise."""
        copilot.register(plan())
        entry = copilot.log()[0]
        payload = {**entry.payload, "post_hoc": ""}
        payload["plan"] = plan("late", start=TODAY - dt.timedelta(days=30)).to_json()
        payload["digest"] = plan("late", start=TODAY - dt.timedelta(days=30)).digest
        forged = {"experiment": "late", "kind": "registered", "actor": "Eve", "payload": payload, "key": "forged"}
        copilot.ledger.append(Draft.model_validate(forged))
        assert any("does not say truly" in fault for fault in copilot.verify().faults)


class TestRollback:
    def test_a_ledger_restored_to_before_a_look(self, copilot: Copilot, workspace: Workspace, tmp_path: Path) -> None:
        """A copy of the ledger put back in place of the later one is found by the heads printed on readouts."""
        copilot.register(plan())
        kept = tmp_path / "kept.sqlite"
        with sqlite3.connect(workspace.ledger_path) as live, sqlite3.connect(kept) as copy:
            live.backup(copy)
        look = copilot.analyze("checkout", from_frame(frame()))
        assert look.number == 1
        copilot.write_readout("checkout")
        head = copilot.readout("checkout")
        assert copilot.verify().sound
        copilot.workspace.close()
        for file in workspace.folder.glob("ledger.sqlite*"):
            file.unlink()
        kept.replace(workspace.ledger_path)
        again = Copilot.open(workspace.folder)
        assert any("noted outside the ledger" in fault for fault in again.verify().faults)
        for file in workspace.readouts.rglob("*.json"):
            file.unlink()
        assert again.verify().sound
        found = again.verify({head.ledger_position: head.ledger_head})
        assert any("is not in it any more" in fault for fault in found.faults)
        again.workspace.close()


def test_a_smaller_plan_written_after_a_blinded_look_is_post_hoc(copilot: Copilot) -> None:
    """A second plan on the same test, made to fit the units that had come in, never says "supported"."""
    units = from_frame(frame(4_000, lift=0.1))
    copilot.register(plan(units=20_000))
    assert copilot.analyze("checkout", units).kind == "blinded"
    copilot.register(plan("smaller", units=4_000))
    copilot.close("checkout", early=True, reason="The quarter is over")
    copilot.analyze("checkout", units)
    look = copilot.analyze("smaller", units)
    assert "already being read" in look.circumstances.post_hoc or "were seen" in look.circumstances.post_hoc
    assert not look.verdict.phrase.startswith("supported")
