"""Many experiments read at once, against tests read one by one, simulation, and the Upworthy archive."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.omnibus import equal_proportions
from copilot_tools.stats.many_tests import ManyTests, read_tests
from copilot_tools.stats.sources.many import Group, ManyArms, ManyColumns, parse_group, read_many


def held(tests: list[list[tuple[int, int]]], **more) -> ManyArms:
    """Arms in memory from (n, successes) by experiment."""
    fields = {
        "name": "simulated",
        "digest": "0",
        "tests": tuple(f"t{i}" for i in range(len(tests))),
        "test": np.repeat(np.arange(len(tests)), [len(t) for t in tests]),
        "arm": tuple(chr(97 + k) for t in tests for k in range(len(t))),
        "n": np.array([n for t in tests for n, _ in t], dtype=float),
        "successes": np.array([x for t in tests for _, x in t], dtype=float),
        "position": np.full(len(tests), -1.0),
        "problems": {},
        "rows_without_test": 0,
    }
    return ManyArms(**(fields | more))


def drawn(seed: int, tests: int, arms: tuple[int, int] = (2, 6)) -> list[list[tuple[int, int]]]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(tests):
        rates = random.uniform(0.02, 0.08) * (1 + random.normal(0, 0.2, random.integers(*arms, endpoint=True)))
        sizes = random.integers(1_500, 4_000, rates.size)
        found.append(
            [(int(n), int(random.binomial(n, min(max(r, 0.001), 1)))) for n, r in zip(sizes, rates, strict=True)]
        )
    return found


def test_every_experiment_agrees_with_reading_it_alone():
    """400 random experiments of 2 to 6 arms: sample ratio, omnibus, best arm and win agree with scipy, statsmodels."""
    tests = drawn(8, 400)
    many = read_tests(held(tests))
    for row, arms in zip(many.tests, tests, strict=True):
        sizes, hits = [n for n, _ in arms], [x for _, x in arms]
        rates = [x / n for n, x in arms]
        best = int(np.argmax(rates))
        assert row.sample_ratio_p == pytest.approx(chisquare(sizes).pvalue, rel=1e-9)
        omnibus = equal_proportions(hits, sizes).p_value
        assert row.omnibus_p == pytest.approx(omnibus, rel=1e-9)
        assert row.best == chr(97 + best)
        assert row.best_rate == rates[best]
        assert row.next_rate == sorted(rates)[-2]
        against = [
            proportions_ztest([hits[best], hits[k]], [sizes[best], sizes[k]])[1] for k in range(len(arms)) if k != best
        ]
        assert row.win_p == pytest.approx(max([omnibus, *against]), rel=1e-8)
        assert row.units == sum(sizes)
    p = [row.win_p for row in many.tests]
    assert [row.win_p_bh for row in many.tests] == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert [row.win_p_holm for row in many.tests] == pytest.approx(multipletests(p, method="holm")[1])
    for count, method in (
        (many.wins.benjamini_hochberg, "fdr_bh"),
        (many.wins.holm, "holm"),
        (many.wins.bonferroni, "bonferroni"),
    ):
        assert count == int((multipletests(p, method=method)[1] <= 0.05).sum())
    assert many.wins.uncorrected == sum(v <= 0.05 for v in p) == sum(row.wins is True for row in many.tests)
    assert many.wins.bonferroni <= many.wins.holm <= many.wins.benjamini_hochberg < many.wins.uncorrected
    assert (many.found, many.read, many.refused, many.arms) == (400, 400, 0, sum(len(t) for t in tests))
    assert many.false_wins_at_most == 20


def test_a_tie_at_the_top_is_no_win():
    """Two arms that share the highest proportion, even 100%, do not beat each other; the third arm does not matter."""
    many = read_tests(held([[(1000, 90), (1000, 90), (1000, 10)], [(50, 50), (50, 50), (50, 1)]]))
    assert [row.win_p for row in many.tests] == [1.0, 1.0]
    assert all(row.omnibus_p < 1e-9 for row in many.tests)
    assert many.wins.uncorrected == 0


def test_a_win_takes_every_other_arm():
    """The largest pairwise p-value decides: beating one of two others is not enough."""
    clear, half = read_tests(
        held([[(5000, 400), (5000, 300), (5000, 290)], [(5000, 400), (5000, 395), (5000, 200)]])
    ).tests
    assert clear.wins is True
    assert clear.best == "a"
    assert half.wins is False
    assert half.omnibus_p < 1e-9 < half.win_p


def test_what_cannot_be_read_is_kept_apart():
    """A refused experiment and one without any success carry their reasons and enter no count; the others stand."""
    refusal = Refusal(code="many.one_arm", reason="one arm")
    arms = held([[(100, 5), (100, 9)], [(100, 5)], [(100, 0), (300, 0)], [(90, 90), (80, 80)]], problems={1: [refusal]})
    many = read_tests(arms)
    assert (many.found, many.read, many.refused) == (4, 1, 3)
    sound, refused, nothing, everything = many.tests
    assert sound.problems == ()
    assert refused.problems == (refusal,)
    assert (refused.units, refused.sample_ratio_p, refused.win_p, refused.wins) == (None,) * 4
    assert nothing.problems[0].code == everything.problems[0].code == "many.no_variation"
    assert "no unit" in nothing.problems[0].reason
    assert "every unit" in everything.problems[0].reason
    assert nothing.sample_ratio_failed is True
    assert (nothing.omnibus_p, nothing.best, nothing.win_p, nothing.wins) == (None,) * 4
    assert many.sample_ratio("everywhere").tests == 3
    assert sound.win_p_bh == sound.win_p_holm == sound.win_p


def test_wins_of_broken_experiments_are_counted_apart():
    """A win in an experiment whose split is broken is counted among the wins, and again as broken."""
    many = read_tests(held([[(5000, 400), (5000, 250)], [(9000, 900), (5000, 250)]]))
    assert (many.wins.uncorrected, many.wins_broken.uncorrected) == (2, 1)
    assert many.wins_broken.bonferroni == 1


def test_failures_inside_and_outside_the_group():
    """Sample ratios are counted inside, outside and where the group is not known; the parts make up the whole."""
    tests = [[(1000, 50), (1000, 50)], [(1000, 50), (1500, 50)], [(1000, 50), (1500, 50)], [(1000, 50), (1010, 50)]]
    group = Group(column="week", low="1", high="2")
    many = read_tests(held(tests, position=np.array([0.0, 1, -1, 0])), group=group)
    counts = {c.where: (c.tests, c.failed, c.share) for c in many.failed_sample_ratio}
    assert counts == {
        "everywhere": (4, 2, 0.5),
        "inside": (1, 1, 1.0),
        "outside": (2, 0, 0.0),
        "not known": (1, 1, 1.0),
    }
    assert many.group == "week 1 to 2"
    assert [row.in_group for row in many.tests] == [False, True, None, False]
    assert read_tests(held(tests)).sample_ratio("inside") is None


def test_progress_ends_at_the_end():
    """Progress is reported in rising steps and ends with all experiments done."""
    seen: list[tuple[int, int]] = []
    read_tests(held(drawn(1, 300)), progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 1
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (300, 300)


def test_nothing_readable_is_refused_with_the_reasons():
    """When not one experiment can be read there are no zero wins, but a refusal with the first reasons."""
    with pytest.raises(Refused) as refused:
        read_tests(held([[(100, 0), (100, 0)]]))
    assert [r.code for r in refused.value.refusals] == ["many.nothing_readable", "many.no_variation"]


@pytest.mark.parametrize("options", [{"alpha": 0}, {"alpha": 1.5}, {"sample_ratio_alpha": float("nan")}])
def test_levels_out_of_range_are_refused(options):
    """A level outside (0, 1) is refused."""
    with pytest.raises(Refused):
        read_tests(held([[(100, 5), (100, 9)]]), **options)


def test_results_survive_json():
    """What was read comes back from JSON unchanged."""
    many = read_tests(held(drawn(4, 20)))
    assert ManyTests.model_validate(many.to_json()) == many


def _false_wins(tests: int, seed: int) -> dict[str, float]:
    """Share of false wins among experiments in which no arm is the single best one."""
    random = np.random.default_rng(seed)
    rates = {
        "two equal": [0.05, 0.05],
        "four equal": [0.05] * 4,
        "two tied at the top": [0.08, 0.08, 0.02, 0.02],
        "three tied at the top": [0.08, 0.08, 0.08, 0.02],
    }
    found = {}
    for name, truth in rates.items():
        worlds = [[(2000, int(random.binomial(2000, rate))) for rate in truth] for _ in range(tests)]
        found[name] = read_tests(held(worlds)).wins.uncorrected / tests
    return found


def test_a_win_is_false_at_most_alpha_of_the_time():
    """With no single best arm, wins before correction stay at or below alpha: no correction inside an experiment."""
    found = _false_wins(1_500, 12)
    assert found["two equal"] == pytest.approx(0.05, abs=0.02)
    assert found["two tied at the top"] == pytest.approx(0.05, abs=0.02)
    assert found["four equal"] < 0.03
    assert found["three tied at the top"] < 0.04


@pytest.mark.calibrate
def test_a_win_is_false_at_most_alpha_at_length():
    """Over 30,000 experiments a kind, false wins stay within three standard errors of alpha or below it."""
    for share in _false_wins(30_000, 13).values():
        assert share <= 0.05 + 3 * (0.05 * 0.95 / 30_000) ** 0.5 + 0.001


def test_no_effect_anywhere_leaves_next_to_nothing_after_correction():
    """Among 2,000 experiments without any effect some win before correction, at most one after Bonferroni."""
    random = np.random.default_rng(77)
    worlds = [[(3000, int(random.binomial(3000, 0.04))) for _ in range(2)] for _ in range(2_000)]
    many = read_tests(held(worlds))
    assert 70 <= many.wins.uncorrected <= 130
    assert many.wins.bonferroni <= many.wins.benjamini_hochberg <= 1
    assert many.sample_ratio("everywhere").failed == 0


@pytest.mark.real_data
def test_upworthy(real_data):
    """2,444 headline tests: weeks 201326 to 201402 mostly fail the sample ratio, about 1% of the others do."""
    group = parse_group("week 201326..201402")
    columns = ManyColumns(by="test_id", arm="arm", n="impressions", successes="clicks")
    arms = read_many(real_data / "upworthy.csv.gz", columns, group=group)
    many = read_tests(arms, group=group)
    assert (many.found, many.arms) == (2_444, 11_379)
    inside, outside = many.sample_ratio("inside"), many.sample_ratio("outside")
    assert inside.tests + outside.tests == 2_444
    assert inside.share > 0.5
    assert outside.share == pytest.approx(0.01, abs=0.005)
    assert many.refused == 1
    assert many.wins.bonferroni <= many.wins.holm < many.wins.benjamini_hochberg < many.wins.uncorrected
    assert 0 < many.wins_broken.uncorrected < many.wins.uncorrected
