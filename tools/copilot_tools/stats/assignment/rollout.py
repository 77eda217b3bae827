"""Ramps, holdouts and mutually exclusive experiments: what may change while a test runs, and who may be in it.

A ramp raises coverage only: then every unit that is in stays in, and in its arm. A holdout is cut off by a hash of its
own before any experiment is asked. Experiments that must not share units take slices of one namespace that do not meet.
All three are GrowthBook's arithmetic: a holdout is its experiment with two variations, the first being held out.

References:
    GrowthBook, Build Your Own SDK: getBucketRanges, inNamespace (docs.growthbook.io/lib/build-your-own). Kohavi, Tang &
    Xu (2020), Trustworthy Online Controlled Experiments, chapters 4 (layers), 15 (ramping) and 23 (holdouts).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.assignment.hashing import GRAIN, bucket, buckets
from copilot_tools.stats.assignment.split import Namespace, Split

__all__ = ["Holdout", "RampStep", "assign_outside", "free_slice", "overlaps", "ramp_step"]

THOUSANDTHS = 1000
"""A namespace is cut in these."""


class Holdout(Frozen):
    """Units that no experiment may touch.

    Attributes:
        seed: Of the holdout's own hash; not the seed of an experiment.
        share: Of all units, in [1/10,000, 1).
    """

    seed: Annotated[str, Field(min_length=1, max_length=500)]
    share: Annotated[float, Field(ge=1 / GRAIN, lt=1)]

    def holds(self, unit: str) -> bool:
        """Whether the unit is held out.

        Example:
            >>> [Holdout(seed="2026", share=0.5).holds(f"user-{i}") for i in range(4)]
            [False, True, True, False]
        """
        return bucket(self.seed, unit) < self.share


class RampStep(NamedTuple):
    """What a change of a split does to units, in shares of all places of the hash.

    Attributes:
        stay: In before and after, in the same arm.
        enter: Out before, in after.
        leave: In before, out after.
        move: In both, but in another arm.
    """

    stay: float
    enter: float
    leave: float
    move: float


def assign_outside(holdout: Holdout, split: Split, units: Sequence[str]) -> tuple[str | None, ...]:
    """Each unit's arm; None where it is held out or takes no part.

    Raises:
        Refused: The holdout has the experiment's seed (it would cut off its first arm, not everybody alike), or the
            split refuses.
    """
    if holdout.seed == split.seed:
        raise Refused.because(
            "rollout.one_seed",
            f"Holdout and experiment share the seed {split.seed!r}, so the holdout would be cut out of the first arm.",
            "Give the holdout a seed of its own.",
            name="seed",
            value=split.seed,
        )
    arms = split.assign_all(units)
    held = buckets(holdout.seed, units) < holdout.share if units else ()
    return tuple(None if out else arm for arm, out in zip(arms, held, strict=True))


def ramp_step(before: Split, after: Split) -> RampStep:
    """What happens to units when a running split is changed: exact, place by place.

    Use it before a change goes live. A ramp that is safe has ``leave`` and ``move`` at 0.

    Raises:
        Refused: Seeds, namespaces or the names of arms differ (the two are different experiments), or one of the splits
            cannot be made.

    Example:
        >>> arms = [{"name": "a"}, {"name": "b"}]
        >>> small, large = (Split.model_validate({"seed": "s", "arms": arms, "coverage": c}) for c in (0.1, 0.5))
        >>> ramp_step(small, large)
        RampStep(stay=0.1, enter=0.4, leave=0.0, move=0.0)
    """
    refuse_if_any([*before.problems(), *after.problems(), *_different(before, after)])
    old, new = _arms_of_places(before), _arms_of_places(after)
    stay = sum(a is not None and a == b for a, b in zip(old, new, strict=True))
    enter = sum(a is None and b is not None for a, b in zip(old, new, strict=True))
    leave = sum(a is not None and b is None for a, b in zip(old, new, strict=True))
    move = sum(a is not None and b is not None and a != b for a, b in zip(old, new, strict=True))
    return RampStep(stay=stay / GRAIN, enter=enter / GRAIN, leave=leave / GRAIN, move=move / GRAIN)


def overlaps(slices: Sequence[Namespace]) -> tuple[tuple[int, int, float], ...]:
    """Pairs of slices that share units, by position, with the share of all units they share; none where exclusive.

    Slices of different namespaces are hashed apart and always share units, by the product of their widths.

    Example:
        >>> overlaps([Namespace(name="n", start=0, end=0.5), Namespace(name="n", start=0.4, end=1)])
        ((0, 1, 0.1),)
    """
    found = []
    for i, a in enumerate(slices):
        for j, b in enumerate(slices[i + 1 :], start=i + 1):
            if a.name == b.name:
                shared = max(0, min(_cut(a.end), _cut(b.end)) - max(_cut(a.start), _cut(b.start))) / THOUSANDTHS
            else:
                width = (_cut(a.end) - _cut(a.start)) * (_cut(b.end) - _cut(b.start))
                shared = width / THOUSANDTHS / THOUSANDTHS
            if shared > 0:
                found.append((i, j, shared))
    return tuple(found)


def free_slice(name: str, width: float, taken: Sequence[Namespace]) -> Namespace:
    """The first slice of a namespace that no other experiment has.

    Use it when experiments must exclude each other; a holdout has a hash of its own (``assign_outside``).

    Args:
        name: The namespace.
        width: Share of all units wanted, in (0, 1]; rounded up to thousandths.
        taken: Slices of other experiments; those of other namespaces do not count.

    Raises:
        Refused: No free slice is wide enough; the widest is named.
    """
    # Rounded first: .3 is 299.99... thousandths.
    wanted = math.ceil(round(width * THOUSANDTHS, 6))
    mine = sorted((_cut(s.start), _cut(s.end)) for s in taken if s.name == name)
    reached, widest = 0, 0
    for start, end in (*mine, (THOUSANDTHS, THOUSANDTHS)):
        gap = start - reached
        if 0 < wanted <= gap:
            return Namespace(name=name, start=reached / THOUSANDTHS, end=(reached + wanted) / THOUSANDTHS)
        widest, reached = max(widest, gap), max(reached, end)
    raise Refused.because(
        "rollout.namespace_full",
        f"The namespace {name!r} has no free slice of {width:g}; the widest is {widest / THOUSANDTHS:g}.",
        "Take less, wait for an experiment to end, or use another namespace where sharing units does no harm.",
        name="width",
        value=width,
    )


def _cut(end: float) -> int:
    """How many of the thousand places lie below an end: places are k/1000, and k/1000 < end."""
    return sum(1 for k in range(THOUSANDTHS) if k / THOUSANDTHS < end)


def _arms_of_places(split: Split) -> list[str | None]:
    ranges = tuple(zip(split.arms, split.ranges, strict=True))
    return [next((arm.name for arm, (start, end) in ranges if start <= k / GRAIN < end), None) for k in range(GRAIN)]


def _different(before: Split, after: Split) -> Iterator[Refusal]:
    same = {
        "seed": before.seed == after.seed,
        "namespace": before.namespace == after.namespace,
        "arms": sorted(a.name for a in before.arms) == sorted(a.name for a in after.arms),
    }
    for name in [n for n, equal in same.items() if not equal]:
        yield Refusal(
            code="rollout.another_experiment",
            reason=f"The {name} differ before and after, so units are assigned afresh: this is another experiment.",
            cure="Start a new one, and do not pool it with the old.",
            name=name,
        )
