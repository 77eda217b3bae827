"""The analyses under pressure: 200 small experiments, seeded, that stand on every row of the verdict table.

Effects are built in standard errors of the difference, so that the row an experiment stands on is known by
construction, and not by asking the code that decides.
"""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from typing import Literal

__all__ = ["Analysis", "Kind", "Place", "Situation", "analyses"]

Kind = Literal["proportion", "mean", "ratio"]
Place = Literal["counts", "rows", "typed"]
Situation = Literal[
    "end",
    "sample_ratio",
    "not_yet",
    "opened_early",
    "harm",
    "harm_blinded",
    "guardrail_unsafe",
    "post_hoc",
    "quick",
    "closed_early",
    "attested",
    "closed",
    "not_assessable",
    "gate_waits",
]
"""How an experiment stands: at its committed end, or what else befell it."""


@dataclass(frozen=True)
class Analysis:
    """One experiment, as it is built.

    Attributes:
        number: 1, 2, 3, ...
        row: Row of the verdict table its first treatment stands on.
        situation: How it stands.
        goal: The plan's goal.
        kind: Kind of the deciding metric.
        direction: Which way is better.
        arms: How many arms, control included.
        place: Where its data lies: a file of counts, a file with one row a unit, or typed by hand.
        effects: Per treatment arm, the true difference in the desired direction, in standard errors.
        matters: The minimum effect (or the margin), in standard errors.
        units: Units an arm.
        level: Level of the deciding metric in control.
        seed: Of its noise.
    """

    number: int
    row: str
    situation: Situation
    goal: Literal["superiority", "noninferiority", "aa"]
    kind: Kind
    direction: Literal["increase", "decrease"]
    arms: int
    place: Place
    effects: tuple[float, ...]
    matters: float
    units: int
    level: float
    seed: int

    @property
    def name(self) -> str:
        """Its name in the ledger."""
        return f"test-{self.number:03d}"

    @property
    def planned(self) -> bool:
        """Whether a registered plan stands behind it."""
        return self.situation != "quick"

    @property
    def open(self) -> bool:
        """Whether a further look at a file could show outcomes: planned, at its end or stopped early, not closed."""
        return self.situation not in {"quick", "not_yet", "opened_early", "harm_blinded", "closed"}


@dataclass(frozen=True)
class _Kindred:
    """Analyses of one sort: how many, and what they have in common."""

    count: int
    row: str
    situation: Situation = "end"
    effect: float = 8.0
    matters: float = 3.0
    goal: Literal["superiority", "noninferiority", "aa"] = "superiority"
    kinds: tuple[Kind, ...] = ("proportion", "mean", "ratio")
    places: tuple[Place, ...] = ("counts", "counts", "rows", "typed")


_SORTS = (
    _Kindred(11, "refuted_harmful", effect=-5.0),
    _Kindred(11, "supported"),
    _Kindred(11, "supported_size_unresolved", effect=5.0, matters=6.0),
    _Kindred(11, "too_small", effect=5.0, matters=12.0),
    _Kindred(11, "inconclusive", effect=1.0, matters=2.0),
    _Kindred(11, "refuted_no_effect", effect=0.0, matters=5.0),
    _Kindred(11, "gain_ruled_out", effect=-1.5, matters=3.0),
    _Kindred(8, "not_worse", effect=0.0, matters=5.0, goal="noninferiority"),
    _Kindred(8, "not_shown_not_worse", effect=-2.0, matters=3.0, goal="noninferiority"),
    _Kindred(4, "aa_clean", effect=0.0, goal="aa"),
    _Kindred(4, "aa_different", effect=6.0, goal="aa"),
    _Kindred(12, "invalid", "sample_ratio"),
    _Kindred(14, "not_yet", "not_yet", effect=1.0),
    _Kindred(8, "not_yet", "opened_early", effect=3.0),
    _Kindred(8, "harm", "harm", kinds=("proportion",), places=("counts", "rows")),
    _Kindred(5, "harm", "harm_blinded", kinds=("proportion",), places=("counts", "rows")),
    _Kindred(8, "supported", "guardrail_unsafe", kinds=("proportion",), places=("counts", "rows")),
    _Kindred(9, "exploratory", "post_hoc"),
    _Kindred(9, "exploratory", "quick"),
    _Kindred(8, "exploratory", "closed_early", effect=5.0),
    _Kindred(4, "supported", "attested"),
    _Kindred(4, "inconclusive", "closed", effect=1.0, matters=2.0),
    _Kindred(4, "not_assessable", "not_assessable", kinds=("proportion",)),
    _Kindred(6, "inconclusive", "gate_waits", effect=1.0, matters=2.0, places=("counts", "rows")),
)


def analyses(seed: int = 1) -> tuple[Analysis, ...]:
    """All 200, in an order that mixes the sorts."""
    rng = random.Random(f"pressure:{seed}")  # noqa: S311 - repeatable, not secret
    made = [one for sort in _SORTS for one in _of(sort, rng)]
    rng.shuffle(made)
    return tuple(dataclasses.replace(one, number=number) for number, one in enumerate(made, start=1))


def _of(sort: _Kindred, rng: random.Random) -> list[Analysis]:
    found = []
    for turn in range(sort.count):
        kind = sort.kinds[turn % len(sort.kinds)]
        place: Place = "rows" if kind == "ratio" else sort.places[(turn // len(sort.kinds)) % len(sort.places)]
        arms = 3 if turn % 4 == 3 and sort.goal != "aa" else 2
        units = rng.choice([1500, 2000, 2500] if place == "rows" else [5000, 8000, 20_000])
        effect = sort.effect + rng.uniform(-0.1, 0.1)
        found.append(
            Analysis(
                number=0,
                row=sort.row,
                situation=sort.situation,
                goal=sort.goal,
                kind=kind,
                direction="decrease" if turn % 3 == 1 else "increase",
                arms=arms,
                place=place,
                effects=(effect, 0.0)[: arms - 1],
                matters=sort.matters,
                units=units,
                level={"proportion": 0.3, "mean": 20.0, "ratio": 2.0}[kind],
                seed=rng.randrange(10**9),
            )
        )
    return found
