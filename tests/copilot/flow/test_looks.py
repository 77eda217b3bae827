"""Looks: blinding, counting, standing. Real ledger, real files, real statistics."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tests_plan
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.frames import from_frame
from copilot_tools.stats.spec import DataPolicy, Effect, Metric
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.quick import quick_spec
from expcopilot.memory.workspace import Workspace
from expcopilot.records.plan import Attestation, Plan
from tests_plan import CONVERSION, LATENCY

TODAY = tests_plan.today()


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def plan(name: str = "checkout", *, attested: bool = False, **change: object) -> Plan:
    guarded = {"metrics": (CONVERSION, LATENCY), "after_assignment": ("pages",)}
    return tests_plan.plan(name, attested=TODAY if attested else None, **{**guarded, **change})


def frame(n: int = 20_000, *, lift: float = 0.05, slow: float = 0.0, seed: int = 1, start: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2 == 0, "control", "b")
    treated = arm == "b"
    return pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(start, start + n)],
            "arm": arm,
            "converted": (rng.random(n) < 0.2 + lift * treated).astype(int),
            "latency": rng.normal(100, 20, n) + slow * treated,
            "pages": rng.poisson(5, n),
        }
    )


def everything(copilot: Copilot) -> str:
    """All that anybody can read of the workspace, as text."""
    return json.dumps([e.model_dump(mode="json") for e in copilot.log()])


class TestBlinding:
    def test_below_the_committed_size_no_outcome_by_arm_leaves_the_door(self, copilot: Copilot) -> None:
        """The look holds counts and balance, no moments of an outcome, and says not yet."""
        copilot.register(plan())
        data = frame(5_000)
        look = copilot.analyze("checkout", from_frame(data))
        assert look.kind == "blinded"
        assert look.verdict.row == "not_yet"
        assert look.reading.comparisons == ()
        assert look.evidence.cells == ()
        assert look.evidence.extremes == ()
        rate = data.groupby("arm").converted.mean()
        text = everything(copilot)
        for value in rate:
            assert f"{value:.6f}" not in text
            assert repr(float(value)) not in text
        assert look.evidence.units_of("b") == 2_500

    def test_a_guardrail_alarm_stops_a_blinded_test_without_showing_a_number(self, copilot: Copilot) -> None:
        """Harm past the margin by an always-valid interval is called while blinded, as a flag only."""
        copilot.register(plan())
        look = copilot.analyze("checkout", from_frame(frame(8_000, slow=30)))
        assert look.verdict.row == "harm"
        assert [g.alarm for g in look.reading.guardrails] == [True]
        assert all(not hasattr(g.effect, "value") or g.effect.code == "blinded" for g in look.reading.guardrails)
        assert look.evidence.cells == ()
        assert copilot.verify().faults == ()

    def test_at_the_committed_size_the_outcome_opens(self, copilot: Copilot) -> None:
        """Twenty thousand units of twenty thousand: the verdict is read from the table."""
        copilot.register(plan())
        look = copilot.analyze("checkout", from_frame(frame()))
        assert look.kind == "outcome"
        assert look.verdict.row == "supported"
        assert look.practical[0].per_month == pytest.approx(5_000, rel=0.3)
        assert copilot.verify().sound

    def test_opening_early_is_counted_and_stamped_for_good(self, copilot: Copilot) -> None:
        """An unblinding look shows estimates, draws no conclusion, and marks every later reading."""
        copilot.register(plan())
        early = copilot.analyze("checkout", from_frame(frame(10_000)), unblind="the board asks")
        assert early.kind == "unblinding"
        assert early.verdict.row == "not_yet"
        assert "supported" not in early.verdict.phrase
        final = copilot.analyze("checkout", from_frame(frame()))
        assert final.verdict.phrase.endswith("opened early")
        assert [s.id for s in final.verdict.stamps] == ["unblinded"]
        assert final.circumstances.outcome_looks == (10_000, 20_000)
        looks = next(o for o in final.objections if o.id == "looks")
        assert looks.value is not None
        assert 0.05 < looks.value < 0.09
        assert copilot.verify().sound

    def test_a_quick_look_at_blinded_data_is_refused_and_recorded_with_the_experiment(self, copilot: Copilot) -> None:
        """Neither the same units nor the same layout get around the blinding; the attempt stays on record."""
        copilot.register(plan())
        quick = quick_spec(
            arms=("control", "b"),
            control="control",
            metric=Metric(name="conversion", kind="proportion", column="converted"),
            arm_column="arm",
        )
        with pytest.raises(Refused) as before_any_look:
            copilot.look(from_frame(frame(5_000)), quick)
        assert before_any_look.value.refusals[0].code == "look.blinded"
        copilot.analyze("checkout", from_frame(frame(5_000)))
        with_units = quick.model_copy(update={"unit": "user"})
        renamed = frame(5_000).rename(columns={"arm": "variant"})
        with pytest.raises(Refused) as other_layout:
            copilot.look(from_frame(renamed), with_units.model_copy(update={"arm_column": "variant"}))
        assert other_layout.value.refusals[0].code == "look.blinded"
        assert len(copilot.experiment("checkout").refused) == 2

    def test_other_data_in_the_same_layout_can_be_looked_at_once_the_units_are_known(self, copilot: Copilot) -> None:
        """After the blinded experiment's own look, a file with other people is no longer taken for it."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(5_000)))
        quick = quick_spec(
            arms=("control", "b"),
            control="control",
            metric=Metric(name="conversion", kind="proportion", column="converted"),
            arm_column="arm",
            unit="user",
        )
        look = copilot.look(from_frame(frame(4_000, start=1_000_000)), quick)
        assert look.kind == "quick"
        assert "supported" not in look.verdict.phrase

    def test_policy_still_to_be_chosen_keeps_outcomes_closed(self, copilot: Copilot) -> None:
        """With users in two arms and no policy for them, nobody sees an outcome before the policy is decided."""
        copilot.register(plan(units=19_000))
        data = frame()
        data.loc[1, "user"] = "u0"
        look = copilot.analyze("checkout", from_frame(data))
        assert look.verdict.row == "invalid"
        assert look.reading.comparisons == ()
        decided = plan(units=19_000, policy=DataPolicy(two_arms="drop"))
        copilot.amend(decided, reason="decided before outcomes were seen")
        again = copilot.analyze("checkout", from_frame(data), cuts=())
        assert again.circumstances.post_hoc == ""
        assert again.verdict.row == "supported"
        assert copilot.verify().sound


class TestStanding:
    def test_a_plan_registered_after_a_quick_look_is_post_hoc(self, copilot: Copilot) -> None:
        """Outcomes of the same units seen before registration: never supported."""
        quick = quick_spec(
            arms=("control", "b"),
            control="control",
            metric=Metric(name="conversion", kind="proportion", column="converted"),
            arm_column="arm",
            unit="user",
        )
        copilot.look(from_frame(frame()), quick)
        copilot.register(plan(attested=True))
        look = copilot.analyze("checkout", from_frame(frame()))
        assert "seen on" in look.circumstances.post_hoc
        assert look.verdict.row == "exploratory"
        assert "supported" not in look.verdict.phrase
        assert copilot.verify().sound

    def test_a_second_plan_on_the_same_units_is_post_hoc_and_named(self, copilot: Copilot) -> None:
        """The first plan's reading shows the outcomes; a plan registered after it cannot be confirmatory."""
        copilot.register(plan("first"))
        copilot.analyze("first", from_frame(frame()))
        copilot.register(plan("second"))
        look = copilot.analyze("second", from_frame(frame()))
        assert look.circumstances.post_hoc
        assert look.circumstances.shared_units == ("first was read on the same units (1 look with outcomes).",)
        assert look.verdict.row == "exploratory"

    def test_other_data_brought_later_does_not_undo_post_hoc(self, copilot: Copilot) -> None:
        """Once its units were known when the plan was written, the plan stays post hoc whatever it is shown next."""
        copilot.register(plan("first"))
        copilot.analyze("first", from_frame(frame()))
        copilot.register(plan("second"))
        copilot.analyze("second", from_frame(frame()))
        other = frame(12_000)
        other["user"] = [f"new {user}" for user in other["user"]]
        look = copilot.analyze("second", from_frame(other))
        assert look.circumstances.post_hoc
        assert look.verdict.row not in {"supported", "supported_size_unresolved"}
        assert copilot.verify().sound

    def test_two_plans_registered_at_once_do_not_unblind_each_other(self, copilot: Copilot) -> None:
        """A plan with a small committed size is no way to open the outcomes of a larger, blinded one."""
        copilot.register(plan("large"))
        copilot.register(plan("small", units=2_000))
        copilot.analyze("large", from_frame(frame(5_000)))
        with pytest.raises(Refused) as refused:
            copilot.analyze("small", from_frame(frame(5_000)))
        assert refused.value.refusals[0].code == "look.blinded"

    def test_registered_after_first_exposure_is_post_hoc_unless_attested(self, copilot: Copilot) -> None:
        """The plan's own dates decide; an attestation from before the first exposure counts, and is stamped."""
        late = plan("late")
        late = late.model_copy(
            update={"design": late.design.model_copy(update={"first_exposure": TODAY - dt.timedelta(days=30)})}
        )
        copilot.register(late)
        assert copilot.analyze("late", from_frame(frame())).verdict.row == "exploratory"
        before = Attestation(where="the wiki page", when=TODAY - dt.timedelta(days=40), by="Grace")
        copilot.register(late.model_copy(update={"experiment": "vouched", "attested": before}))
        look = copilot.analyze("vouched", from_frame(frame(start=500_000)))
        assert look.verdict.row == "supported"
        assert [s.id for s in look.verdict.stamps] == ["attested"]

    def test_an_amendment_after_outcomes_makes_the_reading_post_hoc(self, copilot: Copilot) -> None:
        """Changing what matters once the result is known is recorded, and disqualifies."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(lift=0.012)))
        easier = plan(minimum_effect=Effect(size=0.001, scale="absolute"))
        copilot.amend(easier, reason="one point was too ambitious")
        look = copilot.analyze("checkout", from_frame(frame(lift=0.012)))
        assert "amended" in look.circumstances.post_hoc
        assert look.verdict.row not in {"supported", "supported_size_unresolved"}

    def test_data_that_shrank_or_changed_is_invalid(self, copilot: Copilot) -> None:
        """Units that vanish, or the same units with other outcomes, are alteration, not data."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame()))
        shrunk = copilot.analyze("checkout", from_frame(frame().iloc[:-2_000]))
        assert shrunk.verdict.row == "invalid"
        better = frame()
        better.loc[better.arm == "b", "converted"] = 1
        changed = copilot.analyze("checkout", from_frame(better))
        assert changed.verdict.row == "invalid"
        assert "other values of conversion" in changed.verdict.sentence

    def test_closing_early_opens_the_outcome_and_never_supports(self, copilot: Copilot) -> None:
        """The estimate is shown with the reason for stopping."""
        copilot.register(plan())
        copilot.close("checkout", early=True, reason="the campaign ended")
        look = copilot.analyze("checkout", from_frame(frame(10_000)))
        assert look.reading.comparisons
        assert look.verdict.row == "exploratory"
        assert "the campaign ended" in look.verdict.stamps[0].sentence

    def test_unplanned_cuts_are_counted_and_a_cut_by_an_outcome_is_named(self, copilot: Copilot) -> None:
        """Cutting by pages read, measured after assignment, is a serious objection."""
        copilot.register(plan())
        look = copilot.analyze("checkout", from_frame(frame()), cuts=("pages",))
        assert look.cuts == ("pages",)
        assert look.circumstances.cuts_looked == 1
        objection = next(o for o in look.objections if o.id == "post-assignment")
        assert objection.severity == "serious"


class TestVerify:
    def test_a_file_changed_after_its_reading_is_named(self, copilot: Copilot, tmp_path: Path) -> None:
        """The bytes no longer have the recorded digest."""
        path = tmp_path / "data.csv"
        frame().to_csv(path, index=False)
        copilot.register(plan())
        copilot.analyze("checkout", open_data.rows(path))
        assert copilot.verify().sources == 1
        assert copilot.verify().sound
        frame(lift=0.2).to_csv(path, index=False)
        assert "has changed since it was read" in copilot.verify().faults[0]
        path.unlink()
        gone = copilot.verify()
        assert gone.sound
        assert "no longer where it was" in gone.notes[0]

    def test_a_readout_rebuilds_to_its_digest(self, copilot: Copilot) -> None:
        """What was handed out can be made again from the ledger, later looks or not."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame()))
        files = copilot.write_readout("checkout")
        assert all(f.exists() for f in files)
        copilot.analyze("checkout", from_frame(frame()))
        copilot.write_readout("checkout", look=1)
        found = copilot.verify()
        assert found.sound
        assert found.readouts == 2
        assert found.looks == 2


class TestAlarms:
    def test_an_alarm_once_raised_stays(self, copilot: Copilot) -> None:
        """A guardrail past its margin at one look stops the test for good, even if a later look recovers."""
        copilot.register(plan())
        assert copilot.analyze("checkout", from_frame(frame(8_000, slow=30))).verdict.row == "harm"
        recovered = frame(20_000)
        look = copilot.analyze("checkout", from_frame(recovered))
        assert look.verdict.row == "harm"
        assert "At look 1" in look.verdict.sentence
        assert copilot.verify().sound
