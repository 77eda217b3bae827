"""What people type, turned into numbers: "4%", "+0.5 points", "4,000", "20k". The ambiguous is refused, not guessed."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Literal, NamedTuple

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.many import Group, parse_group
from copilot_tools.stats.spec import Effect
from expcopilot.flow.steps.new_plan import GuardrailAnswer

__all__ = ["Size", "count", "day", "group", "guardrail", "head", "kind", "number", "share", "shares", "size"]

_SIGNS = str.maketrans({"−": "-", "–": "-", "＋": "+", "％": "%"})
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}((,\d{3})+|([ _'\u00a0\u202f]\d{3})+)(\.\d+)?", re.ASCII)
_POINTS = re.compile(r"\s*(percentage\s+points?|points?|pts?|pp|ppts?)\s*$", re.IGNORECASE)
_NEAREST_LOOKS = 0.001
"""Share of the units that two registered looks are apart at least, as ``stats.spec.Looks`` has it."""
_KINDS: dict[str, Literal["proportion", "mean"]] = {
    "share": "proportion",
    "proportion": "proportion",
    "rate": "proportion",
    "number": "mean",
    "amount": "mean",
    "mean": "mean",
}
_KIND = re.compile(r"\(?\b(" + "|".join(_KINDS) + r")\b\)?\s*$", re.IGNORECASE)
_DOTTED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+", re.ASCII)
"""20.000: in half the world twenty thousand, in the other half twenty."""
_MULTIPLES = {"k": 1e3, "m": 1e6}
_LARGEST = 1e30
"""Nothing that is counted or measured is larger; nor smaller than one part of it: squares and products stay doubles."""


class Size(NamedTuple):
    """A size of effect as typed.

    Attributes:
        effect: Its size, positive, with its scale.
        direction: What its sign says: "+" increase, "-" decrease; None without a sign.
        points: Whether it was given in percentage points, so that the metric is a share.
    """

    effect: Effect
    direction: Literal["increase", "decrease"] | None
    points: bool


def number(name: str, text: str) -> float:
    """A number with a decimal point; thousands may be set apart, and ``k`` and ``m`` mean thousand and million.

    Raises:
        Refused: It is no number, or its comma could be a decimal mark.
    """
    given = text
    text = text.strip().translate(_SIGNS)
    multiple = 1.0
    if text and text[-1].lower() in _MULTIPLES:
        multiple, text = _MULTIPLES[text[-1].lower()], text[:-1].rstrip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[^\d.+-]", "", text)
    if not _PLAIN.fullmatch(text):
        comma = re.fullmatch(r"[+-]?\d+,\d+", text)
        raise Refused.because(
            "input.not_a_number",
            f"{name} is {given!r}, " + ("whose comma is ambiguous." if comma else "which is not a number."),
            f"Write it with a decimal point: {text.replace(',', '.')}."
            if comma
            else "Write it like 4000, 4,000 or 0.04.",
            name=name,
            value=given,
        )
    value = float(text) * multiple
    if abs(value) > _LARGEST or 0 < abs(value) < 1 / _LARGEST:
        size = "large" if abs(value) > 1 else "small"
        raise Refused.because(
            "input.not_a_number", f"{name} is {given!r}, too {size} a number.", "Check it.", name=name, value=given
        )
    return value


def count(name: str, text: str) -> int:
    """A whole number of at least 1.

    Raises:
        Refused: It is no number, not whole, below 1, or its points may set thousands apart.
    """
    if _DOTTED.fullmatch(bare := text.strip().translate(_SIGNS)):
        raise Refused.because(
            "input.not_a_count",
            f"{name} is {text!r}, whose point is ambiguous.",
            f"Write it without points: {bare.replace('.', '')}.",
            name=name,
            value=text,
        )
    value = number(name, text)
    if value != int(value) or value < 1:
        raise Refused.because(
            "input.not_a_count",
            f"{name} is {text!r}, but must be a whole number of at least 1.",
            "Write it like 4000 or 4,000.",
            name=name,
            value=text,
        )
    return int(value)


def share(name: str, text: str) -> float:
    """A share between 0 and 1 (both excluded): "4%" or "0.04".

    Raises:
        Refused: It is no number, or not between 0 and 100%.
    """
    bare = text.strip().translate(_SIGNS)
    percent = bare.endswith("%")
    if re.fullmatch(r"[+-]?\d+,\d+\s*%", bare, re.ASCII):
        raise Refused.because(
            "input.not_a_number",
            f"{name} is {text!r}, whose comma is ambiguous.",
            f"Write it with a decimal point: {bare.replace(',', '.')}.",
            name=name,
            value=text,
        )
    value = number(name, bare[:-1] if percent else bare)
    value = value / 100 if percent else value
    if not 0 < value < 1:
        hint = f"Did you mean {value:g}%?" if not percent and 1 <= value < 100 else "Write it like 4% or 0.04."
        raise Refused.because(
            "input.not_a_share",
            f"{name} is {text!r}, but must lie between 0 and 100% (ends excluded).",
            hint,
            name=name,
            value=text,
        )
    return value


def shares(name: str, text: str) -> tuple[float, ...]:
    """Shares of the units at which to look, in order, separated by commas, semicolons or blanks.

    Raises:
        Refused: One of them is no share, stands twice, comes after a larger one, or is too near to another or an end.

    Example:
        >>> shares("looks", "25%, 50%")
        (0.25, 0.5)
    """
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    read = [share(name, part) for part in parts]
    ends = [("the start", 0.0), *zip(parts, read, strict=True), ("the end", 1.0)]
    for (before, earlier), (after, later) in pairwise(ends):
        if later - earlier >= _NEAREST_LOOKS - 1e-12:
            continue
        ordered = ", ".join(parts[read.index(value)] for value in sorted(set(read)))
        cure = f'Write them like "{ordered}".'
        if later == earlier:
            what = f"{after} stands there twice"
        elif later < earlier:
            what = f"{after} follows {before}"
        else:
            what = f"{after} is less than 0.1% of the units from {before}"
            cure = "Leave at least 0.1% of the units between two looks; the end is looked at in any case."
        raise Refused.because(
            "input.order",
            f"{name} is {text!r}, but {what}: shares of the units are given in order, each once.",
            cure,
            name=name,
            value=text,
        )
    return tuple(read)


def size(name: str, text: str, kind: Literal["proportion", "mean", "ratio"] | None = None) -> Size:
    """A size of effect: "+5%" of control, "0.2 points" of a share, or "3" in the metric's own unit.

    Args:
        name: What it is called, for messages.
        text: As typed; a sign says the direction.
        kind: Kind of the metric, where known: a bare number says nothing about a share.

    Raises:
        Refused: It is no number, 0, or leaves open whether it is relative or absolute.
    """
    bare = text.strip().translate(_SIGNS)
    points = _POINTS.search(bare)
    percent = bare.endswith("%")
    core = bare[: points.start()].rstrip().removesuffix("%").rstrip() if points else bare.removesuffix("%")
    value = number(name, core)
    if value == 0:
        raise Refused.because(
            "input.zero", f"{name} is 0, but must be a size.", "Write it like +5% or 0.2 points.", name=name, value=text
        )
    if points and kind in {"mean", "ratio"}:
        raise Refused.because(
            "input.points",
            f"{name} is {text!r}, but percentage points are for shares, and this metric is no share.",
            "Write it relative to control (+5%) or in the metric's own unit (0.3).",
            name=name,
            value=text,
        )
    if not points and not percent and kind in {None, "proportion"}:
        raise Refused.because(
            "input.scale",
            f"{name} is {text!r}, which leaves open of what.",
            f"Write {core}% for a change relative to control, or {core} points for percentage points.",
            name=name,
            value=text,
        )
    direction: Literal["increase", "decrease"] | None = None
    if bare[0] in "+-":
        direction = "increase" if bare[0] == "+" else "decrease"
    bare_size = abs(value) / 100 if points or percent else abs(value)
    scale: Literal["relative", "absolute"] = "relative" if percent and not points else "absolute"
    return Size(Effect(size=bare_size, scale=scale), direction, bool(points))


def head(text: str) -> tuple[int, str]:
    """A ledger head such as 12:ecad9b...: its position and digest (the 12 digits a page prints first will do).

    Raises:
        Refused: It has another form.
    """
    match = re.fullmatch(r"\s*(\d+):([0-9a-f]{12,64})\s*", text)
    if match is None:
        raise Refused.because(
            "verify.head",
            f"{text!r} is no ledger head.",
            "Write its position and digest as printed on the readout, such as 12:ecad9b9949c4.",
            name="head",
            value=text,
        )
    return int(match[1]), match[2]


def day(name: str, text: str) -> dt.date:
    """A day as YYYY-MM-DD.

    Raises:
        Refused: It is no such day.
    """
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise Refused.because(
            "input.not_a_day",
            f"{name} is {text!r}, which is no day.",
            "Write it like 2026-03-01.",
            name=name,
            value=text,
        ) from None


def group(text: str) -> Group:
    """A range of a column, ends included: "week:201326-201402" or "week:201326..201402".

    Raises:
        Refused: It is written otherwise, or its ends are the wrong way round.
    """
    column, colon, ends = text.rpartition(":")
    if colon and ".." not in ends and ends.count("-") == 1:
        text = f"{column}:{ends.replace('-', '..')}"
    return parse_group(text)


def guardrail(name: str, text: str) -> GuardrailAnswer:
    """What must not get worse: "unsubscribe rate: +0.1 points" may rise by that at most, "revenue: -2% (number)" fall.

    Raises:
        Refused: It has another form, its margin has no sign, or it leaves open what kind of metric it is.
    """
    metric, colon, rest = text.rpartition(":")
    kind: Literal["proportion", "mean"] | None = None
    if suffix := _KIND.search(rest):
        kind, rest = _KINDS[suffix[1].lower()], rest[: suffix.start()]
    if not (colon and metric.strip() and rest.strip()):
        raise Refused.because(
            "input.guardrail",
            f"{name} {text!r} cannot be read.",
            'Write "NAME: +0.1 points": the name, then by how much it may get worse at most.',
            name=name,
            value=text,
        )
    margin = size(
        f"{name} {metric.strip()!r}", rest, "mean" if kind == "mean" else None if kind is None else "proportion"
    )
    if margin.direction is None:
        raise Refused.because(
            "input.guardrail_sign",
            f"{name} {text!r} does not say which way hurts.",
            "Put + before the margin when a rise hurts, - when a fall hurts.",
            name=name,
            value=text,
        )
    if margin.points:
        kind = "proportion"
    if kind is None:
        raise Refused.because(
            "input.guardrail_kind",
            f"{name} {text!r} leaves open whether it is a share of units or a number a unit.",
            f'Add it: "{text.strip()} (share)" or "{text.strip()} (number)".',
            name=name,
            value=text,
        )
    better: Literal["increase", "decrease"] = "decrease" if margin.direction == "increase" else "increase"
    return GuardrailAnswer(name=metric.strip(), kind=kind, margin=margin.effect, direction=better)


def kind(name: str, text: str) -> Literal["proportion", "mean"]:
    """Kind of metric: "share" (yes or no a unit) or "number" (an amount a unit); the field's own names do, too.

    Raises:
        Refused: It is neither.
    """
    found = _KINDS.get(text.strip().lower())
    if found is None:
        raise Refused.because(
            "input.kind",
            f"{name} is {text!r}, but must be share or number.",
            "Answer share for yes or no a unit, number for an amount.",
            name=name,
            value=text,
        )
    return found
