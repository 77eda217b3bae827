"""Claims held against the truth: traced, or wrong in its sign, its unit, or in what it is said of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from grounding.case import GroundingCase
from grounding.reading import Claim
from grounding.truth import Ends, Quantity, Truth

__all__ = ["Fault", "Held", "compared", "held"]

Fault = Literal["", "untraced", "wrong sign", "wrong unit", "wrong arm or metric"]

_SMALL = 1e-9
_JOINT = 0.3
"""Percent by which the level of one of several joint intervals differs between Dunnett's method and Sidak's."""
_COMPARED: tuple[tuple[str, str], ...] = (
    (r"better than control, by an amount that may or may not matter", "low > 0 and low < m and high >= m"),
    (r"better than control, by less than what matters", "low > 0 and high < m"),
    (r"worse than control", "high < 0"),
    (r"not told apart from nothing, nor from what matters", "low <= 0 and high >= m"),
    (r"less than what matters, in either direction", "low <= 0 and high < m and low > -m"),
    (r"less than the gain that matters, while a loss remains possible", "low <= 0 and high < m and low <= -m"),
    (r"\bat least what matters", "low >= m"),
    (r"possibly worse by the registered margin", "low <= -margin"),
    (r"not worse by the registered margin", "low > -margin"),
)
"""How an effect is compared with nothing and with what matters -> when that is so, in the wanted direction."""


@dataclass(frozen=True)
class Held:
    """A claim and what is wrong with it; "" where nothing is."""

    claim: Claim
    fault: Fault


def held(claim: Claim, truth: Truth, case: GroundingCase, looks: int) -> Held:
    """Hold one claim against the truth.

    Args:
        claim: A number or a direction.
        truth: Of the case.
        case: The case.
        looks: How many looks there were.
    """
    return Held(claim, _direction(claim, truth, case) if claim.value is None else _number(claim, truth, case, looks))


def _number(claim: Claim, truth: Truth, case: GroundingCase, looks: int) -> Fault:
    if claim.unit == "% interval":
        return "" if _covers(claim, case) else "untraced"
    counted = not claim.unit and not claim.digits and not claim.sign and 0 < (claim.value or 0) <= looks
    alike = [q for q in truth.quantities if _valued(claim, q) and _united(claim, q)]
    if counted or any(_belongs(claim, q, case) for q in alike):
        return ""
    if alike:
        return "wrong arm or metric"
    elsewhere = [q for q in truth.quantities if _valued(claim, q) and q.kind not in {"count", "coverage"}]
    if any(q.kind != "end" and _belongs(claim, q, case) for q in elsewhere):
        return "wrong unit"
    if any(_turned(claim, q) and _united(claim, q) for q in truth.quantities if q.kind in {"effect", "end"}):
        return "wrong sign"
    return "wrong unit" if elsewhere else "untraced"


def _covers(claim: Claim, case: GroundingCase) -> bool:
    """Whether an interval's level is that of 95% over all treatments together."""
    treatments = 1 if claim.part else len(case.arms) - 1
    slack = _JOINT if treatments > 1 else 0.0
    return _near(claim.value or 0.0, 100 * 0.95 ** (1 / treatments), claim.digits, slack)


def _near(shown: float, value: float, digits: int, slack: float = 0.0) -> bool:
    return abs(shown - value) <= 0.5 * 10.0**-digits * (1 + 1e-6) + slack + _SMALL * abs(value)


def _valued(claim: Claim, quantity: Quantity) -> bool:
    """Whether the number is the quantity's, to the digits shown; an effect needs its sign."""
    value = claim.value or 0.0
    if quantity.kind in {"effect", "end"}:
        signed = bool(claim.sign) or abs(quantity.value) < 10**-claim.digits
        return signed and _near(value, quantity.value, claim.digits, quantity.slack)
    if quantity.kind == "plan":
        return _near(abs(value), abs(quantity.value), claim.digits) and (
            not claim.sign or (value < 0) == (quantity.value < 0)
        )
    return _near(value, quantity.value, claim.digits)


def _turned(claim: Claim, quantity: Quantity) -> bool:
    value = claim.value or 0.0
    unsigned = not claim.sign and quantity.value < 0 and _near(value, -quantity.value, claim.digits, quantity.slack)
    flipped = bool(claim.sign) and _near(-value, quantity.value, claim.digits, quantity.slack)
    return unsigned or flipped


def _united(claim: Claim, quantity: Quantity) -> bool:
    if quantity.kind in {"count", "plan"} and not quantity.unit:
        return claim.unit == ""
    return claim.unit == quantity.unit


def _belongs(claim: Claim, quantity: Quantity, case: GroundingCase) -> bool:
    """Whether the claim is said of what the quantity is of."""
    if claim.metric and quantity.metric and claim.metric != quantity.metric:
        return False
    if quantity.kind in {"plan", "coverage"}:
        return True
    if (claim.part or "") != quantity.part and (claim.part or quantity.part):
        return False
    if not claim.arms or not quantity.arm:
        return True
    if quantity.kind in {"effect", "end"}:
        treatments = [arm for arm in claim.arms if arm != case.control]
        return bool(treatments) and treatments[0] == quantity.arm
    return claim.arms[0] == quantity.arm


def _direction(claim: Claim, truth: Truth, case: GroundingCase) -> Fault:
    """An arm said to be higher (or lower) must be so beyond its interval."""
    arms = [arm for arm in claim.arms if arm != case.control]
    ends = truth.effects.get((claim.metric or case.primary, arms[0] if arms else "", claim.part))
    if ends is None:
        return ""
    edge = ends.low if claim.unit == "up" else -ends.high
    return "wrong sign" if edge < -ends.near or edge == -math.inf else ""


def compared(text: str, arm: str, truth: Truth, case: GroundingCase) -> Sequence[str]:
    """Comparisons with what matters that do not hold for the primary effect of an arm."""
    key = (case.primary, arm, "")
    relative = case.scale == "relative" and case.goal == "superiority"
    ends = (truth.lifts if relative else truth.effects)[key]
    turn = 1 if case.metrics[case.primary].better == "increase" else -1
    low, high = (ends.low, ends.high) if turn > 0 else (-ends.high, -ends.low)
    rest, found = text, []
    for pattern, rule in _COMPARED:
        if hit := re.search(pattern, rest):
            if not _holds(rule, low, high, case, ends):
                found.append(hit[0])
            rest = re.sub(pattern, " ", rest)
    return found


def _holds(rule: str, low: float, high: float, case: GroundingCase, ends: Ends) -> bool:
    """Whether a rule holds for the interval, or for one whose ends are as far off as a method may move them."""
    margin = case.metrics[case.primary].margin or case.matters
    return any(_so(rule, low + a * ends.near, high + b * ends.near, case.matters, margin) for a, b in _CORNERS)


_CORNERS: Iterable[tuple[int, int]] = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))


def _so(rule: str, low: float, high: float, m: float, margin: float) -> bool:
    known = {"low": low, "high": high, "m": m, "-m": -m, "margin": margin, "-margin": -margin, "0": 0.0}
    operators = {">": float.__gt__, "<": float.__lt__, ">=": float.__ge__, "<=": float.__le__}
    for part in rule.split(" and "):
        left, operator, right = part.split()
        if not operators[operator](float(known[left]), float(known[right])):
            return False
    return True
