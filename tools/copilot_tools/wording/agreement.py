"""Does a quantity of a claim follow from a quantity of a quotation? Units, bounds and rounding by stated rules.

Rules, in this order:

1. Units must be the same kind. Percent, fractions in words and "3 in 4" are one kind (shares); percentage points are
   another; "twice" and "100% more" are not the same. Durations are compared in seconds or in months, never across.
2. What is counted must be the same noun. A claim may not add words to it ("paying customers" from "customers"); of a
   share it may not drop any either ("75% of users" from "75% of trial users").
3. What it is per must be the same: "€5 a month" is neither "€5" nor "€5 a week".
4. A plain number must be the quotation's, rounded to the digits the claim shows, and at most 5% away from it. Rounding
   never makes a share 0% or 100%, nor a rating the top of its scale. Ranks and years are never rounded.
5. "About" allows 5%, and nothing else. "Nearly" must lie above the quotation's number, by 5% at most.
6. A bound in the claim must follow: "over 40%" from 41.3%, from "at least 41%", from "41–45%"; not from 40%, not from
   "about 41%", which may be 5% less. A bound of the quotation may not go: "40%" does not follow from "up to 40%".
7. Both ends of a range must be the quotation's. "Up to" must be its largest number.
"""

from __future__ import annotations

import math

from copilot_tools.wording.quantities import Quantity

__all__ = ["TOLERANCE", "why_not"]

TOLERANCE = 0.05
"""Largest relative distance that rounding or "about" may bridge."""

_DUST = 1e-9  # the arithmetic of binary fractions, not a tolerance


def why_not(claim: Quantity, given: Quantity) -> str:
    """Why ``claim`` does not follow from ``given``: a plain clause; "" when it does.

    Example:
        >>> from copilot_tools.wording.quantities import quantities
        >>> (over,), (half,), (given,) = map(quantities, ("over 40%", "half", "41.3% of users"))
        >>> why_not(over, given)
        ''
        >>> why_not(half, given)
        '"half" is not what "41.3%" says'
    """
    return _unlike(claim, given) or _differs(claim, given)


def _kind(q: Quantity) -> str:
    return "share" if q.unit in {"percent", "fraction"} else q.unit


def _unlike(claim: Quantity, given: Quantity) -> str:
    both = f'"{claim.text}" and "{given.text}"'
    if _kind(claim) != _kind(given):
        return f"{both} are in different units"
    if claim.negative != given.negative:
        return f"only one of {both} has a minus"
    if claim.per != given.per:
        return f"{both} are not per the same ({claim.per or 'nothing'}, {given.per or 'nothing'})"
    if _kind(claim) in {"share", "count"}:
        return _unlike_nouns(claim, given)
    if claim.unit == "currency":
        cents = "cents" in {claim.of, given.of} and {claim.of, given.of} <= {"cents", "USD", "EUR", "AUD", "CAD"}
        return "" if claim.of == given.of or cents else f"{both} are in different currencies"
    return "" if claim.of == given.of else f"{both} are in different units"


def _unlike_nouns(claim: Quantity, given: Quantity) -> str:
    if not claim.of:
        return ""
    share = _kind(claim) == "share"
    if not given.of:
        return "" if share else f'"{claim.text}" counts "{claim.of}", which the number in the quotation does not'
    if claim.of != given.of:
        return f'the claim counts "{claim.of}", the quotation "{given.of}"'
    added = [word for word in claim.qualified if word not in given.qualified]
    dropped = [word for word in given.qualified if word not in claim.qualified] if share else []
    if added:
        return f'the quotation does not say "{" ".join(added)}" of "{given.of}"'
    return f'the claim leaves out that the quotation is about "{" ".join(dropped)}"' if dropped else ""


def _values(q: Quantity) -> tuple[float, float, float]:
    """Low, high and step, shares as shares."""
    factor = 0.01 if q.unit == "percent" else 1.0
    return q.low * factor, q.high * factor, q.step * factor


def _differs(claim: Quantity, given: Quantity) -> str:
    low, high, step = _values(claim)
    given_low, given_high, given_open, given_closed = _reach(given)
    says = f'"{claim.text}" is not what "{given.text}" says'
    largest = _values(given)[1]
    match claim.bound:
        case "at least":
            holds = given_low >= low - _slack(low)
        case "over":
            holds = given_low > low + _slack(low) or (given_open and given_low >= low - _slack(low))
        case "at most":
            holds = given_high <= high + _slack(high)
        case "under":
            holds = given_high < high - _slack(high) or (given_closed and given_high <= high + _slack(high))
        case "up to":
            held = given.bound in {"exact", "up to", "at most"}
            return "" if held and _rounded(high, largest, step, claim) else _words(claim, given, says)
        case "about":
            held = given.bound in {"exact", "about"} and low == high and given.low == given.high
            holds = held and abs(low - largest) <= TOLERANCE * abs(largest) + _slack(largest)
        case "nearly":
            near = (1 - TOLERANCE) * low - _slack(low) <= largest <= low + _slack(low)
            holds = (given.bound == "exact" and near and largest < low) or (given.bound == "nearly" and low == largest)
        case _:  # "exact" and "from"
            return _exactly(claim, given, says)
    return "" if holds else _words(claim, given, says)


def _exactly(claim: Quantity, given: Quantity, says: str) -> str:
    """A plain number or range: the quotation's own, rounded at most."""
    low, high, step = _values(claim)
    given_low, given_high, _ = _values(given)
    allowed = {"exact"} if claim.bound == "exact" else {"exact", "from"}
    if given.bound not in allowed:
        return f'"{given.text}" in the quotation is "{given.bound}", which the claim leaves out'
    if claim.bound == "exact" and (low == high) != (given_low == given_high):
        return f'"{given.text}" in the quotation is {"one number" if given_low == given_high else "a range"}'
    if claim.bound == "from":
        return "" if _rounded(low, given_low, step, claim) else says
    return "" if _rounded(low, given_low, step, claim) and _rounded(high, given_high, step, claim) else says


def _reach(given: Quantity) -> tuple[float, float, bool, bool]:  # noqa: PLR0911 - one a bound
    """What the quotation allows: lowest, highest, and whether each end itself is excluded."""
    low, high, _ = _values(given)
    match given.bound:
        case "at least" | "from":
            return low, math.inf, False, False
        case "over":
            return low, math.inf, True, False
        case "at most" | "up to":
            return -math.inf, high, False, False
        case "under":
            return -math.inf, high, False, True
        case "about":
            return low * (1 - TOLERANCE), high * (1 + TOLERANCE), False, False
        case "nearly":
            return low * (1 - TOLERANCE), high, False, True
        case _:
            return low, high, False, False


def _rounded(said: float, given: float, step: float, claim: Quantity) -> bool:
    """Whether ``said`` is ``given`` rounded to the step of the claim."""
    if abs(said - given) <= _slack(given):
        return True
    top = {"share": 1.0, "rating": float(claim.of or 0) if claim.unit == "rating" else 0.0}.get(_kind(claim))
    if claim.unit in {"rank", "year"} or said == 0 or (top and said >= top > given):
        return False
    return abs(said - given) <= min(step / 2, TOLERANCE * abs(given)) + _slack(given)


def _slack(value: float) -> float:
    return _DUST * max(1.0, abs(value))


def _words(claim: Quantity, given: Quantity, says: str) -> str:
    if given.bound not in {"exact", claim.bound}:
        return f'"{claim.text}" does not follow from "{given.text}" ("{given.bound}")'
    return says
