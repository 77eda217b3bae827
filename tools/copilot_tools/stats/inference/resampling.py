"""The seeded bootstrap of a difference or a lift between two arms: percentile, BCa, studentised.

For checking an interval by another road, and for averages no closed form serves (a trimmed mean). Means also run from
aggregates: each arm's sums and counts over a few hundred buckets of its hashed units are enough, so that no unit has to
leave the place it is kept in.

The random numbers are numpy's PCG64 under a seed made from the data and the question: the same figures always give the
same interval, and nobody picks a seed.

References:
    Efron (1987), Better bootstrap confidence intervals, JASA 82 (BCa). Efron & Tibshirani (1993), An Introduction to
    the Bootstrap, chapters 12-14. Hall (1992), The Bootstrap and Edgeworth Expansion, section 3.6 (studentised).
    Chamandy, Muralidharan, Najmi & Naidu (2012), Estimating uncertainty for massive data streams, Google (buckets).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._values import finite_values
from copilot_tools.stats.inference.locations import Location, trimmed_mean, weighted_mean

__all__ = ["Bootstrapped", "Sample", "bootstrap_difference", "seed_of"]

Floats = NDArray[np.float64]
Method = Literal["percentile", "bca", "studentized"]

_FEWEST_VALUES = 10
_FEWEST_VARYING = 10
"""Values of an arm that differ from its median, below which its resamples are too few kinds: with one or two
buyers in an arm BCa misses one difference in seven to one in two, at ten and more about one in ten."""
_FEWEST_BUCKETS = 50
_MOST_WORK = 2_000_000_000
_CHUNK = 4_000_000
"""Values drawn at a time: what one chunk holds in memory is about 64 MB."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One arm's values, or its sums and counts by bucket.

    Attributes:
        values: One a unit; or a bucket's sum over its units.
        counts: A bucket's units; None where every value is a unit.
    """

    values: Floats
    counts: Floats | None = None

    @classmethod
    def of(cls, values: Sequence[float] | Floats, name: str) -> Sample:
        """Values of single units, checked.

        Raises:
            Refused: Fewer than 10, or one is not finite.
        """
        return cls(_checked(values, name, _FEWEST_VALUES, "values"))

    @classmethod
    def of_buckets(cls, sums: Sequence[float] | Floats, counts: Sequence[float] | Floats, name: str) -> Sample:
        """Sums and counts by bucket of hashed units, checked. Two hundred buckets or more; 50 at the least.

        Raises:
            Refused: Too few buckets, sums and counts of different lengths, a count below 0, or no units at all.
        """
        x = _checked(sums, name, _FEWEST_BUCKETS, "buckets")
        n = _checked(counts, name, _FEWEST_BUCKETS, "buckets")
        if len(x) != len(n) or n.min() < 0 or not n.any():
            raise Refused.because(
                "bootstrap.buckets_do_not_match",
                f"{name} has {len(x)} sums and {len(n)} counts; each bucket needs both, a count of at least 0.",
                "Give for each bucket the sum of the metric and the number of units.",
                name=name,
                value=len(n),
            )
        return cls(x, n)


class Bootstrapped(NamedTuple):
    """A bootstrap interval.

    Attributes:
        value: The effect in the data: treatment minus control in the values' unit, or treatment over control minus 1.
        standard_error: Standard deviation of the effect over the resamples, in its unit.
        low: Lower end.
        high: Upper end.
        resamples: How many were drawn.
        seed: The seed they were drawn under.
    """

    value: float
    standard_error: float
    low: float
    high: float
    resamples: int
    seed: int


def seed_of(*parts: Floats | str | float | None) -> int:
    """A seed (53 bits, a whole number in any JSON) made from data and question: the same on every machine.

    Args:
        parts: Arrays (their float64 values, in order), texts and numbers.

    Example:
        >>> seed_of(np.array([1.0, 2.0]), "mean") == seed_of(np.array([1.0, 2.0]), "mean")
        True
    """
    digest = hashlib.sha256()
    for part in parts:
        body = (
            np.ascontiguousarray(part, dtype="<f8").tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
        )
        digest.update(len(body).to_bytes(8, "little") + body)
    return int.from_bytes(digest.digest()[:8], "little") >> 11


def bootstrap_difference(
    control: Sample,
    treatment: Sample,
    *,
    scale: Literal["absolute", "relative"] = "absolute",
    trim: float = 0.0,
    method: Method = "bca",
    alpha: float = 0.05,
    resamples: int = 2000,
    seed: int | None = None,
) -> Bootstrapped:
    """Bootstrap interval of the difference, or the lift, of two arms' means or trimmed means.

    Use it where the closed form is in doubt and single values (or buckets) are at hand. It is no cure for few units:
    a bootstrap cannot resample the large values a small arm has not met, and then errs as Welch's t does; in unequal
    arms of skewed values prefer ``compare_means`` with each arm's skewness. For quantiles there is an interval that
    needs no resampling (``quantiles``).

    Args:
        control: Control's values or buckets.
        treatment: The treatment's.
        scale: "absolute" (treatment minus control) or "relative" (over control, minus 1).
        trim: Share cut off at each end before averaging, in [0, 0.5); single values only. 0 is the mean.
        method: "percentile", "bca" (bias-corrected and accelerated) or "studentized" (bootstrap-t, the most exact in
            skewed values).
        alpha: Error rate over both ends, in (0, 1).
        resamples: How many, from 200 to 100,000; an end needs about 100 / alpha.
        seed: Any whole number of at least 0; by default made from the data and the question.

    Raises:
        Refused: An argument out of range; nothing varies, or fewer than 10 single values of an arm differ from its
            median (rare buyers); control's average is not above 0 in every resample of a
            relative effect; the work would take too long.

    Example:
        >>> import numpy as np
        >>> rng = np.random.Generator(np.random.PCG64(1))
        >>> a, b = (Sample.of(rng.exponential(m, 500), "values") for m in (1.0, 1.3))
        >>> found = bootstrap_difference(a, b)
        >>> found.low < 0.3 < found.high, found == bootstrap_difference(a, b)
        (True, True)
    """
    checks.between("alpha", alpha, 0, 1)
    _check_resamples(resamples, alpha, max(len(control.values), len(treatment.values)))
    place = _location(trim, control, treatment)
    arms = (control, treatment)
    observed = [place.observed(s.values, s.counts) for s in arms]
    if all(o.variance <= 0 for o in observed):
        raise Refused.because(
            "data.no_variance",
            f"Nothing varies within either arm ({observed[0].value:g} in control, {observed[1].value:g} in treatment).",
            "Check that the column is the metric; if it is, report the two levels without an interval.",
            name="variance",
            value=0.0,
        )
    for sample, name in zip(arms, ("control", "treatment"), strict=True):
        _check_varying(sample, name)
    relative = scale == "relative"
    if seed is None:
        parts = [p for s in arms for p in (s.values, s.counts)]
        seed = seed_of(*parts, scale, trim, method, alpha, resamples)
    rng = np.random.Generator(np.random.PCG64(checks.count("seed", seed)))
    drawn = [_drawn(place, s, rng, resamples, studentized=method == "studentized") for s in arms]
    if relative and (observed[0].value <= 0 or drawn[0][0].min() <= 0):
        raise Refused.because(
            "relative.control_near_zero",
            f"Control's average is {observed[0].value:g} and not above 0 in every resample, so an effect relative to "
            "it has no bounded interval.",
            "State the effect in absolute terms.",
            name="control",
            value=observed[0].value,
        )
    (c, vc), (t, vt) = drawn
    effect = _effect(c, t, relative=relative)
    value = float(_effect(observed[0].value, observed[1].value, relative=relative))
    if method == "studentized":
        errors = np.sqrt(_variance(c, t, vc, vt, relative=relative))
        own = math.sqrt(
            float(
                _variance(
                    observed[0].value, observed[1].value, observed[0].variance, observed[1].variance, relative=relative
                )
            )
        )
        low, high = _studentized(effect, errors, value, own, alpha)
    else:
        shares = np.array([alpha / 2, 1 - alpha / 2])
        if method == "bca":
            slopes = _slopes(observed[0].value, observed[1].value, relative=relative)
            pulls = np.concatenate([slope * o.influence for slope, o in zip(slopes, observed, strict=True)])
            shares = _bca(effect, value, pulls, alpha)
        low, high = (float(x) for x in np.quantile(effect, shares))
    return Bootstrapped(value, float(effect.std(ddof=1)), low, high, resamples, seed)


def _check_varying(sample: Sample, name: str) -> None:
    if sample.counts is not None:
        return
    varying = int(np.count_nonzero(sample.values != np.median(sample.values)))
    if varying < _FEWEST_VARYING:
        raise Refused.because(
            "bootstrap.too_few_varying",
            f"Only {varying} of the {len(sample.values):,} values of {name} differ from its median, and a bootstrap "
            f"needs at least {_FEWEST_VARYING}: it can only draw again what was met.",
            "Wait for more units, or use compare_means with each arm's skewness, which widens for what was not met.",
            name=name,
            value=varying,
        )


def _location(trim: float, *samples: Sample) -> Location:
    if not 0 <= checks.finite("trim", trim) < 0.5:
        raise Refused.because(
            "parameter.out_of_range",
            f"trim is {trim}, but must be at least 0 and below 0.5.",
            "Give the share cut off at each end, such as 0.1.",
            name="trim",
            value=trim,
        )
    if trim == 0:
        return weighted_mean()
    if any(s.counts is not None for s in samples):
        raise Refused.because(
            "bootstrap.trim_needs_values",
            "A trimmed mean needs single values; sums by bucket no longer have them.",
            "Give single values, or leave trim at 0.",
            name="trim",
            value=trim,
        )
    return trimmed_mean(trim)


def _drawn(
    place: Location, sample: Sample, rng: np.random.Generator, resamples: int, *, studentized: bool
) -> tuple[Floats, Floats]:
    n = len(sample.values)
    levels, variances = np.empty(resamples), np.zeros(resamples)
    step = max(1, _CHUNK // n)
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        index = rng.integers(0, n, size=(rows, n), dtype=np.int32)
        here = slice(first, first + rows)
        counts = None if sample.counts is None else sample.counts[index]
        levels[here], variances[here] = place.resampled(sample.values[index], counts, spread=studentized)
    return levels, variances


def _effect(c: Floats | float, t: Floats | float, *, relative: bool) -> Floats:
    return np.asarray(t / c - 1 if relative else t - c, dtype=np.float64)


def _slopes(c: float, t: float, *, relative: bool) -> tuple[float, float]:
    return (-t / c / c, 1 / c) if relative else (-1.0, 1.0)


def _variance(
    c: Floats | float, t: Floats | float, vc: Floats | float, vt: Floats | float, *, relative: bool
) -> Floats:
    return np.asarray((vt + (t / c) ** 2 * vc) / c / c if relative else vc + vt, dtype=np.float64)


def _studentized(effect: Floats, errors: Floats, value: float, own: float, alpha: float) -> tuple[float, float]:
    # A resample in which nothing varies is as far away as can be, on its own side.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(errors > 0, (effect - value) / errors, np.sign(effect - value) * np.inf)
    t = np.where(np.isnan(t), 0.0, t)
    low, high = np.quantile(t, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Refused.because(
            "bootstrap.too_many_constant_resamples",
            "In too many resamples nothing varies, so the studentised bootstrap has no bounded interval.",
            'Wait for more units, or use "bca" and say that it rests on few varying values.',
            name="method",
            value="studentized",
        )
    return value - float(high) * own, value - float(low) * own


def _bca(effect: Floats, value: float, pulls: Floats, alpha: float) -> Floats:
    """The shares of the resamples at which the two ends stand."""
    # Half of those exactly at the estimate count as below it, so that ties pull neither way.
    below = float((effect < value).mean() + (effect == value).mean() / 2)
    if not 0 < below < 1:
        raise Refused.because(
            "bootstrap.bias_too_large",
            "All resamples lie on one side of the estimate, so BCa has no interval.",
            'Use "studentized", or wait for more units.',
            name="method",
            value="bca",
        )
    bias = float(special.ndtri(below))
    spread = float((pulls**2).sum())
    acceleration = float((pulls**3).sum()) / 6 / spread**1.5
    z = special.ndtri(np.array([alpha / 2, 1 - alpha / 2]))
    scaled = 1 - acceleration * (bias + z)
    if not scaled.min() > 0:  # NaN too, where squares of the values leave the range of a double
        raise Refused.because(
            "bootstrap.acceleration_too_large",
            f"The values are so skewed (acceleration {acceleration:.2g}) that BCa has no interval at this alpha.",
            'Use "studentized", or wait for more units.',
            name="method",
            value="bca",
        )
    return np.asarray(special.ndtr(bias + (bias + z) / scaled), dtype=np.float64)


def _check_resamples(resamples: int, alpha: float, n: int) -> None:
    if not 200 <= checks.count("resamples", resamples) <= 100_000 or resamples * alpha / 2 < 5:
        raise Refused.because(
            "bootstrap.resamples",
            f"resamples is {resamples}, but must lie between {max(200, math.ceil(10 / alpha))} and 100000 at alpha "
            f"{alpha:g}.",
            f"Give {max(2000, math.ceil(100 / alpha))}.",
            name="resamples",
            value=resamples,
        )
    if resamples * n > _MOST_WORK:
        raise Refused.because(
            "bootstrap.too_much_work",
            f"{resamples} resamples of {n} values are {resamples * n:.1e} draws, more than {_MOST_WORK:.0e}.",
            "Sum the values into a few hundred buckets of hashed units, or draw fewer resamples.",
            name="resamples",
            value=resamples,
        )


def _checked(values: Sequence[float] | Floats, name: str, at_least: int, what: str) -> Floats:
    x = finite_values(values, name)
    if len(x) < at_least:
        raise Refused.because(
            "data.too_few_units",
            f"A bootstrap needs at least {at_least} {what} an arm, but {name} has {len(x)}.",
            "Wait for more units; with few of them use the permutation test.",
            name=name,
            value=len(x),
        )
    return x
