"""Simpson's reversal on published counts, and what is no reversal."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest

from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from copilot_tools.stats.validity.simpson import simpson
from tools.stats.validity.planted import case_of, counts, draw, evidence_of, spec_of

# Charig et al. (1986), BMJ 292:879: successes and operations by size of stone.
KIDNEY = {
    "open surgery": {"small": (81, 87), "large": (192, 263)},
    "pcnl": {"small": (234, 270), "large": (55, 80)},
}
# Bickel, Hammel & O'Connell (1975), six largest departments (R: UCBAdmissions): admitted and applied.
BERKELEY = {
    "men": {"A": (512, 825), "B": (353, 560), "C": (120, 325), "D": (138, 417), "E": (53, 191), "F": (22, 373)},
    "women": {"A": (89, 108), "B": (17, 25), "C": (202, 593), "D": (131, 375), "E": (94, 393), "F": (24, 341)},
}


def _spec(control: str, treatment: str, metric: str, dimension: str) -> AnalysisSpec:
    return AnalysisSpec(
        arms=(Arm(name=control), Arm(name=treatment)),
        control=control,
        metrics=(Metric(name=metric, role="primary", kind="proportion", column=metric),),
        minimum_effect=Effect(size=0.02, scale="absolute"),
        segments=({"column": dimension},),
    )


def test_kidney_stones_reverse_in_both_sizes() -> None:
    """Keyhole surgery wins over all stones and loses among small ones and among large ones."""
    spec = _spec("open surgery", "pcnl", "success", "stone_size")
    found = simpson(spec, counts(KIDNEY, "stone_size", "success"))
    assert found.severity == "serious"
    assert "turns round by stone_size" in found.sentence
    assert "+4.57 points" in found.sentence
    assert "2 of 2 parts point the other way (small and large)" in found.sentence
    assert found.details[0] == ("stone_size = small: pcnl 86.67% of 270, open surgery 93.10% of 87 (−6.44 points).")
    assert found.value == pytest.approx(_mantel_haenszel(KIDNEY), abs=1e-12)
    assert found.units == 343


def test_berkeley_reverses_in_four_departments() -> None:
    """Women are admitted less over all, and not within departments: A, B, D and F point the other way."""
    spec = _spec("men", "women", "admitted", "department")
    found = simpson(spec, counts(BERKELEY, "department", "admitted"))
    assert found.severity == "serious"
    assert "−14.16 points" in found.sentence
    assert "4 of 6 parts point the other way (A, B, D and F)" in found.sentence
    assert len(found.details) == 6
    assert found.value == pytest.approx(_mantel_haenszel(BERKELEY), abs=1e-12)


def _mantel_haenszel(table: dict[str, dict[str, tuple[int, int]]]) -> float:
    """The Mantel-Haenszel risk difference, straight from its definition."""
    control, treatment = table.values()
    top = sum(
        (b[0] * a[1] - a[0] * b[1]) / (a[1] + b[1]) for a, b in zip(control.values(), treatment.values(), strict=True)
    )
    return top / sum(a[1] * b[1] / (a[1] + b[1]) for a, b in zip(control.values(), treatment.values(), strict=True))


@pytest.mark.real_data
def test_the_shipped_folder_tells_the_same(real_data: Path) -> None:
    """The files of the folder of real experiments hold the counts tested here."""
    with (real_data / "berkeley_1973.csv").open() as file:
        rows = list(csv.DictReader(file))
    seen = {
        {"Male": "men", "Female": "women"}[sex]: {
            r["department"]: (int(r["admitted"]), int(r["applied"])) for r in rows if r["applicant"] == sex
        }
        for sex in ("Male", "Female")
    }
    assert seen == BERKELEY
    with (real_data / "kidney_stones.csv").open() as file:
        stones = list(csv.DictReader(file))
    assert sorted((int(r["success"]), int(r["n"])) for r in stones) == sorted(
        itertools.chain.from_iterable(sizes.values() for sizes in KIDNEY.values())
    )


def test_parts_that_differ_in_size_but_not_in_mix_are_no_reversal() -> None:
    """Randomized arms with a strong effect of the segment itself: the whole and the parts agree."""
    spec = spec_of()
    found = case_of(spec, evidence_of(spec, draw(np.random.default_rng(30), effect=0.05)))["simpson"]
    assert found.severity == "none"
    assert "No reversal by device and day" in found.sentence


def test_one_part_against_the_whole_is_a_note() -> None:
    """A treatment that helps two thirds and harms one third is a note that names the part."""
    rng = np.random.default_rng(31)
    units = draw(rng, 20_000)
    rate = 0.3 + units.arm * np.where(units.device == 0, 0.08, -0.08)
    units.columns["visited"] = (rng.random(20_000) < rate).astype(float)
    spec = spec_of()
    found = case_of(spec, evidence_of(spec, units))["simpson"]
    assert found.severity == "note"
    assert "device = desktop" in found.sentence


def test_without_segments_there_is_nothing_to_compare_within() -> None:
    """No segment known before assignment: not assessable, with no number."""
    spec = _spec("open surgery", "pcnl", "success", "stone_size")
    evidence = counts(KIDNEY, "stone_size", "success")
    whole = evidence.model_copy(
        update={
            "units": tuple(u for u in evidence.units if u.slice.whole),
            "cells": tuple(c for c in evidence.cells if c.slice.whole),
        }
    )
    found = simpson(spec, whole)
    assert (found.severity, found.value) == ("not assessable", None)
