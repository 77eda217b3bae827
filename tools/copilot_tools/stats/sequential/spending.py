"""Error spending: how much of the error rate may be used up by the time a share of the information is in.

A spending function, not a list of looks, is what is fixed beforehand: looks may then come earlier, later or more often
than planned, as long as their timing does not follow the effects seen.

References:
    Lan & DeMets (1983), Discrete sequential boundaries for clinical trials, Biometrika 70.
    Kim & DeMets (1987), Design and analysis of group sequential tests based on the type I error spending rate
    function, Biometrika 74.
    Hwang, Shih & DeCani (1990), Group sequential designs using a family of type I error probability spending
    functions, Statistics in Medicine 9.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator
from scipy import special

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused

__all__ = ["WHOLE", "Family", "Spending"]

WHOLE = 1 - 1e-9
"""From this share of the information on, a look is the last one."""

Family = Literal[
    "obrien-fleming-per-side", "obrien-fleming-two-sided", "pocock", "hwang-shih-decani", "power", "implied"
]

_BOUNDS = {"hwang-shih-decani": (-40.0, 40.0), "power": (0.01, 20.0)}


class Spending(Frozen):
    """A spending function.

    Use an O'Brien-Fleming-like function where a test should stop early only for a striking result and lose almost
    nothing at its end; a Pocock-like one where an early stop is worth a longer test; Hwang-Shih-DeCani (-4 is near
    O'Brien-Fleming, 1 near Pocock) or power (3 near O'Brien-Fleming, 1 even) for anything in between.

    Two conventions go by the name of O'Brien-Fleming and are not interchangeable (first of two looks at a two-sided
    5%: 2.963 against 2.772). *Per side* spends 2 - 2 Phi(z(a/2) / sqrt(t)) with a = alpha/2 on each side, as gsDesign,
    rpact and ldbounds do; *two-sided* spends it with a = alpha over both sides together, as Jennison and Turnbull do.
    With one side they agree.

    Attributes:
        family: Which function. "implied" goes straight through ``knots``: the error that fixed boundaries use up.
        parameter: Gamma of Hwang-Shih-DeCani, in [-40, 40]; rho of the power family, in [0.01, 20]; else None.
        knots: For "implied": (share of the information, share of the error), both increasing to 1.
    """

    family: Family = "obrien-fleming-per-side"
    parameter: float | None = None
    knots: tuple[tuple[float, float], ...] = Field(default=())

    @model_validator(mode="after")
    def _fits(self) -> Spending:
        bounds = _BOUNDS.get(self.family)
        if bounds is None and self.parameter is not None:
            raise ValueError(f"{self.family} spending takes no parameter")
        if bounds is not None:
            if self.parameter is None:
                raise ValueError(f"{self.family} spending needs a parameter between {bounds[0]:g} and {bounds[1]:g}")
            if not bounds[0] <= self.parameter <= bounds[1]:
                raise ValueError(f"the parameter is {self.parameter:g}, not between {bounds[0]:g} and {bounds[1]:g}")
        if (self.family == "implied") != bool(self.knots):
            raise ValueError("knots belong to implied spending, and to no other")
        for (t0, a0), (t1, a1) in pairwise(((0.0, 0.0), *self.knots)):
            if t1 <= t0 or a1 < a0:
                raise ValueError("knots must increase")
        if self.knots and (self.knots[-1][0] < 1 or abs(self.knots[-1][1] - 1) > 1e-12):
            raise ValueError("the last knot must spend everything at the end")
        return self

    @property
    def convention(self) -> str:
        """The function in a line, as a report should name it."""
        p = "" if self.parameter is None else f"{self.parameter:g}"
        return {
            "obrien-fleming-per-side": "Lan-DeMets O'Brien-Fleming-like spending, alpha/2 spent on each side (the "
            "convention of gsDesign and rpact)",
            "obrien-fleming-two-sided": "Lan-DeMets O'Brien-Fleming-like spending, alpha spent over both sides at once "
            "(the convention of Jennison and Turnbull)",
            "pocock": "Lan-DeMets Pocock-like spending",
            "hwang-shih-decani": f"Hwang-Shih-DeCani spending, gamma = {p}",
            "power": f"power-family spending, rho = {p}",
            "implied": "the spending that the planned boundaries imply",
        }[self.family]

    def spent(self, t: float, error: float, sides: int = 1) -> float:
        """Error used up once a share ``t`` of the information is in.

        Args:
            t: Share of the planned information, at least 0; from 1 on everything is spent.
            error: The error rate over all sides, in (0, 1).
            sides: 1 or 2; matters to "obrien-fleming-per-side" alone.

        Raises:
            Refused: An argument is out of its range.

        Example:
            >>> round(Spending().spent(0.5, 0.025), 6), Spending(family="power", parameter=3).spent(0.5, 0.025)
            (0.001525, 0.003125)
        """
        checks.between("error", error, 0, 1)
        if checks.finite("t", t) < 0:
            raise Refused.because(
                "sequential.negative_information",
                f"The share of information is {t:g}, below 0.",
                "Give the units seen so far over the units planned.",
                name="t",
                value=t,
            )
        if t == 0:
            return 0.0
        if t >= 1:
            return error
        return self._inside(t, error, sides)

    def spent_by(
        self, times: Sequence[float], error: float, sides: int = 1, *, last: bool = False
    ) -> tuple[float, ...]:
        """Error used up by each look.

        Args:
            times: Share of the planned information at each look.
            error: As ``spent``.
            sides: As ``spent``.
            last: The last of them ends the test, however much information is in: everything is spent there.

        Raises:
            Refused: As ``spent``.

        Example:
            >>> Spending(family="power", parameter=1).spent_by((0.25, 0.5), 0.05, last=True)
            (0.0125, 0.05)
        """
        spent = [self.spent(t if t < WHOLE else 1.0, error, sides) for t in times]
        return (*spent[:-1], error) if last else tuple(spent)

    def _inside(self, t: float, error: float, sides: int) -> float:
        p = self.parameter or 0.0
        if self.family == "obrien-fleming-per-side":
            return sides * _obrien_fleming(t, error / sides)
        if self.family == "obrien-fleming-two-sided":
            return _obrien_fleming(t, error)
        if self.family == "pocock":
            share = math.log1p((math.e - 1) * t)
        elif self.family == "hwang-shih-decani":
            share = t if abs(p) < 1e-9 else math.expm1(-p * t) / math.expm1(-p)
        elif self.family == "power":
            share = float(t**p)
        else:
            share = _between(((0.0, 0.0), *self.knots), t)
        return error * share


def _obrien_fleming(t: float, error: float) -> float:
    return float(2 * special.ndtr(special.ndtri(error / 2) / math.sqrt(t)))


def _between(knots: tuple[tuple[float, float], ...], t: float) -> float:
    (t0, a0), (t1, a1) = next(pair for pair in pairwise(knots) if t <= pair[1][0])
    return a0 + (a1 - a0) * (t - t0) / (t1 - t0)
