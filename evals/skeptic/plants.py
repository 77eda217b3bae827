"""What can be planted: the generator's faults and clean shapes, and further ones of looks, policies and claims."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from faults.clean import CLEAN
from faults.experiments import CONVERTED, ORDERS, Columns, Experiment, plan_of, users
from faults.plants import FAULTS

from copilot_tools.stats.spec import DataPolicy, Exposure, Metric

__all__ = ["PLANTS", "Planted"]


@dataclass(frozen=True)
class Planted:
    """An experiment, and how it came to be read.

    Attributes:
        experiment: Plan and data.
        cuts: Columns that were cut by beyond the plan.
        opened: Shares of the data at which outcomes were opened before the end.
        quick: Whether there was no plan at all.
        shared: Whether the same units were read in another experiment before.
        counts: Whether only a table of counts is at hand.
    """

    experiment: Experiment
    cuts: tuple[str, ...] = ()
    opened: tuple[float, ...] = ()
    quick: bool = False
    shared: bool = False
    counts: bool = False


Maker = Callable[[np.random.Generator], Planted]

_SHOWN = Exposure(column="shown", expected={"control": "control", "b": "b"})


def _split(rng: np.random.Generator) -> Planted:
    """4,710 where 5,000 were to be expected beside 5,000: three standard errors."""
    rows = _exactly(rng, 5_000, 4_710)
    return Planted(Experiment(plan_of(), rows))


def _exactly(rng: np.random.Generator, *sizes: int, effect: float = 0.0, base: float = 0.3) -> Columns:
    """Users in arms of exactly these sizes."""
    rows = users(rng, sum(sizes), base=base)
    rows["arm"] = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    rate = base + effect * rows["arm"]
    rows["converted"] = (rng.random(sum(sizes)) < rate).astype(np.int64)
    return rows


def _won(rng: np.random.Generator, base: float, gain: float, n: int) -> Columns:
    """So many conversions in each arm exactly, spread over users by chance."""
    rows = _exactly(rng, n, n)
    for arm, rate in enumerate((base, base + gain)):
        own = np.flatnonzero(rows["arm"] == arm)
        rows["converted"][own] = rng.permutation(np.arange(n) < round(n * rate))
    return rows


def _split_on_one_device(rng: np.random.Generator) -> Planted:
    """Tablets lose a third of one arm; phones gain as many, so that the whole looks sound."""
    rows = users(rng, 14_000)
    flip = rng.random(14_000)
    tablet, phone = rows["device"] == "tablet", rows["device"] == "phone"
    rows["arm"] = np.where(tablet, flip < 1 / 3, np.where(phone, flip < 0.5 + 1 / 36, flip < 0.5)).astype(np.int64)
    return Planted(Experiment(plan_of(), rows))


def _crossed_and_dropped(rng: np.random.Generator) -> Planted:
    """Three users in a hundred have a row in each arm, and the plan leaves them out."""
    rows = users(rng, 8_000)
    again = rng.random(8_000) < 0.03
    both = {k: np.concatenate([v, (1 - v[again]) if k == "arm" else v[again]]) for k, v in rows.items()}
    left = int(8_000 - again.sum())
    return Planted(Experiment(plan_of(policy=DataPolicy(two_arms="drop")), both, committed=left))


def _repeats(policy: DataPolicy, share: float) -> Maker:
    def made(rng: np.random.Generator) -> Planted:
        rows = users(rng, 8_000)
        again = rng.random(8_000) < share
        twice = {k: np.concatenate([v, v[again]]) for k, v in rows.items()}
        return Planted(Experiment(plan_of(policy=policy), twice, committed=8_000))

    return made


def _shown_the_other(policy: DataPolicy, share: float) -> Maker:
    def made(rng: np.random.Generator) -> Planted:
        rows = users(rng, 8_000)
        wrong = rng.random(8_000) < share
        names = np.array(["control", "b"])
        rows["shown"] = names[np.where(wrong, 1 - rows["arm"], rows["arm"])]
        left = int((~wrong).sum())
        return Planted(Experiment(plan_of(exposure=_SHOWN, policy=policy), rows, committed=left))

    return made


def _missing_evenly(rng: np.random.Generator) -> Planted:
    """Every twelfth outcome is empty, in both arms alike."""
    rows = users(rng, 9_000)
    rows["converted"] = np.where(rng.random(9_000) < 0.085, np.nan, rows["converted"].astype(float))
    return Planted(Experiment(plan_of(CONVERTED.model_copy(update={"nulls": "drop"})), rows))


def _learning(rng: np.random.Generator) -> Planted:
    """An effect that begins at nothing and grows by twelve points over two weeks."""
    rows = users(rng, 40_000)
    rate = 0.3 + (rows["arm"] == 1) * 0.12 * rows["day"] / 13
    rows["converted"] = (rng.random(40_000) < rate).astype(np.int64)
    return Planted(Experiment(plan_of(), rows))


def _close_call(rng: np.random.Generator) -> Planted:
    """Significant by a hair, in a test as large as it had to be."""
    n = 5_000
    error = math.sqrt(2 * 0.3 * 0.7 / n)
    return Planted(Experiment(plan_of(matters=2.8 * error), _won(rng, 0.3, 1.995 * error, n)))


def _fragile(rng: np.random.Generator) -> Planted:
    """Few conversions, and three of them carry the difference."""
    return Planted(Experiment(plan_of(matters=0.03), _won(rng, 0.02, 0.0165, 1_000)))


def _few_events(rng: np.random.Generator) -> Planted:
    """Three conversions against four among eight hundred."""
    return Planted(Experiment(plan_of(matters=0.02), _won(rng, 0.00375, 0.00125, 800)))


def _too_good(rng: np.random.Generator) -> Planted:
    """Conversion goes from a tenth to a third."""
    return Planted(Experiment(plan_of(matters=0.01), _won(rng, 0.1, 0.23, 2_000)))


def _too_small(rng: np.random.Generator) -> Planted:
    """A gain of a fifth of what matters, found beyond doubt."""
    return Planted(Experiment(plan_of(matters=0.05), _won(rng, 0.1, 0.01, 30_000)))


def _opened(*shares: float) -> Maker:
    def made(rng: np.random.Generator) -> Planted:
        return Planted(Experiment(plan_of(matters=0.03), users(rng, 10_000)), opened=shares)

    return made


def _cut_after(rng: np.random.Generator) -> Planted:
    """Cut by whether the first mail was opened, which came after assignment."""
    rows = users(rng, 8_000)
    rows["opened_mail"] = np.where(rng.random(8_000) < 0.4 + 0.1 * rows["arm"], "yes", "no")
    return Planted(Experiment(plan_of(after_assignment=("opened_mail",)), rows), cuts=("opened_mail",))


def _active_after(rng: np.random.Generator) -> Planted:
    """Only those who scrolled are analysed, and the change itself makes people scroll."""
    rows = users(rng, 8_000)
    rows["scrolled"] = (rng.random(8_000) < 0.6).astype(np.int64)
    plan = plan_of(activation="scrolled", after_assignment=("scrolled",))
    return Planted(Experiment(plan, rows, committed=int(rows["scrolled"].sum())))


def _shared(rng: np.random.Generator) -> Planted:
    """The same people were read for another question last week."""
    return Planted(Experiment(plan_of(matters=0.03), users(rng, 8_000)), shared=True)


def _metrics(rng: np.random.Generator, count: int) -> Experiment:
    rows = users(rng, 4_000)
    extra = []
    for number in range(count):
        rows[f"metric_{number}"] = rng.normal(10, 3, 4_000).round(3)
        extra.append(Metric(name=f"step {number + 1}", kind="mean", column=f"metric_{number}"))
    return Experiment(plan_of(CONVERTED, *extra, matters=0.03), rows)


def _many_unplanned(rng: np.random.Generator) -> Planted:
    """Fifteen metrics and no plan that says which decides."""
    return Planted(_metrics(rng, 14), quick=True)


def _many_planned(rng: np.random.Generator) -> Planted:
    """Ten metrics beside the registered one."""
    return Planted(_metrics(rng, 10))


def _quick(rng: np.random.Generator) -> Planted:
    """A sound file and no plan."""
    return Planted(Experiment(plan_of(matters=0.03), users(rng, 6_000)), quick=True)


def _counts(rng: np.random.Generator) -> Planted:
    """All that is left is a table of two lines."""
    plan = plan_of(matters=0.03, unit=None, segments=(), covariates=(), time_column=None)
    return Planted(Experiment(plan, users(rng, 8_000)), counts=True)


def _bare(rng: np.random.Generator) -> Planted:
    """A file that holds users, arms and outcomes, and nothing from before."""
    rows = users(rng, 6_000)
    plan = plan_of(matters=0.03, segments=(), covariates=(), time_column=None)
    return Planted(Experiment(plan, {name: rows[name] for name in ("user", "arm", "day", "converted")}))


def _bare_ratio(rng: np.random.Generator) -> Planted:
    """Orders a session, whose single users were not kept."""
    plan = plan_of(ORDERS, matters=0.02)
    return Planted(Experiment(plan, users(rng, 8_000)))


def _three_days(rng: np.random.Generator) -> Planted:
    """A test of three days: too short to see whether the effect wears off."""
    return Planted(Experiment(plan_of(matters=0.03), users(rng, 6_000, days=3)))


def _clear_win(rng: np.random.Generator) -> Planted:
    """Twice what matters, in a test of the right size."""
    error = math.sqrt(2 * 0.3 * 0.7 / 6_000)
    rows = users(rng, 12_000, effect=6 * error)
    return Planted(Experiment(plan_of(matters=3 * error), rows))


def _from(made: Callable[[np.random.Generator], Experiment], **more: object) -> Maker:
    return lambda rng: replace(Planted(made(rng)), **more)  # type: ignore[arg-type]


_DROP, _FIRST = DataPolicy(contradictions="drop"), DataPolicy(duplicates="first")

PLANTS: dict[str, Maker] = {
    **{name: _from(fault.made) for name, fault in FAULTS.items() if name != "plan and clusters disagree"},
    **{f"clean: {name}": _from(made) for name, made in CLEAN.items()},
    "clean: clear win": _clear_win,
    "uneven split": _split,
    "uneven split on one device": _split_on_one_device,
    "users in two arms, dropped": _crossed_and_dropped,
    "repeated rows, refused": _repeats(DataPolicy(), 0.01),
    "events instead of users": _repeats(_FIRST, 0.12),
    "shown the other version, refused": _shown_the_other(DataPolicy(), 0.01),
    "shown the other version, dropped": _shown_the_other(_DROP, 0.08),
    "missing evenly": _missing_evenly,
    "learning": _learning,
    "close call": _close_call,
    "three conversions": _fragile,
    "few events": _few_events,
    "too good": _too_good,
    "too small": _too_small,
    "opened once": _opened(0.5),
    "opened five times": _opened(0.2, 0.35, 0.5, 0.65, 0.8),
    "cut by what came after": _cut_after,
    "filtered by what came after": _active_after,
    "same people again": _shared,
    "many metrics, no plan": _many_unplanned,
    "many metrics, planned": _many_planned,
    "no plan": _quick,
    "counts alone": _counts,
    "nothing from before": _bare,
    "ratio": _bare_ratio,
    "three days": _three_days,
}
"""Name -> maker."""
