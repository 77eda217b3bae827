"""Third moments: they add, leave one out, come from shifted sums and from files, and are optional everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from copilot_tools.stats.evidence import MetricCell
from copilot_tools.stats.moments import Moments, triples
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from skewed import moments_with_thirds

X = np.random.default_rng(1).lognormal(0, 1, (60, 3))


def _close(found: Moments, wanted: Moments) -> None:
    assert found.thirds == pytest.approx(wanted.thirds, rel=1e-9)


def test_parts_add_up_to_the_whole():
    """Thirds of parts of any sizes, an empty one among them, add to those of all rows."""
    parts = [Moments.of(X[a:b].tolist()) for a, b in ((0, 1), (1, 17), (17, 60))]
    _close(Moments.sum(parts, 3), moments_with_thirds(*X.T))
    _close(Moments.empty(3) + parts[2], parts[2])


@pytest.mark.parametrize("i", [0, 13, int(X[:, 0].argmax())])
def test_leaving_one_out(i):
    """Taking a row out gives the thirds of the others."""
    _close(moments_with_thirds(*X.T).without(X[i].tolist()), moments_with_thirds(*np.delete(X, i, 0).T))


def test_shifted_sums_and_single_columns():
    """Sums about a rough centre give the centred thirds, and columns can be taken out in any order."""
    centre = X[:5].mean(axis=0)
    d = X - centre
    cubes = [float((d[:, i] * d[:, j] * d[:, k]).sum()) for i, j, k in triples(3)]
    whole = moments_with_thirds(*X.T)
    found = Moments.from_shifted_sums(60, centre.tolist(), d.sum(axis=0).tolist(), (d.T @ d).tolist(), cubes)
    _close(found, whole)
    _close(whole.only(2, 0), moments_with_thirds(X[:, 2], X[:, 0]))


def test_a_linear_combination():
    """The third moment of a combination of columns is that of the combined values."""
    y = X @ [1.0, -0.5, 0.3]
    found = moments_with_thirds(*X.T).third({0: 1.0, 1: -0.5, 2: 0.3})
    assert found == pytest.approx(((y - y.mean()) ** 3).mean())


def test_they_are_optional():
    """Without thirds in one part there are none in the sum; evidence kept before they were taken reads and compares."""
    known, unknown = Moments.of([[1.0], [2.0], [9.0]]), Moments(n=2, mean=(1.0,), comoments=((2.0,),))
    assert (known + unknown).thirds is None
    assert unknown.third({0: 1.0}) is None
    old = known.to_json()
    del old["thirds"]
    assert Moments.model_validate(old).close_to(known)
    moved = known.model_copy(update={"thirds": (known.thirds[0] * (1 + 1e-6),)})
    assert not moved.close_to(known)
    with pytest.raises(ValueError, match="third moments"):
        Moments(n=2, mean=(1.0,), comoments=((2.0,),), thirds=(1.0, 2.0))


def test_cubes_beyond_a_double_are_left_out():
    """Values whose cubes are no numbers keep their means and variances."""
    for x in ([1e120, 3e120, 9e120], [-2e120, 1e120, 9e120]):
        found = Moments.of([[v] for v in x])
        assert found.thirds is None
        assert math.isfinite(found.variance())


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_a_file_brings_them_along(tmp_path, shift):
    """One scan of a file: thirds of a mean, with a covariate, of a ratio, by segment too; none of a proportion."""
    rng = np.random.default_rng(7)
    n = 4000
    spend, before, views = rng.lognormal(2, 1, n) + shift, rng.gamma(2, 3, n), rng.integers(1, 9, n)
    arm, country = rng.integers(0, 2, n), rng.integers(0, 3, n)
    earlier = rng.integers(1, 9, n)
    rows = ["user,arm,spend,before,views,bought,country,earlier"]
    rows += [
        f"u{i},{'ab'[arm[i]]},{spend[i]!r},{before[i]!r},{views[i]},{int(views[i] > 4)},"
        f"{'xyz'[country[i]]},{earlier[i]}"
        for i in range(n)
    ]
    rows = [line.replace("np.float64(", "").replace(")", "") for line in rows]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(rows) + "\n")
    metrics = (
        Metric(name="spend", role="primary", kind="mean", column="spend", covariate="before"),
        Metric(name="per view", kind="ratio", column="spend", denominator="views"),
        Metric(name="bought", kind="proportion", column="bought"),
        Metric(
            name="wide",
            kind="ratio",
            column="spend",
            denominator="views",
            covariate="before",
            covariate_denominator="earlier",
        ),
    )
    spec = AnalysisSpec(
        unit="user",
        arm_column="arm",
        arms=(Arm(name="a"), Arm(name="b")),
        control="a",
        metrics=metrics,
        minimum_effect=Effect(size=0.05, scale="relative"),
        segments=({"column": "country"},),
    )
    evidence = open_file(path).scan(spec, metrics=spec.metrics)
    for name, columns in (("spend", (spend, before)), ("per view", (spend, views))):
        for i, label in enumerate("ab"):
            found = evidence.moments_of(name, label)
            wanted = moments_with_thirds(*(c[arm == i] for c in columns))
            scale = [c[arm == i].std() for c in columns]
            for left, right, (j, k, m) in zip(found.thirds, wanted.thirds, triples(2), strict=True):
                assert left == pytest.approx(right, rel=1e-6, abs=1e-6 * n * scale[j] * scale[k] * scale[m])
    cells: tuple[MetricCell, ...] = evidence.cells
    assert all(c.moments.thirds is not None for c in cells if c.metric in {"spend", "per view"} and c.moments.n)
    # The score method needs none, and twenty for what is only reported would be dear.
    assert all(c.moments.thirds is None for c in cells if c.metric in {"bought", "wide"})
