"""Many experiments read at once: how many are broken, how many win, and how many still win after correction.

Each experiment is read as three things. **Sample ratio**: the arms' units against equal weights (chi-square; exact
where few units are expected). **Omnibus**: all arms share one proportion (chi-square; where fewer than 5 of the rarer
outcome are expected in an arm, the exact test given both margins). **Win**: the arm with the highest proportion beats
every other one (pooled two-sample z, two-sided p; the exact unconditional test where fewer than 5 are expected), and
the omnibus test passes; its p-value is the largest of all of these.
A claim that several nulls are all false may be made at alpha when each is rejected at alpha (intersection-union), so
no correction is needed inside an experiment. That the best arm was picked by the data is paid for by the two sides:
the worst case is two arms tied at the top, and either of them is declared the winner at alpha / 2.

Over the experiments the wins are corrected: Benjamini-Hochberg (the expected share of false ones among the wins), Holm
and Bonferroni (the chance of even one). The family is every experiment that can be read, those with a broken sample
ratio included: they were run and would have been believed. A win in a broken one is counted apart, for it is no win.

References:
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24 (intersection-union).
    Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments, KDD '19.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, erfc

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.contingency import independence
from copilot_tools.stats.inference.goodness import EXACT_BELOW, SMALLEST_EXPECTED, counts_against_weights
from copilot_tools.stats.inference.multiplicity import benjamini_hochberg, bonferroni, holm
from copilot_tools.stats.inference.omnibus import equal_proportions_by
from copilot_tools.stats.inference.proportion_pairs import null_z
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.inference.tails import p_value
from copilot_tools.stats.sources.many import Group, ManyArms

__all__ = ["ManyTests", "OneTest", "SampleRatioCount", "Wins", "read_tests"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Progress = Callable[[int, int], object]

_BLOCK = 128  # experiments between two reports of progress


class OneTest(Frozen):
    """One experiment of many.

    Attributes:
        test: Its name.
        arms: Number of arms.
        units: Units over all arms; None where they cannot be read.
        in_group: Whether it lies in the group; None where that is not known or no group was asked for.
        sample_ratio_p: Chance of a split at least this uneven under equal weights; None where refused.
        sample_ratio_failed: Whether that is below the threshold; None where refused.
        omnibus_p: Chance of differences at least this large when all arms are equal; None where refused.
        best: The arm with the highest proportion; None where refused.
        best_rate: Its proportion, as a share.
        next_rate: The highest proportion among the others, as a share.
        win_p: p-value of "``best`` beats every other arm and the omnibus test passes"; None where refused.
        win_p_bh: The same, adjusted over all experiments (Benjamini-Hochberg).
        win_p_holm: The same, adjusted by Holm.
        wins: Whether ``win_p`` is at most alpha: a win before any correction.
        problems: Why it, or its outcome, cannot be read.
    """

    test: str
    arms: int
    units: int | None = None
    in_group: bool | None = None
    sample_ratio_p: float | None = None
    sample_ratio_failed: bool | None = None
    omnibus_p: float | None = None
    best: str | None = None
    best_rate: float | None = None
    next_rate: float | None = None
    win_p: float | None = None
    win_p_bh: float | None = None
    win_p_holm: float | None = None
    wins: bool | None = None
    problems: tuple[Refusal, ...] = ()


class SampleRatioCount(Frozen):
    """How many of some experiments fail the sample ratio.

    Attributes:
        where: "everywhere", "inside" the group, "outside" it, or "not known".
        tests: Experiments whose sample ratio can be read.
        failed: Those whose p-value is below the threshold.
        share: ``failed`` over ``tests``.
    """

    where: str
    tests: int
    failed: int
    share: float


class Wins(Frozen):
    """How many experiments win, by correction.

    Attributes:
        uncorrected: At alpha each.
        benjamini_hochberg: False discovery rate at alpha.
        holm: Family-wise error rate at alpha.
        bonferroni: Family-wise error rate at alpha.
    """

    uncorrected: int
    benjamini_hochberg: int
    holm: int
    bonferroni: int


class ManyTests(Frozen):
    """Many experiments, read.

    Attributes:
        source: The file's name.
        digest: SHA-256 of its bytes.
        alpha: Level of the wins.
        sample_ratio_alpha: Below this p-value a sample ratio has failed.
        found: Experiments in the file.
        read: Experiments whose outcome could be read: the family that is corrected over.
        refused: Experiments that could not be read, or not their outcome.
        arms: Arms over all experiments.
        rows_without_test: Rows that name no experiment; they were left out.
        group: What sets some experiments apart, as people read it; "" for nothing.
        failed_sample_ratio: Failures everywhere, and inside and outside the group.
        wins: Experiments that win.
        wins_broken: Those of them whose sample ratio failed: a win of theirs is none.
        false_wins_at_most: Uncorrected wins to expect at most if nothing ever differed: alpha x ``read``.
        tests: Every experiment, in order of appearance.
    """

    source: str
    digest: str
    alpha: float
    sample_ratio_alpha: float
    found: int
    read: int
    refused: int
    arms: int
    rows_without_test: int
    group: str
    failed_sample_ratio: tuple[SampleRatioCount, ...]
    wins: Wins
    wins_broken: Wins
    false_wins_at_most: float
    tests: tuple[OneTest, ...]

    def sample_ratio(self, where: str) -> SampleRatioCount | None:
        """The count for "everywhere", "inside", "outside" or "not known"; None where there is no such experiment."""
        return next((c for c in self.failed_sample_ratio if c.where == where), None)


def read_tests(
    arms: ManyArms,
    *,
    group: Group | None = None,
    alpha: float = 0.05,
    sample_ratio_alpha: float = 0.001,
    progress: Progress | None = None,
) -> ManyTests:
    """Read every experiment, then correct over all of them.

    Args:
        arms: What ``sources.many.read_many`` brought back.
        group: The group it was read with, to name it.
        alpha: Level of a win, in (0, 1).
        sample_ratio_alpha: Threshold of the sample ratio, in (0, 1).
        progress: Called with (experiments done, experiments in all), now and then and at the end.

    Raises:
        Refused: A level is out of range, or not one experiment's outcome can be read.
    """
    checks.between("alpha", alpha, 0, 1)
    checks.between("sample_ratio_alpha", sample_ratio_alpha, 0, 1)
    rows: list[OneTest] = []
    starts = np.searchsorted(arms.test, np.arange(len(arms.tests) + 1)).astype(np.intp)
    for first in range(0, len(arms.tests), _BLOCK):
        last = min(first + _BLOCK, len(arms.tests))
        rows.extend(_block(arms, starts, first, last, alpha, sample_ratio_alpha))
        if progress is not None:
            progress(last, len(arms.tests))
    read = [i for i, row in enumerate(rows) if row.win_p is not None]
    if not read:
        reasons = [problem for row in rows for problem in row.problems]
        raise Refused(
            Refusal(
                code="many.nothing_readable",
                reason=f"None of the {len(rows):,} experiments in {arms.name} can be read.",
                cure="Check the columns; the first reasons follow.",
                name="by",
                value=len(rows),
            ),
            *reasons[:10],
        )
    p = np.array([rows[i].win_p for i in read], dtype=np.float64)
    by_bh, by_holm, by_bonferroni = benjamini_hochberg(p), holm(p), bonferroni(p)
    for k, i in enumerate(read):
        rows[i] = rows[i].model_copy(update={"win_p_bh": float(by_bh[k]), "win_p_holm": float(by_holm[k])})
    broken = np.array([rows[i].sample_ratio_failed is True for i in read])
    adjusted = (p, by_bh, by_holm, by_bonferroni)
    return ManyTests(
        source=arms.name,
        digest=arms.digest,
        alpha=alpha,
        sample_ratio_alpha=sample_ratio_alpha,
        found=len(rows),
        read=len(read),
        refused=len(rows) - len(read),
        arms=len(arms.arm),
        rows_without_test=arms.rows_without_test,
        group=group.text if group else "",
        failed_sample_ratio=tuple(_sample_ratios(rows, grouped=group is not None)),
        wins=_wins(alpha, *adjusted),
        wins_broken=_wins(alpha, *(values[broken] for values in adjusted)),
        false_wins_at_most=alpha * len(read),
        tests=tuple(rows),
    )


def _block(
    arms: ManyArms, starts: Codes, first: int, last: int, alpha: float, sample_ratio_alpha: float
) -> Iterable[OneTest]:
    """Read experiments ``first`` to ``last``: every array below has one place an arm, or one an experiment."""
    sound = [i for i in range(first, last) if i not in arms.problems]
    at = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in sound]) if sound else np.empty(0, np.intp)
    sizes = np.diff(starts)[sound] if sound else np.empty(0, np.intp)
    code = np.repeat(np.arange(len(sound)), sizes)
    n, successes = arms.n[at], arms.successes[at]
    units = np.bincount(code, weights=n, minlength=len(sound)).astype(np.float64)
    ratio_p = _equal_split_p(n, code, units, sizes.astype(np.float64))
    _, _, omnibus_p, expected = equal_proportions_by(successes, n, code, len(sound))
    best, next_rate, beaten_p = _best(successes, n, code, len(sound))
    uneven = _few_units(n, code, units / np.maximum(sizes, 1), ratio_p)
    unread = _few_events(successes, n, code, expected, best, omnibus_p, beaten_p)
    results: dict[int, OneTest] = {}
    for k, i in enumerate(sound):
        row: dict[str, object] = {"units": int(units[k]), "problems": (*uneven.get(k, ()), *unread.get(k, ()))}
        if k not in uneven:
            failed = bool(ratio_p[k] < sample_ratio_alpha)
            row |= {"sample_ratio_p": float(ratio_p[k]), "sample_ratio_failed": failed}
        if np.isnan(omnibus_p[k]):
            row["problems"] = (_no_variation(arms.tests[i], float(successes[code == k].sum())),)
        elif k not in unread:
            win_p = max(float(omnibus_p[k]), float(beaten_p[k]))
            row |= {
                "omnibus_p": float(omnibus_p[k]),
                "best": arms.arm[int(at[best[k]])],
                "best_rate": float(successes[best[k]] / n[best[k]]),
                "next_rate": float(next_rate[k]),
                "win_p": win_p,
                "wins": win_p <= alpha,
            }
        results[i] = OneTest.model_validate(_identity(arms, starts, i) | row)
    for i in range(first, last):
        yield results.get(i) or OneTest.model_validate(
            _identity(arms, starts, i) | {"problems": tuple(arms.problems[i])}
        )


def _identity(arms: ManyArms, starts: Codes, i: int) -> dict[str, object]:
    return {
        "test": arms.tests[i],
        "arms": int(starts[i + 1] - starts[i]),
        "in_group": None if arms.position[i] < 0 else bool(arms.position[i] > 0),
    }


def _equal_split_p(n: Floats, code: Codes, units: Floats, sizes: Floats) -> Floats:
    expected = (units / sizes)[code]
    statistic = np.bincount(code, weights=(n - expected) ** 2 / expected, minlength=len(units))
    return np.asarray(chdtrc(sizes - 1.0, statistic), dtype=np.float64)


def _few_units(n: Floats, code: Codes, expected: Floats, p: Floats) -> dict[int, tuple[Refusal, ...]]:
    """Replace, in place, the p-values of splits with few units by exact ones; those no exact test can reach."""
    refused: dict[int, tuple[Refusal, ...]] = {}
    for k in np.flatnonzero(expected < EXACT_BELOW):
        counts = [round(x) for x in n[code == k]]
        if len(counts) > 2 and expected[k] >= SMALLEST_EXPECTED:
            continue
        try:
            p[k] = counts_against_weights(counts, [1.0] * len(counts))
        except Refused as problem:
            refused[int(k)] = problem.refusals
    return refused


def _few_events(
    successes: Floats, n: Floats, code: Codes, expected: Floats, best: Codes, omnibus_p: Floats, beaten_p: Floats
) -> dict[int, tuple[Refusal, ...]]:
    """The same for outcomes with fewer than 5 of the rarer one expected in an arm."""
    refused: dict[int, tuple[Refusal, ...]] = {}
    for k in np.flatnonzero((expected < SMALLEST_EXPECTED) & ~np.isnan(omnibus_p)):
        at = np.flatnonzero(code == k)
        counts = {int(i): Counts(round(successes[i]), round(n[i])) for i in at}
        top = counts[int(best[k])]
        try:
            omnibus_p[k] = independence([[c.successes, c.n - c.successes] for c in counts.values()]).p_value
            beaten_p[k] = max(_beaten_p(top, other) for i, other in counts.items() if i != best[k])
        except Refused as problem:
            refused[int(k)] = problem.refusals
    return refused


def _beaten_p(top: Counts, other: Counts) -> float:
    """Two-sided p-value of one arm against another; 1 where they do not differ at all."""
    z = null_z(other, top)
    return 1.0 if z is None else p_value(z)


def _best(successes: Floats, n: Floats, code: Codes, groups: int) -> tuple[Codes, Floats, Floats]:
    """Per experiment: place of its best arm, the next best proportion, the largest p of best against every other."""
    rate = successes / n
    order = np.lexsort((-rate, code))  # experiment after experiment, best arm first; ties in the file's order
    heads = np.searchsorted(code, np.arange(groups))
    best = order[heads].astype(np.intp)
    next_rate = rate[order[heads + 1]]
    top = best[code]
    pooled = (successes + successes[top]) / (n + n[top])
    variance = pooled * (1 - pooled) * (1 / n + 1 / n[top])
    gap = rate[top] - rate
    # Equal proportions differ by z = 0 exactly, also where both are 0 or both 1 and the variance is 0 as well.
    z = np.divide(gap, np.sqrt(variance), out=np.zeros_like(gap), where=gap > 0)
    p = np.asarray(erfc(z / np.sqrt(2.0)), dtype=np.float64)
    p[best] = 0.0
    largest = np.zeros(groups)
    np.maximum.at(largest, code, p)
    return best, next_rate, largest


def _no_variation(test: str, successes: float) -> Refusal:
    return Refusal(
        code="many.no_variation",
        reason=f"{test!r}: {'no unit' if successes == 0 else 'every unit'} of any arm succeeded, so no arm is best.",
        cure="Wait for more units, or check the column of successes. Its sample ratio is still read.",
        name="successes",
        value=successes,
    )


def _sample_ratios(rows: list[OneTest], *, grouped: bool) -> Iterable[SampleRatioCount]:
    parts: list[tuple[str, list[OneTest]]] = [("everywhere", rows)]
    if grouped:
        parts.extend(
            (where, [row for row in rows if row.in_group is inside])
            for where, inside in (("inside", True), ("outside", False), ("not known", None))
        )
    for where, some in parts:
        checked = [row for row in some if row.sample_ratio_failed is not None]
        if checked:
            failed = sum(row.sample_ratio_failed is True for row in checked)
            yield SampleRatioCount(where=where, tests=len(checked), failed=failed, share=failed / len(checked))


def _wins(alpha: float, p: Floats, by_bh: Floats, by_holm: Floats, by_bonferroni: Floats) -> Wins:
    return Wins(
        uncorrected=int((p <= alpha).sum()),
        benjamini_hochberg=int((by_bh <= alpha).sum()),
        holm=int((by_holm <= alpha).sum()),
        bonferroni=int((by_bonferroni <= alpha).sum()),
    )
