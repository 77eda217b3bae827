"""How many planted faults are called, and how many clean experiments are: ``python -m faults.score [FAULTS CLEAN]``.

Seeded; every experiment goes the product's own way from a plan and a file to the case for the null.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faults.clean import CLEAN, Maker
from faults.experiments import Experiment, case_of
from faults.plants import FAULTS

__all__ = ["CLEAN", "FAULTS", "SEED", "Experiment", "Row", "case_alarms", "clean", "page", "planted"]

SEED = 5
_EVERY = 10
"""Every tenth experiment is written as CSV, the others as Parquet."""


@dataclass(frozen=True)
class Row:
    """One kind of experiment: how many were made, how many called, and what was raised (the fault's own included)."""

    name: str
    runs: int
    called: int
    raised: Counter[str]

    @property
    def share(self) -> float:
        """Called over made."""
        return self.called / self.runs


def planted(name: str, runs: range) -> Row:
    """How many of a fault's experiments raise a serious or blocking objection of the kind that belongs to it."""
    fault, called, raised = FAULTS[name], 0, Counter[str]()
    for alarms in _alarms(list(FAULTS).index(name), fault.made, runs):
        called += bool(set(alarms) & set(fault.caught_by))
        raised.update(alarms)
    return Row(name, len(runs), called, raised)


def clean(name: str, runs: range) -> Row:
    """How many clean experiments of a shape raise any serious or blocking objection, or are refused."""
    called, raised = 0, Counter[str]()
    for alarms in _alarms(1_000 + list(CLEAN).index(name), CLEAN[name], runs):
        called += bool(alarms)
        raised.update(alarms)
    return Row(name, len(runs), called, raised)


def case_alarms(experiment: Experiment) -> tuple[str, ...]:
    """What one experiment raises: ids of serious and blocking objections, codes of refusals."""
    with tempfile.TemporaryDirectory() as folder:
        return case_of(experiment, Path(folder), "experiment").alarms


def _alarms(kind: int, made: Maker, runs: range) -> Iterator[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            experiment = made(np.random.default_rng([SEED, kind, run]))
            yield case_of(experiment, Path(folder), f"experiment{run}", csv=run % _EVERY == 0).alarms


def page(faults: list[Row], sound: list[Row]) -> str:
    """Both tables as Markdown."""
    lines = ["| fault | planted | detectable because | made | called |", "|---|---|---|---|---|"]
    for row in faults:
        fault = FAULTS[row.name]
        lines.append(f"| {row.name} | {fault.planted} | {fault.detectable} | {row.runs} | {row.share:.1%} |")
    lines += ["", "| clean experiments | made | any serious objection | which |", "|---|---|---|---|"]
    for row in sound:
        which = ", ".join(f"{name} {n}" for name, n in row.raised.most_common(4)) or "none"
        lines.append(f"| {row.name} | {row.runs} | {row.share:.1%} | {which} |")
    made, called = sum(r.runs for r in sound), sum(r.called for r in sound)
    if made:
        lines.append(f"| all | {made} | {called / made:.1%} | |")
    return "\n".join(lines)


if __name__ == "__main__":
    sizes = [int(a) for a in sys.argv[1:3]] or [100, 200]
    first, second = sizes[0], sizes[-1]
    sys.stdout.write(page([planted(f, range(first)) for f in FAULTS], [clean(c, range(second)) for c in CLEAN]) + "\n")
