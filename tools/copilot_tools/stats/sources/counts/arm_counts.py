"""The counts of one metric in one arm, checked and turned into moments.

A proportion is n and successes. A mean is n with the sum and the sum of squares of the units' values, or with their
mean and sample standard deviation. Numbers are read exactly (as fractions), so that only the rounding of what was
written can blur a variance; where it blurs it too far, that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.stats.moments import Moments

__all__ = ["FORMS", "VALUES", "ArmCounts", "is_thousands", "read_counts"]

Kind = Literal["proportion", "mean"]

FORMS: dict[tuple[str, ...], Kind] = {
    ("successes",): "proportion",
    ("sum", "sum_of_squares"): "mean",
    ("mean", "sd"): "mean",
}
VALUES = tuple(name for form in FORMS for name in form)
"""What may stand beside n: one form of the three, whole."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([,. '\u00a0\u202f]\d{3})+", re.ASCII)
_THOUSANDS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}", re.ASCII) for mark in ".,"}
"""What a whole number of thousands looks like where the mark between them is taken for the decimal mark."""
_LARGEST = Decimal("1e140")  # beyond it squares and their sums leave the range of a double
_EXACT = 2**53  # whole numbers above this have passed through a double at best
_BLUR = Fraction(1, 100)  # largest share of the centred sum of squares that rounding may account for


class ArmCounts(Frozen):
    """One metric in one arm, or in one arm and stratum.

    Attributes:
        arm: The arm's name, as given.
        metric: The metric's name, or None where only one is meant.
        strata: (column, level) pairs, or none for the whole arm.
        kind: "proportion" (successes were given) or "mean"; None when there are no units and no values.
        moments: Of one column; ``moments.n`` is the number of units.
        where: Where it stands, for messages: "line 3".
    """

    arm: str
    metric: str | None = None
    strata: tuple[tuple[str, str], ...] = ()
    kind: Kind | None
    moments: Moments
    where: str = ""

    @property
    def n(self) -> int:
        """Units."""
        return self.moments.n

    @classmethod
    def of(
        cls,
        arm: str,
        n: int,
        *,
        metric: str | None = None,
        strata: Mapping[str, str] | None = None,
        **values: float,
    ) -> ArmCounts:
        """Counts from numbers: ``successes``, or ``sum`` and ``sum_of_squares``, or ``mean`` and ``sd``.

        Raises:
            Refused: The numbers cannot be counts; every problem is listed.

        Example:
            >>> ArmCounts.of("control", 10_000, successes=520).moments.mean
            (0.052,)
        """
        if unknown := sorted(set(values) - set(VALUES)):
            raise TypeError(f"counts take {', '.join(VALUES)}, not {', '.join(unknown)}")
        fields = {"n": str(n)} | {name: str(value) for name, value in values.items()}
        counts, problems = read_counts(fields, arm=arm, metric=metric, strata=tuple((strata or {}).items()))
        refuse_if_any(problems)
        if counts is None:
            raise AssertionError("counts are read, or there is a reason why not")
        return counts


def read_counts(
    fields: Mapping[str, str],
    *,
    arm: str,
    metric: str | None = None,
    strata: tuple[tuple[str, str], ...] = (),
    where: str = "",
    decimal: str = ".",
) -> tuple[ArmCounts | None, list[Refusal]]:
    """Turn the texts of one row into counts.

    Args:
        fields: ``n`` and the values of one form (see ``VALUES``), as text; an empty text is an empty cell.
        arm: The arm's name.
        metric: The metric's name, or None.
        strata: (column, level) pairs.
        where: Where the row stands, for messages.
        decimal: Decimal mark of the numbers.

    Returns:
        The counts, or None with everything that is wrong.
    """
    label = where or f"arm {arm!r}"
    given = {name: text.strip() for name, text in fields.items() if text.strip()}
    problems: list[Refusal] = []
    numbers: dict[str, Decimal] = {}
    for name, text in given.items():
        number = _number(name, text, label, decimal)
        if isinstance(number, Refusal):
            problems.append(number)
        else:
            numbers[name] = number
    form = _form(given, label, problems)
    problems.extend(_impossible(numbers, label))
    if problems or "n" not in numbers:
        return None, problems
    n = int(numbers["n"])
    moments = _moments(n, numbers, form, label, given)
    if isinstance(moments, Refusal):
        return None, [moments]
    kind = FORMS[form] if form else None
    return ArmCounts(arm=arm, metric=metric, strata=strata, kind=kind, moments=moments, where=where), []


def _number(name: str, text: str, where: str, decimal: str) -> Decimal | Refusal:
    plain = text if decimal == "." else text.replace(".", "\x00").replace(decimal, ".")
    if len(text) <= 60 and _NUMBER.fullmatch(plain):
        value = Decimal(plain)
        if is_thousands(name, text, decimal):
            return _ambiguous(name, text, where, value)
        if abs(value) <= _LARGEST:
            return value
    code, cure = "counts.not_a_number", f"Write {name} as a plain number."
    if _NUMBER.fullmatch(plain):
        cure = f"Write {name} with at most 60 characters and a size of at most 1e140."
    elif text.lower().lstrip("+-") in {"nan", "inf", "infinity", "na", "n/a", "null", "none", "~"}:
        code = "counts.not_finite"
        cure = f"Give {name} as a finite number, or leave the arm or stratum out."
    elif _GROUPED.fullmatch(text):
        cure = f"Write {name} without thousands separators: {re.sub(r'[^0-9+-]', '', text)}."
    elif text.endswith("%"):
        cure = "Give counts, not percentages: n and successes."
    elif decimal == "." and _NUMBER.fullmatch(text.replace(",", ".")):
        cure = "If the comma is a decimal mark, declare it (dialect.decimal: ',')."
    elif decimal == "," and _NUMBER.fullmatch(text):
        cure = "The plan declares a decimal comma: write the number with one, or declare dialect.decimal: '.'."
    return Refusal(
        code=code,
        reason=f"{where}: {name} is {text[:80]!r}, which cannot be read as a number.",
        cure=cure,
        name=name,
        value=text[:80],
    )


def is_thousands(name: str, text: str, decimal: str) -> bool:
    """Whether a number may be meant a thousand times larger: 10.000 is ten thousand in half of the world.

    A count (n, successes) has no use for three decimals; a sum has none for three zeros.
    """
    if name in {"n", "successes"}:
        return _THOUSANDS[decimal].fullmatch(text) is not None
    summed = name in {"sum", "sum_of_squares"} and text.endswith("000")
    return summed and _THOUSANDS[decimal].fullmatch(text) is not None


def _ambiguous(name: str, text: str, where: str, value: Decimal) -> Refusal:
    thousands = re.sub(r"[.,]", "", text)
    return Refusal(
        code="counts.thousands",
        reason=f"{where}: {name} is {text!r}, which may be {int(thousands):,} or {value.normalize():f}.",
        cure=f"Write {name} without marks between thousands: {thousands} (or {value.normalize():f}, if that is meant).",
        name=name,
        value=text,
    )


def _form(given: Mapping[str, str], where: str, problems: list[Refusal]) -> tuple[str, ...] | None:
    """The form the values come in; what is missing or too much goes to ``problems``."""
    values = [name for name in VALUES if name in given]
    whole = [form for form in FORMS if set(form) <= set(values)]
    if "n" not in given:
        problems.append(_empty("n", where))
    if len(whole) == 1 and set(whole[0]) == set(values):
        return whole[0]
    if not values and given.get("n") in {"0", "0.0"}:
        return None
    if not whole:
        begun = next((form for form in FORMS if set(form) & set(values)), ("successes",))
        problems.extend(_empty(name, where) for name in begun if name not in values)
    else:
        problems.append(
            Refusal(
                code="counts.two_forms",
                reason=f"{where}: {', '.join(values)} are all given, and they could contradict each other.",
                cure="Give successes, or sum and sum_of_squares, or mean and sd: one of the three.",
                name=values[-1],
            )
        )
    return None


def _empty(name: str, where: str) -> Refusal:
    return Refusal(
        code="counts.value_missing",
        reason=f"{where}: {name} is missing.",
        cure="Give n with successes, or n with sum and sum_of_squares, or n with mean and sd.",
        name=name,
    )


def _impossible(numbers: Mapping[str, Decimal], where: str) -> Iterable[Refusal]:
    n, successes, sd = numbers.get("n"), numbers.get("successes"), numbers.get("sd")
    for name, value in (("n", n), ("successes", successes)):
        if value is None:
            continue
        if value < 0:
            yield _bad(f"counts.{name}_negative", where, name, value, "a count cannot be below 0", "Check the sign.")
        elif value != value.to_integral_value() or value > _EXACT:
            yield _bad(
                f"counts.{name}_not_whole",
                where,
                name,
                value,
                "a count is a whole number (up to 2^53)",
                "Give the count of units itself, not a rate or a weighted sum.",
            )
    if n is not None and successes is not None and successes > n >= 0:
        yield _bad(
            "counts.successes_above_n",
            where,
            "successes",
            successes,
            f"they are counted among {n:f} units",
            "Check which number is the count of units and which the count of successes; a unit succeeds once.",
        )
    if sd is not None and sd < 0:
        yield _bad("counts.sd_negative", where, "sd", sd, "a standard deviation cannot be below 0", "Check the sign.")


def _bad(code: str, where: str, name: str, value: Decimal, why: str, cure: str) -> Refusal:
    return Refusal(
        code=code, reason=f"{where}: {name} is {value}, but {why}.", cure=cure, name=name, value=float(value)
    )


def _moments(
    n: int, numbers: Mapping[str, Decimal], form: tuple[str, ...] | None, where: str, given: Mapping[str, str]
) -> Moments | Refusal:
    if n == 0:
        odd = next((name for name in VALUES if numbers.get(name)), None)
        if odd is None:
            return Moments.empty(1)
        return _bad("counts.value_without_units", where, odd, numbers[odd], "n is 0", "Check n, or set the value to 0.")
    if form == ("successes",):
        return Moments.of_proportion(n, int(numbers["successes"]))
    if form == ("mean", "sd"):
        if n == 1 and numbers["sd"]:
            return _bad("counts.sd_of_one", where, "sd", numbers["sd"], "one unit has none", "Check n, or set sd to 0.")
        return Moments(n=n, mean=(float(numbers["mean"]),), comoments=((float(numbers["sd"] ** 2 * (n - 1)),),))
    return _from_sums(n, numbers, where, given)


def _from_sums(n: int, numbers: Mapping[str, Decimal], where: str, given: Mapping[str, str]) -> Moments | Refusal:
    total, squares = Fraction(numbers["sum"]), Fraction(numbers["sum_of_squares"])
    centred = squares - total * total / n
    blur = _rounding(given["sum_of_squares"], squares) + 2 * abs(total) / n * _rounding(given["sum"], total)
    if centred < -blur:
        return _bad(
            "counts.sum_of_squares_impossible",
            where,
            "sum_of_squares",
            numbers["sum_of_squares"],
            f"with n = {n} and sum = {numbers['sum']} it is at least {float(total * total / n):.12g}",
            "Check that it sums the square of every unit's value, over the same units as the sum.",
        )
    if centred != 0 and blur > _BLUR * abs(centred):
        return _bad(
            "counts.variance_lost",
            where,
            "sum_of_squares",
            numbers["sum_of_squares"],
            "the values vary so little beside their mean that its rounding hides their variance",
            "Give mean and sd instead, or sums of values less a constant.",
        )
    return Moments(n=n, mean=(float(total / n),), comoments=((float(max(centred, Fraction(0))),),))


def _rounding(text: str, value: Fraction) -> Fraction:
    """How far a number as written may be from what it stands for: half its last place, or a double's rounding."""
    if value.denominator == 1 and abs(value) <= _EXACT and "e" not in text.lower():
        return Fraction(0)  # a whole number written out is a whole number
    exponent = Decimal(text.replace(",", ".")).as_tuple().exponent
    last_place = Fraction(10) ** exponent / 2 if isinstance(exponent, int) and exponent < 0 else Fraction(0)
    return max(last_place, abs(value) / _EXACT)
