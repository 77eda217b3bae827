"""One treated unit (a market, a state) and several untreated ones over time: what would it have been untreated?

Synthetic control weighs the untreated units, with weights of 0 or more that sum to 1, so that their mean followed the
treated one before; what they did afterwards is the answer. Difference-in-differences weighs them alike and forgives a
constant gap. Neither has a standard error from randomization: every untreated unit is put in the treated one's place,
and the treated one must stand out among these placebos.

References:
    Abadie, Diamond & Hainmueller (2010), Synthetic control methods for comparative case studies, JASA 105 (placebos,
    ratio of prediction errors). Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), Synthetic
    difference-in-differences, AER 111, table 1. Card & Krueger (1994), AER 84 (difference-in-differences).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference._values import finite_values

__all__ = ["Placebos", "SyntheticControl", "synthetic_control"]

Floats = npt.NDArray[np.float64]

_FEWEST = 3


class Placebos(Frozen):
    """Every untreated unit in the treated one's place.

    Attributes:
        units: How many placebos.
        effects: Each one's effect by the same method, in the outcome's unit, in the order given.
        sd: Their root mean square: what the method finds where there is nothing.
        p_value: Share of all units, the treated one included, that stand out at least as far as it does.
        smallest_p: The smallest p-value that so many units allow.
    """

    units: int
    effects: tuple[float, ...]
    sd: float
    p_value: float
    smallest_p: float


class SyntheticControl(Frozen):
    """The effect on one treated unit, by two methods.

    Attributes:
        effect: Mean over the later periods of treated minus synthetic control, in the outcome's unit.
        gaps: Treated minus synthetic control, period by period.
        weights: Each untreated unit's weight, in the order given.
        fit: Root mean squared gap before treatment, in the outcome's unit.
        inside: Whether the synthetic control follows the treated unit before (fit at most a fifth of its spread over
            time and units); where it does not, the effect is not to be trusted.
        placebos: Ranked by the ratio of the gaps after to the gaps before (Abadie et al.).
        did: Difference-in-differences against the mean of all untreated units.
        did_placebos: Ranked by the size of the effect.
    """

    effect: float
    gaps: tuple[float, ...]
    weights: tuple[float, ...]
    fit: float
    inside: bool
    placebos: Placebos
    did: float
    did_placebos: Placebos


def synthetic_control(treated: Sequence[float], untreated: Sequence[Sequence[float]], before: int) -> SyntheticControl:
    """Estimate what a change did to the one unit that got it.

    Use it where nothing could be randomized: a campaign in one region, a law in one state. A randomized test is better
    wherever it is possible.

    Args:
        treated: The treated unit's outcome in each period, in any unit.
        untreated: The same of each unit that never got the change; at least 3.
        before: Periods before the change, at least 2 and fewer than all.

    Raises:
        Refused: Too few units or periods, series of unequal length, or a value that is not finite; or nothing varies.
    """
    y = finite_values(treated, "treated")
    periods = len(y)
    if len(untreated) < _FEWEST:
        raise _refused("donors", len(untreated), f"at least {_FEWEST} untreated units are needed")
    if not 2 <= before < periods:
        raise _refused("before", before, f"it must be at least 2 and below the {periods} periods there are")
    rows = [finite_values(row, f"untreated {i}") for i, row in enumerate(untreated, start=1)]
    for i, row in enumerate(rows, start=1):
        if len(row) != periods:
            raise _refused(f"untreated {i}", len(row), f"the treated unit has {periods} periods")
    table = np.vstack([y, *rows])
    centre = float(table.mean())
    scale = float(np.abs(table - centre).max())
    if scale <= 1e-12 * abs(centre):
        raise _refused("values", centre, "all values are the same, so nothing can be learned from them")
    # Weights sum to 1, so level and unit may be taken out: fits of 1e9 and of 1e-9 are as exact.
    table = (table - centre) / scale
    weights = _weights(table[0, :before], table[1:, :before])
    gaps = table[0] - weights @ table[1:]
    fit = _rms(gaps[:before])
    ratios, effects, dids = [], [], []
    for i in range(len(table)):
        others = np.delete(table, [0, i], axis=0)
        gap = gaps if i == 0 else table[i] - _weights(table[i, :before], others[:, :before]) @ others
        if i == 0:
            others = table[1:]
        ratios.append(_ratio(gap, before))
        effects.append(float(gap[before:].mean()))
        dids.append(_did(table[i], others, before))
    sizes = np.abs(dids)
    return SyntheticControl(
        effect=effects[0] * scale,
        gaps=tuple((gaps * scale).tolist()),
        weights=tuple(weights.tolist()),
        fit=fit * scale,
        inside=fit <= 0.2 * float(table[:, :before].std()),
        placebos=_placebos(effects, np.asarray(ratios), scale),
        did=dids[0] * scale,
        did_placebos=_placebos(dids, sizes, scale),
    )


def _weights(target: Floats, donors: Floats) -> Floats:
    """Weights of 0 or more that sum to 1, whose mean of ``donors`` is nearest to ``target``."""
    from scipy.optimize import nnls  # noqa: PLC0415 - .7 s to import, and only this needs it

    # With u = s w the least of |D u|^2 + (sum u - 1)^2 is at the simplex' own least of |D w|^2: exact, no penalty.
    differences = (donors - target).T
    system = np.vstack([differences, np.ones(len(donors))])
    found = np.asarray(nnls(system, np.append(np.zeros(len(target)), 1.0))[0], dtype=np.float64)
    return np.asarray(found / found.sum(), dtype=np.float64)


def _did(treated: Floats, others: Floats, before: int) -> float:
    change = treated - others.mean(axis=0)
    return float(change[before:].mean() - change[:before].mean())


def _ratio(gaps: Floats, before: int) -> float:
    # Rounding is no fit: a perfect one counts as good to about 1e-9 of the outcome's spread.
    return _rms(gaps[before:]) / max(_rms(gaps[:before]), 1e-9)


def _rms(x: Floats) -> float:
    return math.sqrt(float(x @ x) / len(x))


def _placebos(effects: list[float], standing_out: Floats, scale: float) -> Placebos:
    rest = np.asarray(effects[1:])
    units = len(standing_out)
    at_least = int((standing_out >= standing_out[0] * (1 - 1e-9)).sum())
    return Placebos(
        units=len(rest),
        effects=tuple((rest * scale).tolist()),
        sd=_rms(rest) * scale,
        p_value=at_least / units,
        smallest_p=1 / units,
    )


def _refused(name: str, value: float, bound: str) -> Refused:
    return Refused.because(
        "synthetic_control.data",
        f"{name} is {value:g}, but {bound}.",
        "Give one outcome a period for the treated unit and for every untreated one.",
        name=name,
        value=value,
    )
