"""What a peer says to each bad file: ``python tests/bad_numbers_peers.py PEER``, in an environment that holds the peer.

One line of JSON a file: the difference, its standard error, the p-value and the relative lift; or the error it raised.
docs/peers-on-bad-numbers.md was written from these. A script, no test: peers do not share one environment.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import sys
import warnings
from collections.abc import Callable

import numpy as np

from bad_numbers import CASES, Case

Answer = dict[str, float | str | None]


def _columns(case: Case):
    return np.array(case.arm), np.array([math.nan if v is None else v for v in case.value])


def scipy(case: Case) -> Answer:
    """Welch's test of two arrays, empty cells as NaN."""
    from scipy import stats  # noqa: PLC0415 - each peer only where it is

    arm, y = _columns(case)
    a, b = y[arm == 0], y[arm == 1]
    found = stats.ttest_ind(b, a, equal_var=False)
    effect = b.mean() - a.mean()
    return {"effect": effect, "se": effect / found.statistic, "p": found.pvalue, "lift": None}


def statsmodels(case: Case) -> Answer:
    """Welch's test, or the default test of two proportions."""
    from statsmodels.stats.api import CompareMeans, proportions_ztest  # noqa: PLC0415

    arm, y = _columns(case)
    a, b = y[arm == 0], y[arm == 1]
    effect = b.mean() - a.mean()
    if case.kind == "proportion":
        z, p = proportions_ztest([b.sum(), a.sum()], [len(b), len(a)])
        return {"effect": effect, "se": effect / z, "p": p, "lift": None}
    t, p, _ = CompareMeans.from_data(b, a).ttest_ind(usevar="unequal")
    return {"effect": effect, "se": effect / t, "p": p, "lift": None}


def tea_tasting(case: Case) -> Answer:
    """Mean (or Proportion) of a polars frame, where an empty cell is null and NaN is NaN."""
    import polars as pl  # noqa: PLC0415
    import tea_tasting as tt  # noqa: PLC0415

    frame = pl.DataFrame({"v": case.arm, "y": pl.Series(list(case.value), dtype=pl.Float64)})
    metric = tt.Mean("y")
    if case.kind == "proportion":
        frame, metric = frame.with_columns(pl.col("y").cast(pl.Int64)), tt.Proportion("y")
    found = tt.Experiment(variant="v", y=metric).analyze(frame, control=0)["y"]
    effect = found.effect_size
    statistic = getattr(found, "statistic", None)
    se = effect / statistic if statistic else None
    return {"effect": effect, "se": se, "p": found.pvalue, "lift": getattr(found, "rel_effect_size", None)}


def _sums(case: Case):
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame({"v": case.arm, "y": pd.Series([math.nan if v is None else v for v in case.value])})
    frame["q"] = frame.y * frame.y
    return frame.groupby("v").agg(n=("y", "size"), s=("y", "sum"), q=("q", "sum"))


def gbstats(case: Case) -> Answer:
    """The frequentist engine, fed count, sum and sum of squares by arm, as its queries bring them."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest  # noqa: PLC0415
    from gbstats.models.statistics import ProportionStatistic, SampleMeanStatistic  # noqa: PLC0415

    g = _sums(case)
    arms = [
        ProportionStatistic(n=int(g.n[k]), sum=int(g.s[k]))
        if case.kind == "proportion"
        else SampleMeanStatistic(n=int(g.n[k]), sum=float(g.s[k]), sum_squares=float(g.q[k]))
        for k in (0, 1)
    ]
    absolute, relative = (
        TwoSidedTTest(*arms, FrequentistConfig(difference_type=scale)).compute_result()
        for scale in ("absolute", "relative")
    )
    return {
        "effect": absolute.expected,
        "se": absolute.uplift.stddev,
        "p": absolute.p_value,
        "lift": relative.expected,
        "said": absolute.error_message,
    }


def spotify_confidence(case: Case) -> Answer:
    """StudentsTTest (ZTest for proportions), fed count, sum and sum of squares by arm."""
    from spotify_confidence import StudentsTTest, ZTest  # noqa: PLC0415

    g = _sums(case).reset_index()
    kind = ZTest if case.kind == "proportion" else StudentsTTest
    test = kind(g, "s", "q", "n", categorical_group_columns="v")
    rows = [test.difference(level_1=0, level_2=1, absolute=absolute).iloc[0].to_dict() for absolute in (True, False)]
    se = [v for k, v in rows[0].items() if k in {"std_err", "std_error"}]
    return {
        "effect": rows[0]["difference"],
        "se": se[0] if se else None,
        "p": rows[0]["p-value"],
        "lift": rows[1]["difference"],
    }


PEERS: dict[str, Callable[[Case], Answer]] = {
    "scipy": scipy,
    "statsmodels": statsmodels,
    "tea-tasting": tea_tasting,
    "gbstats": gbstats,
    "spotify-confidence": spotify_confidence,
}


def main(peer: str) -> None:
    """Feed every file to one peer."""
    sys.stdout.write(json.dumps({"peer": peer, "version": importlib.metadata.version(peer)}) + "\n")
    for name, made in CASES.items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                row: Answer = {k: v if isinstance(v, str | None) else float(v) for k, v in PEERS[peer](made()).items()}
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is what it says
                row = {"error": f"{type(error).__name__}: {error}"[:160]}
        row["warned"] = str(warned[0].message)[:80] if warned else None
        sys.stdout.write(json.dumps({"case": name, **row}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
