"""Quantities in a text: how much of what, with which bound, at which place. Digits of any script, words, fractions.

A quantity is a number with everything that changes its meaning: its unit ("%" is not "points"), what it counts, the
period it is per, and its bound ("up to 40%" is not "40%"). Reading is deterministic and takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.wording.counted_nouns import after_number, counted_noun, singular
from copilot_tools.wording.numerals import Numeral, even, numerals
from copilot_tools.wording.quantity_units import ARTICLES, CURRENCIES, MEASURES, PERIODS
from copilot_tools.wording.quantity_words import WORDS

__all__ = ["BoundWord", "Quantity", "Unit", "quantities"]

Unit = Literal[
    "percent", "fraction", "points", "times", "currency", "duration", "measure", "rating", "rank", "year", "count"
]
BoundWord = Literal["exact", "at least", "over", "at most", "under", "up to", "about", "nearly", "from"]


class Quantity(Frozen):
    """One quantity at its place; offsets are code points of the text as given.

    Attributes:
        start: First code point, bound and currency included.
        end: One past the last, unit and period included.
        text: As it stands there.
        low: The number, or the lower end of a range, in the unit: 40 of "40%", 0.5 of "half", 30 of "half a minute".
        high: The same, or the upper end of a range.
        unit: What kind of unit; "fraction" is a share in words or of two numbers ("half", "3 in 4").
        of: Currency code; "second", "month", "gram", ... in which values are kept; a rating's scale; or the noun that
            is counted or shared, in the singular.
        qualified: Words between the number and that noun: "paying" in "10,000 paying customers".
        per: Period or noun it is per: "month" of "€5 a month", else "".
        bound: What the words before (or a plus sign after) say of it.
        step: One more in the last digit written, in the unit; 0 where nothing is rounded.
        negative: Whether a minus stands before it.
    """

    start: int
    end: int
    text: str
    low: float
    high: float
    unit: Unit
    of: str = ""
    qualified: tuple[str, ...] = ()
    per: str = ""
    bound: BoundWord = "exact"
    step: float = 0.0
    negative: bool = False


def quantities(text: str, language: str = "en") -> tuple[Quantity, ...]:
    """Every quantity in a text, in order, none overlapping another.

    Args:
        text: Any text.
        language: "en", "de", "fr" or "es": how numbers are written and said. Another is read as English.

    Example:
        >>> [(q.text, q.low, q.unit, q.bound) for q in quantities("Save over 1.2k hours in half a year")]
        [('over 1.2k hours', 4320000.0, 'duration', 'over'), ('half a year', 6.0, 'duration', 'exact')]
    """
    reader = _Reader(text, language if language in WORDS else "en")
    return tuple(reader.read())


def _either(patterns: dict[str, str]) -> str:
    return "|".join(f"(?P<g{i}>{pattern})" for i, pattern in enumerate(patterns.values()))


_MEASURE = re.compile(
    r"(?P<gap>[ \u00a0-]?)(?:" + "|".join(f"(?P<g{i}>{pattern})" for i, pattern in enumerate(MEASURES)) + r")(?![^\W_])"
)
_MEASURE_LIST = tuple(MEASURES.values())
_MONEY_AFTER = re.compile(rf"[ \u00a0-]?(?:{_either(CURRENCIES)})(?![^\W_])")
_MONEY_BEFORE = re.compile(rf"(?:^|(?<![^\W_]))(?:{_either(CURRENCIES)})[ \u00a0]?$")
_MONIES = tuple(CURRENCIES)
_TIME = "|".join(f"(?P<g{i}>(?:{pattern})s?)" for i, pattern in enumerate(PERIODS.values()))
_PER_TIME = re.compile(
    rf" ?(?:/ ?|per |a |an |each |every |pro |im |je |par |por |al |à l'|a la )(?:{_TIME})(?![^\W_])"
)
_PER_NOUN = re.compile(r" ?(?:/ ?|per |pro |par |por )([^\W\d_]+)")
_ADVERB = {
    "monthly": "month",
    "yearly": "year",
    "annually": "year",
    "daily": "day",
    "weekly": "week",
    "hourly": "hour",
    "monatlich": "month",
    "jährlich": "year",
    "täglich": "day",
    "p.a.": "year",
}
_PERIOD_NAMES = tuple(PERIODS)
_WINDOW = 40


class _Reader:
    def __init__(self, text: str, language: str) -> None:
        self.text, self.language = text, language
        self.words = WORDS[language]
        self.even = even(text)
        articles = rf"(?:(?:{ARTICLES}) )?"
        ordered = sorted(
            ((pattern, bound) for bound, pattern in self.words.bounds.items()), key=lambda pair: pair[1] == "over"
        )
        self.bounds = [
            (bound, re.compile(rf"(?<![^\W_])(?:{pattern})[ \u00a0]?{articles}$")) for pattern, bound in ordered
        ]

    def read(self) -> Iterator[Quantity]:
        found = list(numerals(self.even, self.language))
        at, floor = 0, 0
        while at < len(found):
            quantity, at = self._quantity(found, at, floor)
            if quantity is not None:
                floor = quantity.end
                yield quantity

    def _quantity(self, found: list[Numeral], at: int, floor: int) -> tuple[Quantity | None, int]:
        first = found[at]
        if first.start < floor:
            return None, at + 1
        following = found[at + 1] if at + 1 < len(found) else None
        if following is not None:
            if (share := self._share(first, following, floor)) is not None:
                return share, at + 2
            if (span := self._range(first, following, floor)) is not None:
                return span, at + 2
        quantity = self._single(first, floor)
        if first.kind == "article" and quantity.bound == "exact":
            before = self.even[max(quantity.start - 3, floor) : quantity.start]
            if quantity.unit != "duration" or before != "in ":
                return None, at + 1
            start = quantity.start - 3  # "in a minute" is within one
            update = {"bound": "at most", "start": start, "text": self.text[start : quantity.end]}
            quantity = quantity.model_copy(update=update)
        if quantity.unit == "duration" and following is not None:
            return self._continued(quantity, found, at + 1)
        return quantity, at + 1

    def _single(self, number: Numeral, floor: int) -> Quantity:
        unit, of, factor, end = self._unit(number)
        start = number.start
        money = self._money_before(start, floor) if unit in {"count", "year"} else None
        if money:
            unit, of, start = "currency", money[0], money[1]
        qualified: tuple[str, ...] = ()
        if unit in {"count", "percent", "fraction"}:
            of, qualified, end = self._noun(end, shared=unit != "count")
        value = number.value * factor
        if unit == "currency" and of == "cents":
            value, factor = value / 100, factor / 100
        return self._finished(
            start, end, floor, value, value, unit, of, qualified, number.step * factor, several=number.kind
        )

    def _finished(
        self,
        start: int,
        end: int,
        floor: int,
        low: float,
        high: float,
        unit: Unit,
        of: str,
        qualified: tuple[str, ...],
        step: float,
        *,
        several: str = "number",
    ) -> Quantity:
        bound: BoundWord = {"several": "at least", "top": "at most"}.get(several, "exact")  # type: ignore[assignment]
        if self.even[end : end + 1] == "+" and bound == "exact":
            bound, end = "at least", end + 1
            if unit == "count" and not of:
                of, qualified, end = self._noun(end, shared=False)
        per, end = self._per(end)
        negative = False
        if (
            start > floor
            and self.even[start - 1] == "-"
            and not self.even[max(start - 2, 0) : start - 1].strip(" \u00a0(")
        ):
            negative, start = True, start - 1
        said = self._bound(start, floor)
        if said is not None and bound == "exact" and (said[0] != "from" or (unit == "currency" and low == high)):
            bound, start = said
        return Quantity(
            start=start, end=end, text=self.text[start:end], low=low, high=high, unit=unit, of=of, qualified=qualified,
            per=per, bound=bound, step=step, negative=negative,
        )  # fmt: skip

    def _share(self, part: Numeral, whole: Numeral, floor: int) -> Quantity | None:
        """A share: "3 in 4 customers", "9 out of 10", "4.8/5"."""
        between = self.even[part.end : whole.start]
        slash = between.strip() == "/"
        if part.kind != "number" or whole.kind != "number" or not 0 <= part.value <= whole.value or whole.value <= 0:
            return None
        if not slash and not re.fullmatch(rf"[ \u00a0](?:{self.words.out_of})[ \u00a0]", between):
            return None
        unit = _MEASURE.match(self.even, whole.end)
        stars = unit is not None and self._measured(unit)[0] == "rating"
        if unit is not None and not stars:
            return None  # "3 in 4 days"
        rated = re.search(
            r"\b(?:rat(?:ed|ing)|scor(?:ed|e)|bewertet|note)\b[^.!?]*$", self.even[max(part.start - 30, 0) : part.start]
        )
        if stars or part.value % 1 or (rated and whole.value in {5, 10, 100}):
            end = unit.end() if unit and stars else whole.end
            return self._finished(
                part.start, end, floor, part.value, part.value, "rating", f"{whole.value:g}", (), part.step
            )
        if whole.value > 1000 or (slash and whole.value not in {2, 3, 4, 5, 8, 10, 100}):
            return None
        of, qualified, end = self._noun(whole.end, shared=not after_number(self.even, whole.end))
        value = part.value / whole.value
        return self._finished(part.start, end, floor, value, value, "fraction", of, qualified, 0.01)

    def _range(self, first: Numeral, last: Numeral, floor: int) -> Quantity | None:
        """A range: "10–20%", "between €10 and €20", "3 to 5 days"."""
        if {first.kind, last.kind} != {"number"} or not first.value < last.value:
            return None
        unit, of, factor, end = self._unit(first)
        between = self.even[end : last.start]
        money = self._money_before(first.start, floor)
        second = _MONEY_BEFORE.search(between) if money else None
        if second is not None:
            between = between[: second.start()]
        joined = re.fullmatch(rf"[ \u00a0]?-[ \u00a0]?|[ \u00a0](?P<word>{self.words.to})[ \u00a0]", between)
        if joined is None:
            return None
        pair = re.search(
            r"\b(?:between|zwischen|entre)[ \u00a0]$",
            self.even[max(first.start - 14, floor) : first.start if not money else money[1]],
        )
        if joined["word"] in {"and", "und", "et", "y"} and not pair:
            return None
        whole = (
            self._single(last, last.start if money is None else floor) if not second else self._single(last, first.end)
        )
        if unit not in {"count", "year"} and (unit, of) != (whole.unit, whole.of) and unit != whole.unit:
            return None
        step = whole.step
        scale = factor if unit not in {"count", "year"} else whole.high / last.value if last.value else 1.0
        if money and whole.unit in {"count", "year", "currency"}:
            low = first.value
            start, kind, what = money[1], "currency", money[0]
            return self._finished(start, whole.end, floor, low, whole.high, kind, what, (), step)  # type: ignore[arg-type]
        start = first.start - (len(pair.group()) if pair else 0)
        kept = "count" if whole.unit == "year" else whole.unit
        return self._finished(
            start, whole.end, floor, first.value * scale, whole.high, kept, whole.of, whole.qualified, step
        )

    def _continued(self, quantity: Quantity, found: list[Numeral], at: int) -> tuple[Quantity, int]:
        """One duration in two parts: "4 minutes and 30 seconds"."""
        while at < len(found) and not quantity.per:
            between = self.even[quantity.end : found[at].start]
            more = self._single(found[at], quantity.end)
            if (
                more.unit != "duration"
                or more.of != quantity.of
                or not re.fullmatch(r",? (?:and |und |et |y )?", between)
            ):
                break
            if (
                more.bound != "exact"
                or more.step >= quantity.step
                or quantity.bound not in {"exact", "about", "over", "under", "at least", "at most", "nearly", "up to"}
            ):
                break
            quantity = quantity.model_copy(
                update={
                    "end": more.end,
                    "text": self.text[quantity.start : more.end],
                    "low": quantity.low + more.low,
                    "high": quantity.high + more.high,
                    "step": more.step,
                    "per": more.per,
                }
            )
            at += 1
        return quantity, at

    def _unit(self, number: Numeral) -> tuple[Unit, str, float, int]:  # noqa: PLR0911 - one a kind of unit
        if number.kind in {"rank", "top"}:
            return "rank", "", 1.0, number.end
        if number.kind == "times":
            return "times", "", 1.0, number.end
        end = number.end
        if number.kind in {"fraction", "several"} and (
            of := re.match(rf" (?:{self.words.of})\b", self.even[end : end + 8])
        ):
            end += of.end() if number.kind == "several" else 0
        article = re.match(r" (?:of )?(?:an?|einer|eines?|d'une?|de)(?= )", self.even[end : end + 12])
        reach = end + article.end() if article and number.kind == "fraction" else end
        found = _MEASURE.match(self.even, reach)
        if found is not None and not (
            found.group().lstrip(" \u00a0-") == "x" and re.match(r" ?\d", self.even[found.end() : found.end() + 2])
        ):
            kind, factor, kept = self._measured(found)
            return kind, kept, factor, found.end()
        scale = re.match(rf" ({'|'.join(self.words.scales)})\b", self.even[reach : reach + 12]) if article else None
        if number.kind == "fraction" and scale:
            return "count", "", self.words.scales[scale[1]], reach + scale.end()
        if number.kind == "fraction" and reach > end and (dozen := re.match(r" dozen\b", self.even[reach : reach + 7])):
            return "count", "", 12.0, reach + dozen.end()
        if number.kind == "fraction":
            return "fraction", "", 1.0, end
        money = _MONEY_AFTER.match(self.even, end)
        if money is not None and money.lastgroup:
            return "currency", _MONIES[int(money.lastgroup[1:])], 1.0, money.end()
        if number.bare and number.end - number.start == 4 and 1900 <= number.value < 2100 and not self._counts(end):
            return "year", "", 1.0, end
        return "count", "", 1.0, end

    def _measured(self, found: re.Match[str]) -> tuple[Unit, float, str]:
        at = next(i for i in range(len(_MEASURE_LIST)) if found[f"g{i}"])
        kind, factor, kept = _MEASURE_LIST[at]
        return kind, factor, kept  # type: ignore[return-value]

    def _counts(self, end: int) -> bool:
        """Whether a plural follows, so that 2024 is a number of things and no year."""
        head, _, _ = self._noun(end, shared=False)
        word = after_number(self.even, end)
        return head != "" and (word != head or word != singular(word, self.language))

    def _money_before(self, start: int, floor: int) -> tuple[str, int] | None:
        begin = max(start - 20, floor)
        found = _MONEY_BEFORE.search(self.even[begin:start])
        if found is None or not found.lastgroup:
            return None
        name = _MONIES[int(found.lastgroup[1:])]
        return None if name == "cents" else (name, begin + found.start())

    def _bound(self, start: int, floor: int) -> tuple[BoundWord, int] | None:
        begin = max(start - _WINDOW, floor)
        before = self.even[begin:start]
        found = [(m.start(), bound) for bound, pattern in self.bounds if (m := pattern.search(before))]
        if not found:
            return None
        place, bound = min(found)
        return bound, begin + place  # type: ignore[return-value]

    def _per(self, end: int) -> tuple[str, int]:
        """Up to two, as in "per user per month"."""
        first, end = self._one_per(end)
        second, end = self._one_per(end) if first else ("", end)
        return " ".join(sorted(filter(None, (first, second)))), end

    def _one_per(self, end: int) -> tuple[str, int]:
        found = _PER_TIME.match(self.even, end)
        if found is not None and found.lastgroup:
            return _PERIOD_NAMES[int(found.lastgroup[1:])], found.end()
        noun = _PER_NOUN.match(self.even, end)
        if noun is not None:
            return singular(noun[1], self.language), noun.end()
        for word, period in _ADVERB.items():
            if self.even.startswith(f" {word}", end):
                return period, end + len(word) + 1
        return "", end

    def _noun(self, end: int, *, shared: bool) -> tuple[str, tuple[str, ...], int]:
        return counted_noun(self.even, end, self.language, of=self.words.of if shared else "")
