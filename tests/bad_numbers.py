"""Bad numbers, one small file each, and what is right on it: fed to the product and, in their own places, to its peers.

Numpy alone, so that it runs in the environment of any peer. ``truth`` is exact where doubles would not do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

__all__ = ["CASES", "Case", "effect_and_error"]

Right = Literal["answer", "refuse"]


@dataclass(frozen=True)
class Case:
    """One bad file.

    Attributes:
        arm: 0 (control) or 1 a row.
        value: The metric a row; None is an empty cell (NULL), NaN and infinity are themselves.
        unit: Who the row is; a unit's number stands twice where the unit does.
        right: Whether there is an answer, or the only right thing is to say that there is none.
        why: What is right, in a few words.
        kind: "mean" or "proportion".
        kept: Rows that count towards the right answer; None for all.
    """

    arm: tuple[int, ...]
    value: tuple[float | None, ...]
    unit: tuple[int, ...]
    right: Right
    why: str
    kind: Literal["mean", "proportion"] = "mean"
    kept: tuple[bool, ...] | None = None


def _case(
    control, treatment, right: Right, why: str, *, kind: Literal["mean", "proportion"] = "mean", kept=None
) -> Case:
    values = [*control, *treatment]
    arm = (0,) * len(control) + (1,) * len(treatment)
    return Case(arm, tuple(values), tuple(range(len(values))), right, why, kind, kept)


def _normal(seed: int, n: int, lift: float, mean: float = 10.0, sd: float = 3.0) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    return rng.normal(mean, sd, n).tolist(), rng.normal(mean + lift, sd, n).tolist()


def _offset(mean: float) -> Case:
    # Whole numbers of 1/64 are exact as doubles even this far out, so nothing is lost before anybody reads them.
    control, treatment = _normal(1, 5000, 0.1, 0.0, 1.0)
    near = [[mean + round(64 * x) / 64 for x in arm] for arm in (control, treatment)]
    return _case(*near, "answer", "the difference of two means, wherever they lie")


def _with(value: float | None, *, count: int = 2) -> tuple[list[float | None], list[float | None]]:
    control, treatment = _normal(2, 1000, 0.4)
    a, b = list[float | None](control), list[float | None](treatment)
    a[3] = value
    if count == 2:
        b[7] = value
    return a, b


def _half_null() -> Case:
    control, treatment = _normal(3, 2000, 0.25)
    a = [None if i % 2 else x for i, x in enumerate(control)]
    b = [None if i % 2 else x for i, x in enumerate(treatment)]
    kept = tuple(x is not None for x in (*a, *b))
    return _case(a, b, "answer", "units without a value do not count (or are refused)", kept=kept)


def _ten_times() -> Case:
    control, treatment = _normal(4, 300, 0.15)
    values, arm = tuple(np.repeat([*control, *treatment], 10).tolist()), (0,) * 3000 + (1,) * 3000
    first = tuple(i % 10 == 0 for i in range(6000))
    unit = tuple(i // 10 for i in range(6000))
    return Case(arm, values, unit, "answer", "every unit counts once (or is refused)", kept=first)


def _two_arms() -> Case:
    control, treatment = _normal(5, 500, 0.5)
    unit = (*range(500), *range(450, 950))  # 50 units stand in both arms
    return Case(
        (0,) * 500 + (1,) * 500, (*control, *treatment), unit, "refuse", "50 units stand in both arms: neither counts"
    )


def _z(distance: float) -> Case:
    n = 5000
    rng = np.random.default_rng(6)
    a, b = rng.normal(0, 1, n), rng.normal(0, 1, n)
    a, b = (x - x.mean() for x in (a, b))
    error = math.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    return _case((a + 10).tolist(), (b + 10 + distance * error).tolist(), "answer", "a p-value that is tiny, not 0")


CASES: dict[str, Callable[[], Case]] = {
    "mean 1e9, sd 1": lambda: _offset(1e9),
    "mean 1e6, sd 1": lambda: _offset(1e6),
    "two cells NaN": lambda: _case(*_with(math.nan), "refuse", "NaN is no value: somebody must say what it means"),
    "two cells NULL": lambda: _case(
        *(arms := _with(None)),
        "answer",
        "the two units do not count",
        kept=tuple(x is not None for x in (*arms[0], *arms[1])),
    ),
    "half the cells NULL": _half_null,
    "one cell infinite": lambda: _case(*_with(math.inf, count=1), "refuse", "no mean exists"),
    "one unit in treatment": lambda: _case(_normal(7, 100, 0)[0], [11.0], "refuse", "one value has no variance"),
    "two units an arm": lambda: _case([1.0, 2.0], [3.0, 5.0], "answer", "t on 1.5 degrees of freedom"),
    "empty treatment": lambda: _case(_normal(8, 100, 0)[0], [], "refuse", "there is nothing to compare"),
    "no variation, same value": lambda: _case([5.0] * 100, [5.0] * 100, "refuse", "no error can be estimated"),
    "no variation, other value": lambda: _case([5.0] * 100, [6.0] * 100, "refuse", "no error can be estimated"),
    "all zeros": lambda: _case([0.0] * 100, [0.0] * 100, "refuse", "no error can be estimated"),
    "control all zeros": lambda: _case(
        [0.0] * 400, [1.0] * 30 + [0.0] * 370, "answer", "the difference; a lift over nothing does not exist"
    ),
    "proportions 0/20 and 5/20": lambda: _case(
        [0.0] * 20, [1.0] * 5 + [0.0] * 15, "answer", "an exact test: too few for a z", kind="proportion"
    ),
    "control mean below 0": lambda: _case(
        *_normal(9, 500, 0.5, -2.0, 1.0), "answer", "up is up, although control is negative"
    ),
    "z = 22": lambda: _z(22.0),
    "z = 35": lambda: _z(35.0),
    "every row ten times": _ten_times,
    "units in both arms": _two_arms,
}
"""Name -> the file; made when asked for, seeded."""


def effect_and_error(case: Case) -> tuple[float, float]:
    """Difference of the means and its (Welch) standard error over the rows that count, by exact fractions."""
    kept = case.kept or (True,) * len(case.arm)
    sides = [
        [Fraction(v) for a, v, k in zip(case.arm, case.value, kept, strict=True) if k and a == i and v is not None]
        for i in (0, 1)
    ]
    means = [sum(x) / len(x) for x in sides]
    squares = [sum((v - m) ** 2 for v in x) / (len(x) - 1) / len(x) for x, m in zip(sides, means, strict=True)]
    return float(means[1] - means[0]), math.sqrt(float(sum(squares)))
