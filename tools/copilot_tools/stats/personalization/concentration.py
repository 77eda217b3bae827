"""Where the lift concentrates: which segments carry more of it than their share of units, beyond chance.

The best of many segments always looks special. Three things keep noise from being called concentration: each segment
is tested against all others; segments planned beforehand and segments found in the data are corrected apart (Holm; the
found ones for all that were looked at); and shares of the lift are computed from effects shrunk towards the common one
by as much as chance explains their spread (empirical Bayes).

References:
    Efron & Morris (1975), Data analysis using Stein's estimator and its generalizations, JASA 70. Wang, Lagakos, Ware,
    Hunter & Drazen (2007), Reporting of subgroup analyses in clinical trials, NEJM 357 (planned and post hoc).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats import formats
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.effects import Effect, effect_of_part
from copilot_tools.stats.personalization.findings import Concentration, Heterogeneity, SegmentLift, Standing
from copilot_tools.stats.personalization.given import Segment
from copilot_tools.stats.personalization.heterogeneity import heterogeneity

__all__ = ["concentration"]

CERTAIN = 0.05
"""P-value of the whole lift above which shares of it would be shares of what may be nothing."""


def concentration(segments: Sequence[Segment], *, looked_at: int | None = None, alpha: float = 0.025) -> Concentration:
    """Share out the lift over segments, and say which differ from the rest beyond chance.

    Use it on all segments of one dimension, after the overall effect; a segment picked because it looks best is no
    finding.

    Args:
        segments: A partition of everyone, at least two.
        looked_at: How many segments were looked at in choosing the found ones, listed or not; all found ones if None.
        alpha: Family-wise error rate among planned segments, and again among found ones, in (0, 1). At .025 a lift
            that is the same everywhere is called concentrated in at most 5% of tests.

    Raises:
        Refused: Fewer than two segments, one listed twice, one without a usable effect, or ``looked_at`` below the
            number of found ones listed.
    """
    checks.between("alpha", alpha, 0, 1)
    found = sum(not s.planned for s in segments)
    looked = found if looked_at is None else looked_at
    _refuse_bad(segments, found, looked)
    effects = [effect_of_part(s) for s in segments]
    units = math.fsum(s.units for s in segments)
    weights = [s.units / units for s in segments]
    whole = _combined(weights, effects)
    h = heterogeneity(effects)
    shrunk = [_shrunk(e, h) for e in effects]
    p = _corrected(segments, weights, effects, looked)
    sure = whole.p_value() < CERTAIN
    lift = math.fsum(w * e.value for w, e in zip(weights, effects, strict=True))
    lift_shrunk = math.fsum(w * x for w, x in zip(weights, shrunk, strict=True))
    sure = sure and lift * lift_shrunk > 0
    found_lifts = []
    for i, s in enumerate(segments):
        rest = _rest(i, weights, effects)
        ahead = (effects[i].value - rest.value) * (1 if lift >= 0 else -1)
        standing: Standing = "not told from the rest"
        if p[i] < alpha:
            standing = "more than the rest" if ahead > 0 else "less than the rest"
        found_lifts.append(
            SegmentLift(
                name=s.name,
                planned=s.planned,
                share_of_units=weights[i],
                effect=effects[i].value,
                shrunk=shrunk[i],
                share_of_lift=weights[i] * shrunk[i] / lift_shrunk if sure else None,
                observed_share=weights[i] * effects[i].value / lift if sure else None,
                p_value=p[i],
                standing=standing,
            )
        )
    ahead_of_rest = [s for s in found_lifts if s.standing == "more than the rest"]
    ahead_of_rest.sort(key=lambda s: -(s.share_of_lift or 0.0))
    shares = None if sure else _no_shares(lift, whole)
    return Concentration(
        lift=lift,
        standard_error=whole.standard_error,
        p_value=whole.p_value(),
        heterogeneity=h,
        segments=tuple(found_lifts),
        concentrated=tuple(s.name for s in ahead_of_rest),
        shares=shares,
        sentence=_sentence(ahead_of_rest, found_lifts, looked, shares),
    )


def _refuse_bad(segments: Sequence[Segment], found: int, looked: int) -> None:
    if len(segments) < 2:
        raise Refused.because(
            "concentration.too_few",
            f"There is {len(segments)} segment, but a lift concentrates only among at least two.",
            "Give every segment, the uninteresting ones too: together they are everyone.",
            name="segments",
            value=len(segments),
        )
    names = [s.name for s in segments]
    if twice := next((n for n in names if names.count(n) > 1), None):
        raise Refused.because(
            "concentration.segment_twice",
            f"The segment {twice!r} stands there twice.",
            "Add its figures up: no unit may be in two segments.",
            name="segments",
            value=twice,
        )
    if len({s.control.successes is None for s in segments}) > 1:
        raise Refused.because(
            "concentration.kinds_mixed",
            "Some segments have successes and others a mean, so their lifts do not add up.",
            "Give the same metric in every segment.",
            name="segments",
        )
    if looked < found:
        raise Refused.because(
            "concentration.looked_at_too_few",
            f"looked_at is {looked}, below the {found} segments listed that were not planned.",
            "Count every segment that was looked at, listed or not.",
            name="looked_at",
            value=looked,
        )


def _combined(weights: Sequence[float], effects: Sequence[Effect]) -> Effect:
    """A weighted sum of independent effects, with Satterthwaite's degrees of freedom."""
    terms = [w * w * e.variance for w, e in zip(weights, effects, strict=True)]
    variance = math.fsum(terms)
    inverse = math.fsum((t / variance) ** 2 / e.df for t, e in zip(terms, effects, strict=True))
    value = math.fsum(w * e.value for w, e in zip(weights, effects, strict=True))
    return Effect(value, variance, 1 / inverse if inverse > 0 else math.inf)


def _rest(i: int, weights: Sequence[float], effects: Sequence[Effect]) -> Effect:
    """All other segments together, weighted by units."""
    others = [(w, e) for j, (w, e) in enumerate(zip(weights, effects, strict=True)) if j != i]
    total = math.fsum(w for w, _ in others)
    return _combined([w / total for w, _ in others], [e for _, e in others])


def _corrected(
    segments: Sequence[Segment], weights: Sequence[float], effects: Sequence[Effect], looked: int
) -> list[float]:
    raw = [_combined([1.0, -1.0], [e, _rest(i, weights, effects)]).p_value() for i, e in enumerate(effects)]
    corrected = [1.0] * len(raw)
    for planned in (True, False):
        members = [i for i, s in enumerate(segments) if s.planned == planned]
        # With two segments, one against the rest and the rest against one is the same test.
        tests = [raw[i] for i in members]
        if len(segments) == 2 and len(members) == 2:
            tests = tests[:1]
        unseen = looked - len(members) if not planned else 0
        if tests:
            adjusted = holm([*tests, *[1.0] * unseen]).tolist()
            for at, i in enumerate(members):
                corrected[i] = adjusted[min(at, len(tests) - 1)]
    return corrected


def _shrunk(effect: Effect, h: Heterogeneity) -> float:
    spread = h.tau * h.tau
    kept = spread / (spread + effect.variance)
    return h.pooled + kept * (effect.value - h.pooled)


def _no_shares(lift: float, whole: Effect) -> Refusal:
    return Refusal(
        code="concentration.lift_not_sure",
        reason=f"The lift over everyone, {lift:.4g}, cannot be told from 0 ({formats.p_value(whole.p_value())}), so "
        "shares of it would be shares of noise.",
        cure="Read the segments' own effects, with their correction.",
        name="segments",
        value=lift,
    )


def _sentence(ahead: Sequence[SegmentLift], every: Sequence[SegmentLift], looked: int, shares: Refusal | None) -> str:
    behind = [s for s in every if s.standing == "less than the rest"]
    if not ahead and not behind:
        head = (
            f"No segment's lift can be told from that of the rest ({len(every)} listed, {looked} looked at unplanned)"
        )
        return f"{head}; where it seems to concentrate, chance explains it."
    said = []
    for s in (*ahead, *behind):
        origin = "planned" if s.planned else "found, to be tested anew before anybody acts on it"
        share = "" if s.share_of_lift is None else f" and {formats.share(s.share_of_lift, 0)} of the lift"
        said.append(
            f"{s.name} has {s.standing} ({formats.p_value(s.p_value)} corrected; {origin}): "
            f"{formats.share(s.share_of_units, 0)} of units{share}"
        )
    return "; ".join(said) + "." + (f" {shares.reason}" if shares else "")
