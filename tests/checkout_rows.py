"""Files of the checkout experiment, as people bring them: small, seeded, with outcomes that can be looked for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

__all__ = ["write_rows"]


def write_rows(
    path: Path,
    successes: Sequence[int],
    units: int,
    *,
    arms: Sequence[str] = ("control", "b"),
    header: str = "user,arm,converted,device",
    seed: int = 7,
) -> Path:
    """One row a unit in random order: ``units`` in each arm, of which so many converted."""
    dice = random.Random(seed)  # noqa: S311 - the same file every time, no secret
    rows = [
        f"u{seed}-{arm}-{i},{arm},{int(i < won)},{dice.choice(('phone', 'desk'))}"
        for arm, won in zip(arms, successes, strict=True)
        for i in range(units)
    ]
    dice.shuffle(rows)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
