"""Cluster-robust comparisons: against the matrix definition of CR2, statsmodels, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from copilot_tools import catalogue
from copilot_tools.refusals import Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.inference.clusters import ClusteredArm, clustered_arms, compare_clusters
from copilot_tools.stats.inference.means import mean_level, welch
from copilot_tools.stats.moments import Moments


def rows_of(rng, sizes0, sizes1, icc=0.2, shift=0.3, level=5.0):
    """Rows with an arm, a cluster and a value."""
    arms, clusters, values = [], [], []
    for arm, sizes, mean in (("a", sizes0, level), ("b", sizes1, level + shift)):
        for j, m in enumerate(sizes):
            values += list(mean + math.sqrt(icc) * rng.standard_normal() + math.sqrt(1 - icc) * rng.standard_normal(m))
            arms += [arm] * m
            clusters += [f"{arm}{j}"] * m
    return arms, clusters, values


SIZES = [([3, 5, 2, 9], [4, 4, 6]), ([1, 6, 9, 14], [2, 2, 2, 2, 2]), ([4] * 6, [4] * 6)]


@pytest.mark.parametrize(("sizes0", "sizes1"), SIZES)
def test_the_matrix_definition(sizes0, sizes1):
    """CR2 and its degrees of freedom by brute force: A_j = (I - H_jj)^-1/2; Satterthwaite, the fewer of two models."""
    arms, clusters, values = rows_of(np.random.default_rng(len(sizes0)), sizes0, sizes1)
    y = np.array(values)
    x = np.column_stack([np.ones(len(y)), np.array(arms) == "b"]).astype(float)
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    residual_maker = np.eye(len(y)) - hat
    contrast = np.array([0.0, 1.0])
    variance, columns = 0.0, []
    for name in dict.fromkeys(clusters):
        mine = np.array([c == name for c in clusters])
        block = np.eye(mine.sum()) - hat[np.ix_(mine, mine)]
        w, v = np.linalg.eigh(block)
        adjust = v @ np.diag(w**-0.5) @ v.T
        weights = adjust @ x[mine] @ bread @ contrast
        variance += float(weights @ (residual_maker @ y)[mine]) ** 2
        columns.append(residual_maker[mine].T @ weights)
    g = np.column_stack(columns)
    same = np.array([[float(c == d) for c in clusters] for d in clusters])
    # Units independent, or all units of a cluster the same.
    eigen = [np.linalg.eigvalsh(g.T @ working @ g) for working in (np.eye(len(y)), same)]
    found = compare_clusters(*clustered_arms(arms, clusters, values).values()).absolute
    assert found.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert found.df == pytest.approx(min(e.sum() ** 2 / (e**2).sum() for e in eigen), rel=1e-9)


def test_many_clusters_agree_with_statsmodels():
    """With many clusters CR2 and statsmodels' cluster covariance (CR1) come to the same."""
    arms, clusters, values = rows_of(np.random.default_rng(3), [5, 8, 3] * 60, [4, 7] * 90)
    x = np.column_stack([np.ones(len(values)), np.array(arms) == "b"]).astype(float)
    groups = np.unique(clusters, return_inverse=True)[1]
    fit = sm.OLS(values, x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = compare_clusters(*clustered_arms(arms, clusters, values).values()).absolute
    assert found.value == pytest.approx(fit.params[1])
    assert found.standard_error == pytest.approx(fit.bse[1], rel=0.01)


def test_clusters_of_one_are_the_t_test():
    """With a unit a cluster the standard error is Welch's, and with equal arms the degrees of freedom are n - 2."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 1, 12), rng.normal(1, 1, 12)
    found = compare_clusters(
        ClusteredArm(name="a", sizes=(1,) * 12, sums=tuple(x)), ClusteredArm(name="b", sizes=(1,) * 12, sums=tuple(y))
    ).absolute
    expected = welch(*(mean_level(Moments.of([[v] for v in values])) for values in (x, y)))
    assert (found.value, found.standard_error) == pytest.approx((expected.value, expected.standard_error))
    assert found.df == pytest.approx(22)


def test_repeated_rows_add_nothing():
    """Every row ten times: the cluster-robust reading stays, where a naive one would triple its statistic."""
    arms, clusters, values = rows_of(np.random.default_rng(5), [1] * 30, [1] * 30)
    once = compare_clusters(*clustered_arms(arms, clusters, values).values()).absolute
    again = compare_clusters(*clustered_arms(arms * 10, clusters * 10, values * 10).values()).absolute
    assert again.p_value == pytest.approx(once.p_value, rel=1e-9)
    assert again.df == pytest.approx(once.df)


CASES = [
    (5, 5, 0.0, 0.3),
    (8, 20, 0.8, 0.05),
    (6, 6, 1.0, 0.0),
    (6, 6, 1.0, 0.3),
    (6, 6, 1.0, 1.0),
    (10, 10, 1.0, 0.3),
    (20, 20, 1.5, 0.3),
    (40, 40, 1.0, 0.1),
]


@pytest.mark.parametrize("repetitions", [1000, pytest.param(20_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize(("g0", "g1", "cv", "icc"), CASES)
@pytest.mark.parametrize("sides", [1, 2])
def test_error_and_coverage(repetitions, g0, g1, cv, icc, sides):
    """Without effect the 5% test errs in at most about 5%: few clusters, very unequal ones, Fieller too."""
    rng = np.random.default_rng([g0, g1, round(10 * cv), sides, repetitions])
    errors = related = refused = 0
    for _ in range(repetitions):
        arms = []
        for name, k in (("a", g0), ("b", g1)):
            sizes = np.full(k, 20) if cv == 0 else 1 + rng.negative_binomial(1 / cv**2, 1 / (1 + 20 * cv**2), k)
            sums = sizes * (5 + math.sqrt(icc) * rng.standard_normal(k)) + np.sqrt(
                (1 - icc) * sizes
            ) * rng.standard_normal(k)
            arms.append(ClusteredArm(name=name, sizes=tuple(sizes.tolist()), sums=tuple(sums.tolist())))
        try:
            found = compare_clusters(*arms, sides=sides)
        except Refused:  # one cluster was nearly everything: no reading is no error
            refused += 1
            continue
        errors += found.absolute.p_value < 0.05
        if isinstance(found.relative, Estimate):  # refused where few clusters cannot tell control from 0
            outside = not found.relative.interval.low <= 0 <= found.relative.interval.high
            assert outside == (found.absolute.p_value < 0.05)
            related += 1
    assert related > 0.8 * (repetitions - refused)
    rates = f"{errors / repetitions:.4f} | {refused / repetitions:.1%}"
    print(f"| {g0} and {g1} | {cv} | {icc} | {sides} | {rates} |")  # noqa: T201 - a row of docs/calibration/adjustment.md
    assert 0.015 < errors / repetitions < 0.05 + 4 * math.sqrt(0.05 * 0.95 / repetitions)


def test_refusals():
    """One cluster, nothing varies, one cluster that is everything, a cluster in two arms, lists that do not fit."""
    good = ClusteredArm(name="b", sizes=(3, 4, 5), sums=(3.0, 5.0, 4.0))
    cases = [
        (lambda: compare_clusters(ClusteredArm(name="a", sizes=(9,), sums=(9.0,)), good), "clusters.too_few"),
        (
            lambda: compare_clusters(
                ClusteredArm(name="a", sizes=(2, 2, 1), sums=(2.0, 2.0, 1.0)),
                ClusteredArm(name="b", sizes=(2, 2, 1), sums=(4.0, 4.0, 2.0)),
            ),
            "data.no_variance",
        ),
        (
            lambda: compare_clusters(ClusteredArm(name="a", sizes=(1, 1, 999), sums=(2.0, 1.0, 700.0)), good),
            "clusters.too_few",
        ),
        (lambda: clustered_arms(["a", "b"], ["k", "k"], [1.0, 2.0]), "clusters.in_two_arms"),
        (lambda: clustered_arms(["a", "b"], ["k"], [1.0, 2.0]), "clusters.lengths"),
        (lambda: clustered_arms(["a"], ["k"], [math.nan]), "parameter.not_finite"),
    ]
    for ask, code in cases:
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.refusals[0].code == code


def test_the_tool():
    """compare_clusters through the catalogue: both relative forms, one-sided in the desired direction."""
    tool = catalogue.find("compare_clusters")
    example = tool.examples[0]
    found = tool.run(example).result
    assert found.relative.method.startswith("Fieller")
    assert found.relative_delta.method.startswith("delta method")
    assert (
        found.relative.value
        == found.relative_delta.value
        == pytest.approx(found.treatment.value / found.control.value - 1)
    )
    less = tool.run({**example, "sides": 1, "direction": "decrease"}).result
    assert less.absolute.interval.low == -math.inf
    assert less.absolute.p_value == pytest.approx(1 - found.absolute.p_value / 2)
