"""Clusters: kept together against a listing by hand, lines over treated neighbours against statsmodels, refusals."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import statsmodels.api as sm
from pydantic import ValidationError
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import ClusterSize, Evidence
from copilot_tools.stats.inference.clusters import clustered_arms, compare_clusters
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import read
from copilot_tools.stats.sources.rows.events import open_events
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Clusters, Effect, Metric, Segment
from copilot_tools.stats.validity.case import blinded_checks, case_for_null
from copilot_tools.stats.validity.clusters import kept_together_p
from copilot_tools.stats.validity.interference import FEWEST_CLUSTERS, neighbour_slope

SPENT = Metric(name="spend", role="primary", kind="mean", column="spent")
HOUSES = Clusters(column="house")


def spec(metric: Metric = SPENT, **changes: object) -> AnalysisSpec:
    """Two arms by user, in houses."""
    given: dict[str, object] = {
        "unit": "user",
        "arm_column": "arm",
        "arms": (Arm(name="control"), Arm(name="b")),
        "control": "control",
        "metrics": (metric,),
        "minimum_effect": Effect(size=0.2, scale="absolute"),
        "clusters": HOUSES,
    }
    return AnalysisSpec.model_validate(given | changes)


def drawn(seed: int = 1, houses: int = 400, **columns: object) -> dict[str, np.ndarray]:
    """Houses of one to five users who share a habit; arms by user."""
    rng = np.random.default_rng(seed)
    house = np.repeat(np.arange(houses), rng.integers(1, 6, houses))
    n = len(house)
    made = {
        "user": np.arange(n),
        "arm": rng.integers(0, 2, n),
        "house": house,
        "spent": 10 + rng.normal(0, 1, houses)[house] + rng.normal(0, 2, n),
    }
    return made | {k: v(made) if callable(v) else v for k, v in columns.items()}


def written(folder: Path, data: dict[str, np.ndarray]) -> Path:
    """The data as Parquet, arms by name, empty cells where the house is negative."""
    columns = {k: pa.array(np.array(["control", "b"])[v] if k == "arm" else v) for k, v in data.items()}
    columns["house"] = pa.array([f"h{h}" if h >= 0 else None for h in data["house"]])
    path = folder / "data.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def scanned(folder: Path, data: dict[str, np.ndarray], plan: AnalysisSpec) -> Evidence:
    """Through the file."""
    return open_file(written(folder, data)).scan(plan, metrics=plan.metrics)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.5, 0.3, 0.2)])
@pytest.mark.parametrize("sizes", [(2, 2, 2), (1, 2, 3), (4, 2, 3, 2)])
def test_the_chance_of_clusters_in_one_arm_is_that_of_a_listing(shares, sizes) -> None:
    """Every way to assign every unit, listed by hand, gives the same chance of so many clusters in one arm."""
    chances: dict[int, float] = {}
    owner = [i for i, size in enumerate(sizes) for _ in range(size)]
    for arms in itertools.product(range(len(shares)), repeat=len(owner)):
        held = [{a for a, o in zip(arms, owner, strict=True) if o == i} for i in range(len(sizes))]
        together = sum(len(h) == 1 for h, size in zip(held, sizes, strict=True) if size > 1)
        chances[together] = chances.get(together, 0.0) + float(np.prod([shares[a] for a in arms]))
    several = [s for s in sizes if s > 1]
    for together in range(len(several) + 1):
        mixed = len(several) - together
        counted = []
        for size in sorted(set(sizes)):
            here = several.count(size)
            counted.append(ClusterSize(units=size, clusters=sizes.count(size), mixed=min(mixed, here)))
            mixed -= min(mixed, here)
        expected = sum(p for k, p in chances.items() if k >= together)
        assert kept_together_p(counted, shares) == pytest.approx(expected, abs=1e-12)


def test_many_clusters_are_read_by_the_normal_tail_and_singles_not_at_all() -> None:
    """Beyond a variance of 200 the tail is scipy's binomial to its second digit; single units say nothing."""
    for together in (4_900, 5_000, 5_100, 5_200):
        sizes = [ClusterSize(units=2, clusters=10_000, mixed=10_000 - together)]
        exact = stats.binom.sf(together - 1, 10_000, 0.5)
        assert kept_together_p(sizes, (0.5, 0.5)) == pytest.approx(exact, rel=0.02)
    assert kept_together_p([ClusterSize(units=1, clusters=9, mixed=0)], (0.5, 0.5)) is None
    rare = [ClusterSize(units=40, clusters=1_000_000, mixed=999_999)]
    assert kept_together_p(rare, (0.5, 0.5)) == pytest.approx(1e6 * 2 * 0.5**40, rel=1e-3)


def test_counts_of_clusters_are_those_of_the_file(tmp_path) -> None:
    """Clusters by size, and how many hold both arms, as numpy counts them; rows without a cluster are left out."""
    data = drawn()
    data["house"] = np.where(np.arange(len(data["house"])) % 50 == 0, -1, data["house"])
    found = scanned(tmp_path, data, spec()).clusters
    counted: dict[int, list[int]] = {}
    for house in set(data["house"]) - {-1}:
        arms = data["arm"][data["house"] == house]
        counted.setdefault(len(arms), [0, 0])
        counted[len(arms)][0] += 1
        counted[len(arms)][1] += len(set(arms)) > 1
    assert found == tuple(ClusterSize(units=n, clusters=c, mixed=m) for n, (c, m) in sorted(counted.items()))


@pytest.mark.parametrize("kind", ["mean", "proportion"])
def test_the_line_over_treated_neighbours_is_that_of_statsmodels(tmp_path, kind) -> None:
    """Slope and clustered error within each arm are least squares with errors by cluster, from the file's own sums."""
    data = drawn(7, 600, bought=lambda d: (d["spent"] > 10.5).astype(int))
    metric = SPENT if kind == "mean" else Metric(name="bought", role="primary", kind="proportion", column="bought")
    evidence = scanned(tmp_path, data, spec(metric))
    size = np.bincount(data["house"])[data["house"]]
    treated = np.bincount(data["house"], data["arm"])[data["house"]]
    for code, arm in enumerate(("control", "b")):
        kept = (data["arm"] == code) & (size > 1)
        x = (treated[kept] - code) / (size[kept] - 1)
        groups = data["house"][kept]
        fit = sm.OLS(data[metric.column][kept], sm.add_constant(x)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        found = neighbour_slope(next(c.moments for c in evidence.neighbours if c.arm == arm))
        assert found is not None
        n = len(set(groups))
        assert found.clusters == n
        assert found.value == pytest.approx(fit.params[1], rel=1e-9)
        assert found.standard_error == pytest.approx(fit.bse[1] * np.sqrt(n / (n - 1)), rel=1e-7)
        assert found.p == pytest.approx(2 * stats.t.sf(abs(found.value / found.standard_error), n - 2), rel=1e-9)


def test_a_line_needs_clusters_and_variation() -> None:
    """Too few clusters, one share of treated neighbours for all, or outcomes that lie on the line: no slope."""
    rng = np.random.default_rng(3)
    k, x, s = np.full(60, 2.0), rng.choice([0.0, 0.5, 1.0], 60), rng.normal(0, 1, 60)

    def moments(k: np.ndarray, s: np.ndarray, x: np.ndarray) -> Moments:
        return Moments.of(np.stack([k, s, k * x, s * x, k * x * x], axis=1).tolist())

    assert neighbour_slope(moments(k, s, x)) is not None
    fewer = FEWEST_CLUSTERS - 1
    assert neighbour_slope(moments(k[:fewer], s[:fewer], x[:fewer])) is None
    assert neighbour_slope(moments(k, s, np.full(60, 0.5))) is None
    assert neighbour_slope(moments(k, 2 + 6 * x, x)) is None


def test_spillover_is_serious_and_a_habit_alone_is_not(tmp_path) -> None:
    """Users of a house who are alike are no interference; control users who gain by treated neighbours are."""
    clean = drawn(11, 1_500)
    plan = spec()
    quiet = {o.id: o for o in _case(plan, scanned(tmp_path, clean, plan))}
    assert (quiet["interference"].severity, quiet["clusters"].severity) == ("none", "none")
    treated = np.bincount(clean["house"], clean["arm"])[clean["house"]] - clean["arm"]
    others = np.maximum(np.bincount(clean["house"])[clean["house"]] - 1, 1)
    loud = clean | {"spent": clean["spent"] + 1.2 * (1 - clean["arm"]) * treated / others}
    found = next(o for o in _case(plan, scanned(tmp_path, loud, plan)) if o.id == "interference")
    assert found.severity == "serious"
    assert "in control goes +1." in found.sentence
    assert found.units is not None


def _case(plan: AnalysisSpec, evidence: Evidence):
    return case_for_null(plan, evidence, read(plan, evidence), Circumstances(outcome_looks=(evidence.total_units,)))


def test_whole_clusters_under_a_plan_of_single_units_are_blocking_even_blinded(tmp_path) -> None:
    """Houses assigned as a whole break a plan that says users were, and it takes no outcome to see it."""
    data = drawn(5, 200)
    data["arm"] = np.random.default_rng(6).integers(0, 2, 200)[data["house"]]
    plan = spec()
    evidence = scanned(tmp_path, data, plan)
    checks = {o.id: o for o in blinded_checks(plan, evidence, Circumstances())}
    assert checks["clusters"].severity == "blocking"
    assert "whole clusters were assigned" in checks["clusters"].sentence
    assert "interference" not in checks
    assert evidence.only_metrics(()).neighbours == ()
    assert "neighbours" not in evidence.only_metrics(()).to_json()


@pytest.mark.parametrize(("torn", "code"), [(True, "clusters.in_two_arms"), (False, "clusters.finer_unit")])
def test_plan_and_data_that_disagree_on_clusters_are_refused(tmp_path, torn, code) -> None:
    """A plan of whole clusters is refused on clusters in two arms, and on rows finer than a cluster."""
    data = drawn(5, 200)
    data["arm"] = np.random.default_rng(6).integers(0, 2, 200)[data["house"]]
    if torn:
        data["arm"][0] = 1 - data["arm"][0]
        data["house"][1], data["arm"][1] = data["house"][0], 1 - data["arm"][0]
    plan = spec(clusters=Clusters(column="house", assigned="clusters"))
    with pytest.raises(Refused) as refused:
        scanned(tmp_path, data, plan)
    found = refused.value.refusals
    assert [r.code for r in found] == [code]
    assert found[0].value == (1 if torn else len(data["user"]))
    assert found[0].cure


def test_one_row_a_cluster_is_read_as_it_is(tmp_path) -> None:
    """Where each cluster has one row, plan and data agree, and there is nothing to keep together."""
    data = {k: v[:300] for k, v in drawn(5, 200).items()} | {"house": np.arange(300)}
    plan = spec(clusters=Clusters(column="house", assigned="clusters"))
    evidence = scanned(tmp_path, data, plan)
    case = {o.id: o for o in _case(plan, evidence)}
    assert case["clusters"].severity == "none"
    assert case["interference"].severity == "not assessable"


def test_the_cure_is_cluster_robust(tmp_path) -> None:
    """The house as unit, the mean as a ratio over its users, read as events: the same as CR2 over clusters, nearly."""
    data = drawn(9, 500) | {"one": np.ones(1, dtype=int)}
    data["arm"] = np.random.default_rng(6).integers(0, 2, 500)[data["house"]]
    data["one"] = np.ones(len(data["user"]), dtype=int)
    ratio = Metric(name="spend", role="primary", kind="ratio", column="spent", denominator="one")
    plan = spec(ratio, unit="house", clusters=None)
    source = open_events(written(tmp_path, data))
    found = read(plan, source.scan(plan, metrics=plan.metrics)).comparisons[0].absolute
    arms = clustered_arms([("control", "b")[a] for a in data["arm"]], data["house"].tolist(), data["spent"].tolist())
    oracle = compare_clusters(arms["control"], arms["b"]).absolute
    assert found.value == pytest.approx(oracle.value, rel=1e-9)
    assert found.standard_error == pytest.approx(oracle.standard_error, rel=0.01)


def test_a_plan_says_clusters_once_and_keeps_its_digest() -> None:
    """Clusters are neither unit nor segment nor measured later; a plan without them reads as it always did."""
    with pytest.raises(ValidationError, match="neither the unit nor a segment"):
        spec(clusters=Clusters(column="user"))
    with pytest.raises(ValidationError, match="neither the unit nor a segment"):
        spec(segments=(Segment(column="house"),))
    with pytest.raises(ValidationError, match="known before assignment"):
        spec(after_assignment=("house",))
    assert "clusters" not in spec(clusters=None).to_json()
    assert "versions" not in Segment(column="device").to_json()
    assert AnalysisSpec.model_validate(spec().to_json()) == spec()


def test_a_missing_cluster_column_is_named(tmp_path) -> None:
    """A plan that names clusters the data does not have is refused with what it is used for."""
    data = drawn(5, 50)
    plan = spec(clusters=Clusters(column="household"))
    with pytest.raises(Refused, match="which the plan uses as the clusters"):
        scanned(tmp_path, data, plan)
