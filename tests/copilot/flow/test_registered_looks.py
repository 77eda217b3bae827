"""Registered looks through the one door to the data: due or not, used up or not, tampered with, recomputed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import tests_plan
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arms
from copilot_tools.stats.sources.rows.frames import from_frame
from copilot_tools.stats.spec import Arm, Effect, Looks, Metric
from copilot_tools.stats.verdict_table import Row
from expcopilot import Copilot
from expcopilot.flow.blinding import hides_outcomes
from expcopilot.flow.facts import facts_of
from expcopilot.flow.plain_answers import plain_answer
from expcopilot.flow.why import explain
from expcopilot.memory.workspace import Workspace
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from tests_plan import CONVERSION, LATENCY, today

THREE = Looks(shares=(0.25, 0.5))
ORDERS = Metric(name="orders", role="secondary", kind="mean", column="orders")


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def plan(looks: Looks | None = THREE, **change: object) -> Plan:
    return tests_plan.plan(**{"looks": looks, "metrics": (CONVERSION, ORDERS, LATENCY), **change})  # type: ignore[arg-type]


def frame(n: int, *, lift: float = 0.0, slow: float = 0.0, share: float = 0.5) -> pd.DataFrame:
    """The first n units; the data only grows: a smaller n gives the beginning of a larger one."""
    rng = np.random.default_rng(5)
    chance, arm_chance, latency = rng.random(20_000), rng.random(20_000), rng.normal(100, 20, 20_000)
    orders = rng.poisson(3, 20_000)
    even = np.arange(20_000) % 2 == 0
    control = even if share == 0.5 else arm_chance < share
    data = pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(20_000)],
            "arm": np.where(control, "control", "b"),
            "converted": (chance < 0.2 + lift * ~control).astype(int),
            "latency": latency + slow * ~control,
            "orders": orders,
        }
    )
    return data.head(n)


def counts(copilot: Copilot, *arms: str) -> Look:
    return copilot.analyze("checkout", CountsSource.of(parse_arms(arms)))


class TestDue:
    def test_a_look_goes_on_and_keeps_the_secondary_metrics_closed(self, copilot: Copilot) -> None:
        """At a registered look the primary and the guardrail are read over all units; nothing else leaves the door."""
        copilot.register(plan())
        data = frame(5_000)
        look = copilot.analyze("checkout", from_frame(data))
        assert (look.kind, look.verdict.row) == ("interim", Row.CONTINUE)
        assert {c.metric for c in look.evidence.cells} == {"conversion", "latency"}
        assert all(c.slice.whole for c in look.evidence.cells)
        assert [c.metric for c in look.reading.comparisons] == ["conversion"]
        assert (look.reading.cuts, look.reading.trajectory, look.practical) == ((), (), ())
        text = json.dumps([e.model_dump(mode="json") for e in copilot.log()])
        for value in data.groupby("arm").orders.mean():
            assert f"{value:.5f}"[:7] not in text
        assert copilot.verify().faults == ()

    def test_between_looks_and_beyond_the_last_it_stays_blinded(self, copilot: Copilot) -> None:
        """Looks that are not registered show nothing, however many are tried, and use up nothing."""
        copilot.register(plan())
        kinds = [copilot.analyze("checkout", from_frame(frame(n))).kind for n in range(4_000, 20_001, 1_000)]
        open_at = [n for n, kind in zip(range(4_000, 20_001, 1_000), kinds, strict=True) if kind != "blinded"]
        assert open_at == [5_000, 10_000, 20_000]
        assert copilot.experiment("checkout").looks[-1].record.circumstances.information == (0.25, 0.5, 1.0)
        assert copilot.verify().faults == ()

    def test_a_late_look_uses_up_what_it_passed(self, copilot: Copilot) -> None:
        """A first look at 60% is judged at 60%, and only the end is left."""
        copilot.register(plan())
        late = copilot.analyze("checkout", from_frame(frame(12_000)))
        assert late.circumstances.information == (0.6,)
        assert late.reading.registered is not None
        assert late.reading.registered.place == 2
        assert copilot.analyze("checkout", from_frame(frame(14_000))).kind == "blinded"

    def test_a_broken_split_opens_nothing_and_uses_no_look(self, copilot: Copilot) -> None:
        """While a blocking check fails the look is not taken; once mended it is."""
        copilot.register(plan())
        broken = copilot.analyze("checkout", from_frame(frame(5_000, share=0.4)))
        assert (broken.kind, broken.verdict.row) == ("blinded", Row.INVALID)
        assert broken.circumstances.information == ()
        assert broken.evidence.cells == ()
        assert copilot.verify().faults == ()

    def test_an_alarm_comes_before_the_look(self, copilot: Copilot) -> None:
        """A guardrail past its margin stops the test without opening anything."""
        copilot.register(plan())
        look = copilot.analyze("checkout", from_frame(frame(5_000, slow=30)))
        assert (look.kind, look.verdict.row) == ("blinded", Row.HARM)
        assert copilot.verify().faults == ()

    def test_altered_data_at_the_same_look_is_invalid(self, copilot: Copilot) -> None:
        """The same units with other outcomes, at a look taken already, are an alteration."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(5_000)))
        look = copilot.analyze("checkout", from_frame(frame(5_000, lift=0.04)))
        assert (look.kind, look.verdict.row) == ("interim", Row.INVALID)
        assert "altered" in look.verdict.sentence
        assert copilot.verify().faults == ()


class TestStop:
    def test_a_stop_opens_everything(self, copilot: Copilot) -> None:
        """A crossed boundary ends the test: secondaries at their fixed level, the whole case, facts of the stop."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(5_000, lift=0.04)))
        look = copilot.analyze("checkout", from_frame(frame(10_000, lift=0.04)))
        assert look.kind == "outcome"
        assert look.verdict.row is Row.SUPPORTED_SIZE_UNRESOLVED
        assert {c.metric for c in look.reading.comparisons} == {"conversion", "orders", "latency"}
        orders = next(c for c in look.reading.comparisons if c.metric == "orders")
        assert orders.critical_value == pytest.approx(1.96, abs=0.002)
        taken = next(o for o in look.objections if o.id == "looks")
        assert taken.severity == "none"
        assert "2 of 3 registered looks" in taken.sentence
        facts = facts_of(look)
        assert facts["looks.registered"].text == "2 of 3"
        plain, after = facts["primary.b.effect"].value, facts["primary.b.median_unbiased"].value
        assert plain is not None
        assert after is not None
        assert 0 < after < plain
        assert not hides_outcomes(copilot.experiment("checkout"), today())
        assert copilot.experiment("checkout").stage == "read"
        assert copilot.verify().faults == ()

    def test_one_arm_stops_a_test_of_three(self, copilot: Copilot) -> None:
        """Each of two treatment arms has half the error rate; when one crosses, the other keeps its own row."""
        arms = tuple(Arm(name=name) for name in ("control", "b", "c"))
        copilot.register(plan(arms=arms, metrics=(CONVERSION,)))
        look = counts(copilot, "control=3400:680", "b=3400:884", "c=3400:690")
        assert look.kind == "outcome"
        rows = {a.arm: a.row for a in look.verdict.arms}
        assert rows == {"b": Row.SUPPORTED, "c": Row.INCONCLUSIVE}
        assert look.reading.registered is not None
        assert look.reading.registered.alpha == 0.025
        assert [s.value is None for s in look.reading.stage_wise] == [False, True]

    def test_harm_on_the_primary_stops(self, copilot: Copilot) -> None:
        """A two-sided plan stops where the whole repeated interval lies on the harmful side."""
        copilot.register(plan(metrics=(CONVERSION,)))
        look = counts(copilot, "control=5000:1250", "b=5000:1000")
        assert (look.kind, look.verdict.row) == ("outcome", Row.REFUTED_HARMFUL)

    def test_what_matters_ruled_out_in_every_arm_stops(self, copilot: Copilot) -> None:
        """When the repeated interval excludes every effect that matters, going on would answer nothing."""
        copilot.register(plan(metrics=(CONVERSION,), minimum_effect=Effect(size=0.1, scale="absolute")))
        look = counts(copilot, "control=5000:1000", "b=5000:1001")
        assert (look.kind, look.verdict.row) == ("outcome", Row.REFUTED_NO_EFFECT)
        assert look.reading.stage_wise[0].refused is not None
        assert "what matters was ruled out" in look.verdict.stamps[-1].sentence

    def test_a_gain_ruled_out_goes_on(self, copilot: Copilot) -> None:
        """Where the gain is excluded and harm is not, going on still answers something."""
        copilot.register(plan(metrics=(CONVERSION,)))
        look = counts(copilot, "control=5000:1000", "b=5000:895")
        assert (look.kind, look.verdict.row) == ("interim", Row.CONTINUE)
        assert "but not a loss of the same size" in look.verdict.sentence

    def test_noninferiority_stops_when_shown(self, copilot: Copilot) -> None:
        """A non-inferiority plan stops at a look that excludes a worsening by the margin, and not before."""
        safe = CONVERSION.model_copy(update={"margin": Effect(size=0.03, scale="absolute")})
        copilot.register(plan(metrics=(safe,), goal="noninferiority"))
        first = counts(copilot, "control=2500:500", "b=2500:500")
        assert first.verdict.row is Row.CONTINUE
        second = counts(copilot, "control=5000:1000", "b=5000:1005")
        assert (second.kind, second.verdict.row) == ("outcome", Row.NOT_WORSE)
        assert second.reading.stage_wise[0].value == pytest.approx(0.001, abs=0.002)

    def test_one_sided_never_stops_for_harm(self, copilot: Copilot) -> None:
        """With one side only a gain stops."""
        copilot.register(plan(metrics=(CONVERSION,), sides=1))
        assert counts(copilot, "control=2500:700", "b=2500:500").verdict.row is Row.CONTINUE
        stop = counts(copilot, "control=5000:1000", "b=5000:1200")
        assert stop.kind == "outcome"
        assert stop.reading.stage_wise[0].interval is not None
        assert stop.reading.stage_wise[0].interval.to_json()["high"] == "inf"


class TestTampering:
    def test_looks_added_after_outcomes_were_seen_are_post_hoc(self, copilot: Copilot) -> None:
        """Whoever opens early and then registers looks has no registered looks."""
        copilot.register(plan(None))
        copilot.analyze("checkout", from_frame(frame(4_000, lift=0.05)), unblind="The board asked")
        copilot.amend(plan(), reason="look more often")
        look = copilot.analyze("checkout", from_frame(frame(10_000, lift=0.05)))
        assert "amended" in look.circumstances.post_hoc
        assert look.verdict.row is Row.EXPLORATORY
        assert copilot.verify().faults == ()

    def test_more_looks_after_a_look_are_post_hoc_and_before_any_are_not(self, copilot: Copilot) -> None:
        """A registered look shows an outcome, so a plan changed after it is changed after outcomes."""
        copilot.register(plan(None))
        copilot.amend(plan(), reason="before anybody looked")
        first = copilot.analyze("checkout", from_frame(frame(5_000)))
        assert first.circumstances.post_hoc == ""
        copilot.amend(plan(Looks(shares=(0.25, 0.3, 0.35, 0.5))), reason="more looks")
        assert copilot.analyze("checkout", from_frame(frame(6_000))).circumstances.post_hoc != ""

    def test_an_unblinding_look_is_no_registered_one(self, copilot: Copilot) -> None:
        """Opened early between looks, the reading is stamped, spends nothing, and the looks count as peeking."""
        copilot.register(plan())
        opened = copilot.analyze("checkout", from_frame(frame(7_000)), unblind="The board asked")
        assert (opened.kind, opened.verdict.row, opened.circumstances.information) == ("unblinding", Row.NOT_YET, ())
        copilot.analyze("checkout", from_frame(frame(10_000)))
        end = copilot.analyze("checkout", from_frame(frame(20_000)))
        taken = next(o for o in end.objections if o.id == "looks")
        assert taken.value is not None
        assert taken.value > 0.06
        assert copilot.verify().faults == ()

    def test_a_quick_look_stays_refused_while_the_test_goes_on(self, copilot: Copilot) -> None:
        """After a look that continues the outcomes are closed through every other door, cuts too."""
        copilot.register(plan())
        copilot.analyze("checkout", from_frame(frame(5_000)))
        quick = plan().analysis.model_copy(update={"looks": None})
        with pytest.raises(Refused, match="still blinded"):
            copilot.look(from_frame(frame(5_000)), quick)
        with pytest.raises(Refused, match="nothing is cut by"):
            copilot.analyze("checkout", from_frame(frame(10_000)), cuts=("orders",))
        assert hides_outcomes(copilot.experiment("checkout"), today())
        assert copilot.experiment("checkout").stage == "running"

    def test_closing_early_after_a_look_is_an_early_stop(self, copilot: Copilot) -> None:
        """A look that let the test go on is no end: closing needs --early, and nothing read then is supported."""
        copilot.register(plan())
        before = copilot.analyze("checkout", from_frame(frame(5_000, lift=0.03)))
        with pytest.raises(Refused):
            copilot.close("checkout")
        copilot.close("checkout", early=True, reason="The season is over")
        look = copilot.analyze("checkout", from_frame(frame(5_000, lift=0.03)))
        assert look.kind == "outcome"
        assert look.verdict.row in {Row.EXPLORATORY, Row.INCONCLUSIVE}
        assert look.reading.registered is not None
        assert before.reading.registered is not None
        assert look.reading.registered.boundary == before.reading.registered.boundary
        assert copilot.verify().faults == ()


class TestWords:
    def test_nothing_of_a_result_is_a_fact_while_the_test_goes_on(self, copilot: Copilot) -> None:
        """A model is told that the test continues, and no number by arm."""
        copilot.register(plan())
        facts = facts_of(copilot.analyze("checkout", from_frame(frame(5_000))))
        assert facts["verdict.phrase"].text == "continue"
        assert not [f for f in facts.values() if f.kind in {"effect", "interval", "level", "direction"} and f.arm]

    def test_why_not_stop_is_answered_with_the_next_look(self, copilot: Copilot) -> None:
        """The answer names the next registered look; why names the boundary and moves nothing."""
        copilot.register(plan())
        look = copilot.analyze("checkout", from_frame(frame(5_000)))
        told = " ".join(plain_answer(copilot.experiment("checkout"), "Why not stop now?"))
        assert "the next look is at 10,000 units" in told
        change = explain(look).arms[0].changes[0]
        assert "4.333 standard errors" in change

    def test_futility_is_advice(self, copilot: Copilot) -> None:
        """A nonbinding futility boundary speaks at a weak result and leaves the verdict to continue."""
        looks = Looks(shares=(0.5,), futility="nonbinding")
        copilot.register(plan(looks, metrics=(CONVERSION,), minimum_effect=Effect(size=0.005, scale="absolute")))
        look = counts(copilot, "control=5000:1000", "b=5000:1000")
        assert look.verdict.row is Row.CONTINUE
        assert [c.id for c in look.verdict.arms[0].caveats] == ["futility"]
        assert "advice" in look.verdict.sentence
