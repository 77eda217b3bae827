"""Numbers as people read them. One place, so that terminal, report and sentences say a number the same way."""

from __future__ import annotations

import math

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats.spec import Metric

__all__ = [
    "bare_interval",
    "count",
    "effect",
    "effect_size",
    "interval",
    "level",
    "p_value",
    "percent",
    "share",
    "signed",
    "statistic",
]

MINUS = "−"


def count(value: float) -> str:
    """1234567 -> "1,234,567"."""
    return f"{value:,.0f}"


def signed(value: float, digits: int) -> str:
    """A number with its sign and a true minus: -0.82 -> "−0.82"; zero has none."""
    text = f"{abs(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def share(value: float, digits: int = 1) -> str:
    """0.1828 -> "18.3%"."""
    return f"{value * 100:.{digits}f}%"


def percent(value: float) -> str:
    """A share somebody chose, without digits it does not have: 0.8 -> "80%", 0.025 -> "2.5%"."""
    return f"{value * 100:.6g}%"


def p_value(p: float) -> str:
    """A p-value as text, such as "p = .0016": never 0, never 1 for want of an answer; tiny ones are "p < .0001"."""
    if p < 1e-4:
        return "p < .0001"
    return f"p = {p:.4f}".replace("0.", ".", 1) if p < 0.1 else f"p = {p:.2f}".replace("0.", ".", 1)


def statistic(estimate: Estimate) -> str:
    """The test statistic with its name, such as "z = −3.16" or "t(97.3) = 2.04"; "" where there is none."""
    if estimate.statistic is None:
        return ""
    name = "z" if estimate.df is None else f"t({estimate.df:,.1f})".replace(".0)", ")")
    return f"{name} = {signed(estimate.statistic, 2).removeprefix('+')}"


def _digits(magnitude: float) -> int:
    if magnitude == 0 or math.isinf(magnitude):
        return 2
    return min(max(2 - math.floor(math.log10(abs(magnitude))), 0), 6)


def level(metric: Metric, value: float | None) -> str:
    """A metric's level in one arm: a proportion as a percentage, others in the metric's unit."""
    if value is None:
        return "not assessable"
    if metric.kind == "proportion":
        return share(value, 2)
    return _in_unit(metric, f"{value:,.{_digits(value)}f}")


def _in_unit(metric: Metric, text: str) -> str:
    if metric.unit in {"$", "€", "£"}:
        sign, digits = (text[0], text[1:]) if text[:1] in {MINUS, "+"} else ("", text)
        return f"{sign}{metric.unit}{digits}"
    return f"{text} {metric.unit}".rstrip() if metric.unit != "%" else f"{text}%"


def _open(end: float) -> str:
    return "no upper limit" if end > 0 else "no lower limit"


def _end(metric: Metric, value: float, scale: str, digits: int) -> str:
    if math.isinf(value):
        return _open(value)
    if scale == "relative" or metric.kind == "proportion":
        return signed(value * 100, digits)
    return signed(value, digits)


def effect(metric: Metric, estimate: Estimate | Refusal) -> str:
    """An effect with its sign and unit: "−0.82 points", "+4.3%", "+$0.77"."""
    if isinstance(estimate, Refusal):
        return "not assessable"
    return effect_size(metric, estimate.value, estimate.scale)


def effect_size(metric: Metric, value: float, scale: str) -> str:
    """A bare size of effect with sign and unit."""
    if math.isinf(value):
        return _end(metric, value, scale, 0)
    if scale == "relative":
        return f"{signed(value * 100, 1)}%"
    if metric.kind == "proportion":
        return f"{signed(value * 100, 2)} points"
    return _in_unit(metric, signed(value, _digits(value)))


def interval(metric: Metric, ends: Interval, scale: str) -> str:
    """An interval: "95% interval −1.33 to −0.31 points"."""
    low, high = effect_size(metric, ends.low, scale), effect_size(metric, ends.high, scale)
    for suffix in (" points", "%", f" {metric.unit}"):
        if suffix.strip() and low.endswith(suffix) and high.endswith(suffix):
            low = low.removesuffix(suffix)
            break
    return f"{_coverage(ends)} interval {low} to {high}"


def bare_interval(ends: Interval) -> str:
    """An interval of an effect in no stated unit: "99.5% interval +0.0041 to no upper limit"."""
    low, high = (_bare(end) for end in (ends.low, ends.high))
    return f"{_coverage(ends)} interval {low} to {high}"


def _bare(end: float) -> str:
    if math.isinf(end):
        return _open(end)
    sign = "" if end == 0 else MINUS if end < 0 else "+"
    return f"{sign}{abs(end):,.4g}"


def _coverage(ends: Interval) -> str:
    """Enough digits that an interval is never said to cover everything: 0.9995 is "99.95%"."""
    percent, digits = ends.level * 100, 1
    while ends.level < 1 and float(f"{percent:.{digits}f}") == 100 and digits < 10:
        digits += 1
    return f"{percent:.{digits}f}".removesuffix(".0") + "%"
