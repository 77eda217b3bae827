"""Many running results watched at once: how many cross at some look, judged plainly and by a sequence.

A stream is one metric in one arm of one test, told as levels and variances at each look so far. Judged by 1.96 at every
look far more streams cross at some time than are significant at the end; an interval that holds at every look does not
mind how often it is looked at.

References:
    Liu, Cardoso, Couturier & McCoy (2021), Datasets for online controlled experiments, NeurIPS Datasets and Benchmarks.
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Annals of Statistics 52 (the sequence).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.always_valid import DEFAULT_HORIZON, MIN_UNITS, always_valid_critical
from copilot_tools.stats.inference.tails import critical_value

__all__ = ["StreamLook", "StreamRead", "StreamsCount", "count_streams", "read_stream"]


class StreamLook(NamedTuple):
    """Both arms of one stream at one look, cumulative.

    Attributes:
        n_control: Units.
        n_treatment: Units.
        mean_control: In the metric's unit.
        mean_treatment: In the metric's unit.
        variance_control: Of single units (divisor n - 1), in the metric's unit squared.
        variance_treatment: Likewise.
    """

    n_control: float
    n_treatment: float
    mean_control: float
    mean_treatment: float
    variance_control: float
    variance_treatment: float


class StreamRead(Frozen):
    """One stream, judged at all its looks.

    Attributes:
        looks: Looks that could be judged: at least 30 units an arm and some variance.
        last_z: Estimate over standard error at the last one.
        plain_ever: Whether the plain interval excludes no effect at some look.
        plain_last: Whether it does at the last.
        valid_ever: Whether the always-valid interval does at some look.
        crossings: How often the plain judgement changes from one look to the next.
    """

    looks: int
    last_z: float
    plain_ever: bool
    plain_last: bool
    valid_ever: bool
    crossings: int


class StreamsCount(Frozen):
    """Many streams.

    Attributes:
        streams: Streams that could be judged.
        refused: Name and first refusal of each stream that could not be.
        plain_ever: Of them, significant at some look, judged plainly.
        plain_last: Significant at the last look, judged plainly.
        valid_ever: Excluded at some look by the always-valid interval.
    """

    streams: int
    refused: tuple[tuple[str, Refusal], ...]
    plain_ever: int
    plain_last: int
    valid_ever: int


def read_stream(looks: Sequence[StreamLook], *, alpha: float = 0.05, horizon: float = DEFAULT_HORIZON) -> StreamRead:
    """Judge one stream at all its looks, two-sided.

    Use it to see what peeking did, or would have done, to a test that was recorded look by look.

    Args:
        looks: In order; counts may not fall.
        alpha: Error rate of either judgement, in (0, 1).
        horizon: Units over both arms at which the always-valid interval is tightest, above 0; set before the data.

    Raises:
        Refused: No look can be judged, counts fall, or a figure is impossible.
    """
    plain = critical_value(alpha)
    judged: list[tuple[float, bool, bool]] = []
    before: StreamLook | None = None
    for i, look in enumerate(looks, start=1):
        z = _z(look, before, i)
        before = look
        if z is not None:
            critical = always_valid_critical(look.n_control + look.n_treatment, horizon, alpha)
            judged.append((z, abs(z) > plain, abs(z) > critical))
    if not judged:
        raise Refused.because(
            "streams.nothing_to_judge",
            f"None of the {len(looks)} looks has {MIN_UNITS} units in each arm and a variance above 0.",
            "Wait for more units, or leave the stream out.",
            name="looks",
            value=len(looks),
        )
    calls = [call for _, call, _ in judged]
    return StreamRead(
        looks=len(judged),
        last_z=judged[-1][0],
        plain_ever=any(calls),
        plain_last=calls[-1],
        valid_ever=any(valid for _, _, valid in judged),
        crossings=sum(a != b for a, b in pairwise(calls)),
    )


def count_streams(
    streams: Mapping[str, Sequence[StreamLook]], *, alpha: float = 0.05, horizon: float = DEFAULT_HORIZON
) -> StreamsCount:
    """How many of many streams cross; streams that cannot be judged are told apart, each with its refusal.

    Use it to see, over all tests that ran, what looking again and again does.

    Args:
        streams: Name -> looks, as ``read_stream`` takes them.
        alpha: Error rate of each judgement, in (0, 1).
        horizon: As in ``read_stream``, the same for all.

    Raises:
        Refused: ``alpha`` or ``horizon`` is out of range.
    """
    read: list[StreamRead] = []
    left_out: list[tuple[str, Refusal]] = []
    checks.between("alpha", alpha, 0, 1)
    checks.positive("horizon", horizon)
    for name, looks in streams.items():
        try:
            read.append(read_stream(looks, alpha=alpha, horizon=horizon))
        except Refused as refused:
            left_out.append((name, refused.refusals[0]))
    return StreamsCount(
        streams=len(read),
        refused=tuple(left_out),
        plain_ever=_count(r.plain_ever for r in read),
        plain_last=_count(r.plain_last for r in read),
        valid_ever=_count(r.valid_ever for r in read),
    )


def _count(which: Iterable[bool]) -> int:
    return sum(which)


def _z(look: StreamLook, before: StreamLook | None, at: int) -> float | None:
    for name, value in look._asdict().items():
        if checks.finite(f"{name} of look {at}", value) < 0 and not name.startswith("mean"):
            checks.positive(f"{name} of look {at}", value)
    if before is not None and (look.n_control < before.n_control or look.n_treatment < before.n_treatment):
        raise Refused.because(
            "looks.not_cumulative",
            f"Look {at} has fewer units in an arm than the one before.",
            "Give cumulative counts, in the order in which the looks were taken.",
            name="looks",
            value=at,
        )
    if min(look.n_control, look.n_treatment) < MIN_UNITS:
        return None
    error = look.variance_control / look.n_control + look.variance_treatment / look.n_treatment
    return (look.mean_treatment - look.mean_control) / math.sqrt(error) if error > 0 else None
