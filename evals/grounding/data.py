"""The file of a case: the same on every run, to the last digit, so that a scorer can read it again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grounding.case import GroundingCase

__all__ = ["base_column", "column", "text_of"]

_DIGITS = 7
"""Significant digits of a value in a file."""


def column(case: GroundingCase, metric: str) -> str:
    """The metric's column."""
    plain = re.sub(r"[^a-z0-9]+", "_", metric.lower()).strip("_")
    return f"m{list(case.metrics).index(metric) + 1}_{plain}".rstrip("_")


def base_column(case: GroundingCase, metric: str) -> str:
    """Column of a ratio's denominator."""
    return f"{column(case, metric)}_of"


def text_of(case: GroundingCase) -> str:
    """The file as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if case.decimal == "," else ",", lineterminator="\n")
    writer.writerows(_rows(case) if case.file == "rows" else _counts(case))
    return out.getvalue()


def _counts(case: GroundingCase) -> Iterator[list[object]]:
    """One row an arm, or an arm in a part; parts share the units and successes by turns."""
    cut, levels = next(iter(case.cut.items()), ("", ("",)))
    yield ["arm", "n", *(column(case, m) for m in case.metrics), *([cut] if cut else [])]
    for name, arm in case.arms.items():
        rng = _rng(case, name)
        sizes = _shared(arm.n, len(levels))
        wins = {m: _split(rng, int(v), sizes) for m, v in arm.values.items() if isinstance(v, int)}
        for place, level in enumerate(levels):
            yield [name, sizes[place], *(wins[m][place] for m in case.metrics), *([level] if cut else [])]


def _shared(total: int, parts: int) -> list[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]


def _split(rng: np.random.Generator, wins: int, sizes: list[int]) -> list[int]:
    """Successes over the parts, as chance deals them."""
    return [int(x) for x in rng.multivariate_hypergeometric(sizes, wins, method="marginals")]


def _rows(case: GroundingCase) -> Iterator[list[object]]:
    cut, levels = next(iter(case.cut.items()), ("", ("",)))
    ratios = [m for m, given in case.metrics.items() if given.kind == "ratio"]
    header = [column(case, m) for m in case.metrics] + [base_column(case, m) for m in ratios]
    yield ["user", "arm", *header, *([cut] if cut else [])]
    start = 100_000
    for name, arm in case.arms.items():
        rng = _rng(case, name)
        made: dict[str, NDArray[np.float64]] = {}
        for metric, value in arm.values.items():
            if isinstance(value, int):
                made[metric] = rng.permutation(np.arange(arm.n) < value).astype(np.float64)
            elif case.metrics[metric].kind == "mean":
                made[metric] = _mean(rng, arm.n, *value)
            else:
                made[metric], made[f"{metric} of"] = _ratio(rng, arm.n, *value)
        order = [made[m] for m in case.metrics] + [made[f"{m} of"] for m in ratios]
        for unit in range(arm.n):
            said = [_said(values[unit], case.decimal) for values in order]
            yield [f"u{start + unit}", name, *said, *([levels[unit % len(levels)]] if cut else [])]
        start += arm.n


def _mean(rng: np.random.Generator, n: int, mean: float, sd: float) -> NDArray[np.float64]:
    """Values with this mean; a mean above 0 is of amounts, none of them below 0."""
    if mean <= 0:
        noise = rng.normal(size=n)
        return np.asarray(mean + sd * (noise - noise.mean()) / noise.std(ddof=1))
    values = rng.gamma((mean / sd) ** 2, sd**2 / mean, n)
    return np.asarray(values * (mean / values.mean()))


def _ratio(rng: np.random.Generator, n: int, ratio: float, each: float) -> tuple[NDArray[np.float64], ...]:
    base = (1 + rng.poisson(max(each - 1, 0), n)).astype(np.float64)
    top = rng.binomial(base.astype(int), ratio) if ratio < 1 else rng.poisson(base * ratio)
    return top.astype(np.float64), base


def _said(value: float, decimal: str) -> str:
    return f"{value:.{_DIGITS}g}".replace(".", decimal)


def _rng(case: GroundingCase, arm: str) -> np.random.Generator:
    return np.random.default_rng([*case.id.encode(), *arm.encode()])
