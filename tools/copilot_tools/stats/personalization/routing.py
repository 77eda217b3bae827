"""Routing audit: was each unit served by the arm its hash gives, whichever model version served it?

A unit must be randomized before anything is routed. Then its logged arm is what the hash says, always; every version
that serves all arms serves them in the configured shares; and nothing measured before differs between arms. A fallback
model, a cache or a router that sees the unit first breaks one of the three.

Alarm levels: logged arms that differ from the hash are no chance: any is a note, from 0.1% of units serious, from 1%
blocking, by the worst version with at least 100 units too. Shares: p < .01 serious, < .001 blocking (Holm over
everyone and versions). Columns measured before: p < .01 a note, < .001 serious (Holm over columns).

References:
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapters 4 and 21. Welch (1951), Biometrika 38.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from copilot_tools.refusals import Refused
from copilot_tools.stats import formats
from copilot_tools.stats.assignment.split import Split
from copilot_tools.stats.inference.goodness import counts_against_weights
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.effects import FEWEST_UNITS, Effect
from copilot_tools.stats.personalization.findings import BalanceBefore, Crossing, RoutingAudit, Severity, VersionAudit
from copilot_tools.stats.personalization.heterogeneity import heterogeneity

__all__ = ["routing_audit"]

_ORDER: tuple[Severity, ...] = ("none", "note", "serious", "blocking")
_ENOUGH = 100
NOBODY = "takes no part"


def routing_audit(
    split: Split,
    units: Sequence[str],
    logged: Sequence[str],
    versions: Sequence[str] | None = None,
    before: Mapping[str, Sequence[float]] | None = None,
) -> RoutingAudit:
    """Recompute every unit's arm and hold the log against it.

    Use it before a test of personalization or of a model is read: routing, caches and fallbacks break randomization.

    Args:
        split: As configured: seed, arms, coverage, namespace.
        units: Ids, exactly as they were hashed; entries that say the same twice count once.
        logged: The arm each was served by. A name that is no arm of the split counts as a mismatch.
        versions: The model version that served each; None where there is one.
        before: Columns measured before exposure, one finite number a unit.

    Raises:
        Refused: No unit, an empty one, lists of different lengths, a number that is not finite, or an impossible split.
    """
    served = [""] * len(units) if versions is None else list(versions)
    columns = dict(before or {})
    _refuse_bad(units, logged, served, columns)
    arms = [arm or NOBODY for arm in split.assign_all(units)]
    kept = list({entry: i for i, entry in reversed(list(enumerate(zip(units, logged, served, strict=True))))}.values())
    kept.reverse()
    crossed = Counter((arms[i], logged[i]) for i in kept if arms[i] != logged[i])
    wrong = sum(crossed.values())
    rate, chance = wrong / len(kept), _chance([arms[i] for i in kept], [logged[i] for i in kept])
    shares_p, by_version = _versions(split, kept, units, arms, logged, served)
    first = list({units[i]: i for i in reversed(kept)}.values())
    balance = _balance(columns, first, arms)
    unrelated = chance > 0 and len(kept) >= FEWEST_UNITS and rate > chance - 3 * math.sqrt(chance / len(kept))
    of_mismatch = max([_of_rate(rate), *(_of_rate(v.rate) for v in by_version if v.units >= _ENOUGH)], key=_ORDER.index)
    ps = [p for p in (shares_p, *(v.shares_p for v in by_version)) if p is not None]
    of_shares: Severity = "none"
    if ps and min(ps) < 0.01:
        of_shares = "blocking" if min(ps) < 0.001 else "serious"
    severity = max([of_mismatch, of_shares, *(b.severity for b in balance)], key=_ORDER.index)
    arms_of_unit: dict[str, set[str]] = {}
    for i in kept:
        arms_of_unit.setdefault(units[i], set()).add(logged[i])
    found = RoutingAudit(
        units=len(kept),
        mismatches=wrong,
        rate=rate,
        chance_rate=chance,
        unrelated=unrelated,
        crossings=tuple(Crossing(assigned=a, logged=b, units=n) for (a, b), n in crossed.most_common()),
        versions=by_version,
        several_arms=sum(len(a) > 1 for a in arms_of_unit.values()),
        shares_p=shares_p,
        balance=balance,
        severity=severity,
        sentence="",
    )
    return found.model_copy(update={"sentence": _sentence(found)})


def _refuse_bad(
    units: Sequence[str], logged: Sequence[str], served: Sequence[str], columns: Mapping[str, Sequence[float]]
) -> None:
    if not units:
        raise Refused.because("audit.no_units", "There is no unit to audit.", "Give the log's units.", name="units")
    for name, found in (("logged", logged), ("versions", served), *columns.items()):
        if len(found) != len(units):
            raise Refused.because(
                "audit.lengths_differ",
                f"{name} has {len(found)} entries for {len(units)} units.",
                "Give one entry a unit, in the same order.",
                name=name,
                value=len(found),
            )
    for name, values in columns.items():
        if not all(map(math.isfinite, values)):
            raise Refused.because(
                "audit.not_finite",
                f"The column {name} holds a value that is no finite number.",
                "Leave the column out, or the units without a value.",
                name=name,
            )


def _chance(arms: Sequence[str], logged: Sequence[str]) -> float:
    """Share of mismatches if log and hash went their own ways, given how often each names each arm."""
    n = len(arms)
    said = Counter(logged)
    return 1 - math.fsum(count / n * said[arm] / n for arm, count in Counter(arms).items())


def _versions(
    split: Split,
    kept: Sequence[int],
    units: Sequence[str],
    arms: Sequence[str],
    logged: Sequence[str],
    served: Sequence[str],
) -> tuple[float | None, tuple[VersionAudit, ...]]:
    """The p-value of everyone's shares, and each version, corrected together."""
    names = [arm.name for arm in split.arms]
    members: dict[str, list[int]] = {}
    for i in kept:
        members.setdefault(served[i], []).append(i)
    whole = _shares_p(split, Counter({units[i]: arms[i] for i in kept}.values()))
    raw: list[float | None] = [whole]
    if len(members) > 1:
        for mine in members.values():
            # A version that serves the treatment alone, as most do, has no shares to keep.
            everywhere = set(names) <= {logged[i] for i in mine}
            raw.append(_shares_p(split, Counter(arms[i] for i in mine)) if everywhere else None)
    else:
        raw.append(None)
    tested = [p for p in raw if p is not None]
    corrected = iter(holm(tested).tolist() if tested else [])
    ps = [None if p is None else next(corrected) for p in raw]
    found = []
    for (version, mine), p in zip(members.items(), ps[1:], strict=True):
        wrong = sum(arms[i] != logged[i] for i in mine)
        found.append(
            VersionAudit(version=version, units=len(mine), mismatches=wrong, rate=wrong / len(mine), shares_p=p)
        )
    return ps[0], tuple(sorted(found, key=lambda v: -v.rate))


def _shares_p(split: Split, counts: Mapping[str, int]) -> float | None:
    seen = [counts.get(arm.name, 0) for arm in split.arms]
    try:
        return counts_against_weights(seen, list(split.shares))
    except Refused:  # too few units to say
        return None


def _balance(
    columns: Mapping[str, Sequence[float]], first: Sequence[int], arms: Sequence[str]
) -> tuple[BalanceBefore, ...]:
    """Welch's test of equal means over the arms, column by column; a column that cannot be tested is left out."""
    raw: list[tuple[str, float]] = []
    for column, values in columns.items():
        groups: dict[str, list[float]] = {}
        for i in first:
            if arms[i] != NOBODY:
                groups.setdefault(arms[i], []).append(values[i])
        effects = [e for g in groups.values() if (e := _mean(g)) is not None]
        if len(effects) > 1 and len(effects) == len(groups):
            raw.append((column, heterogeneity(effects).p_value))
    if not raw:
        return ()
    corrected = holm([p for _, p in raw]).tolist()
    return tuple(
        BalanceBefore(column=name, p_value=p, severity="serious" if p < 0.001 else "note" if p < 0.01 else "none")
        for (name, _), p in zip(raw, corrected, strict=True)
    )


def _mean(values: Sequence[float]) -> Effect | None:
    n = len(values)
    if n < FEWEST_UNITS:
        return None
    mean = math.fsum(values) / n
    variance = math.fsum((x - mean) ** 2 for x in values) / (n - 1) / n
    return Effect(mean, variance, n - 1) if variance > 1e-26 * mean * mean else None


def _of_rate(rate: float) -> Severity:
    return "blocking" if rate >= 0.01 else "serious" if rate >= 0.001 else "note" if rate > 0 else "none"


def _sentence(a: RoutingAudit) -> str:
    if a.unrelated:
        return (
            f"The log has nothing to do with this hash: {formats.share(a.rate)} of {formats.count(a.units)} entries "
            f"differ, as chance would have it ({formats.share(a.chance_rate)}). Check seed, id, weights and "
            "hash version."
        )
    said = (
        f"All {formats.count(a.units)} logged arms are what the hash gives"
        if not a.mismatches
        else f"{formats.count(a.mismatches)} of {formats.count(a.units)} logged arms ({formats.share(a.rate, 2)}) are "
        "not what the hash gives"
    )
    if a.mismatches:
        worst, crossing = a.versions[0], a.crossings[0]
        if worst.version:
            said += f", most under version {worst.version} ({formats.share(worst.rate, 2)})"
        said += f"; most often {crossing.assigned} became {crossing.logged} ({formats.count(crossing.units)})"
    ps = {"everyone": a.shares_p, **{f"version {v.version}": v.shares_p for v in a.versions}}
    off = [f"{name} ({formats.p_value(p)})" for name, p in ps.items() if p is not None and p < 0.01]
    if off:
        said += (
            f". Arms are not in their configured shares in {', '.join(off)}: units were chosen before they were split"
        )
    unlike = [f"{b.column} ({formats.p_value(b.p_value)})" for b in a.balance if b.severity != "none"]
    if unlike:
        said += f". Arms differed before exposure in {', '.join(unlike)}"
    return said + "."
