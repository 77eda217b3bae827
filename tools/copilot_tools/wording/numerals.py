"""Numbers in a text, before their units: digits of any script, words, fractions, multiples, ranks. Offsets are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from copilot_tools.wording.quantity_units import VULGAR
from copilot_tools.wording.quantity_words import WORDS, Words

__all__ = ["Numeral", "even", "numerals"]


class Numeral(NamedTuple):
    """One number at its place.

    Attributes:
        start: First code point.
        end: One past its last.
        value: What it says.
        step: What one more in its last written digit would be: 0.1 of "41.3", 100 of "1.2k"; 0 where it is exact.
        kind: "number", "fraction" (a share), "times", "several" (at least so many), "rank", "top", or "article": the
            "a" of "under a minute", a number only where a bound stands before it.
        bare: Whether it is digits alone, so that it may be a year.
    """

    start: int
    end: int
    value: float
    step: float
    kind: Literal["number", "fraction", "times", "several", "rank", "top", "article"] = "number"
    bare: bool = False


_SAME = {"−": "-", "–": "-", "—": "-", "‑": "-", "‐": "-", "’": "'", "ʼ": "'", "٪": "%", "％": "%", "﹪": "%"}
_SAME |= {"٫": ".", "٬": ",", "．": ".", "，": ",", "＋": "+", "\u202f": "\u00a0", "\u2009": "\u00a0", "＄": "$"}


@cache
def _character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if (digit := unicodedata.digit(character, None)) is not None and character not in _RAISED:
        return str(digit)  # circled, lowered, in brackets
    if character in _SAME:
        return _SAME[character]
    if character.isspace() and character != "\u00a0":
        return " "
    lower = character.lower()
    return lower if len(lower) == 1 else character


def even(text: str) -> str:
    r"""``text`` in lower case, digits and marks of every script made plain: as many code points as before.

    Example:
        >>> even("٤٠٪ OF\nUSERS")
        '40% of users'
    """
    if text.isascii():
        return "".join(map(_character, text))
    plain = _RAISED_NUMBER.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    return _MIDDLE_DOT.sub(".", "".join(map(_character, plain)))


_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED_NUMBER = re.compile(rf"(?:(?<=\s)|(?<![\s\S]))[{_RAISED}]+")
"""Raised digits that hang on nothing are a number; behind a word they are a footnote's, behind a digit a power."""
_MIDDLE_DOT = re.compile(r"(?<=\d)[·‧∙⋅•・](?=\d)")
_SIGNS = "".join(
    chr(point)
    for first, last in ((0x2160, 0x2188), (0x2460, 0x249B), (0x24EB, 0x24FE), (0x2776, 0x2793), (0x3251, 0x32BF))
    for point in range(first, last + 1)
    if unicodedata.digit(chr(point), None) is None and unicodedata.numeric(chr(point), -1.0) >= 0
)
"""Single characters that are whole numbers: Ⅳ, ⑫, ㊿; their lower case among them."""


_LETTERS = {"k": 1e3, "m": 1e6, "mm": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9}
_ORDINALS = {"first": 1.0, "second": 2.0, "third": 3.0}
_STUCK = "(?:x|kg|mg|g|km|cm|mm|ml|l|tb|gb|mb|kwh|ms|mins?|hrs?|h|secs?|lbs?|oz|mi|pp|pts|bps?|usd|eur|gbp|chf)"
"""Units that may stand right behind the digits: "2x", "5kg"."""
_GROUPED = re.compile(r"\d{1,3}(?:\D\d{2,3})*\D\d{3}")


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = WORDS[language]
    spaced = "" if language == "en" else r"\d{1,3}(?: \d{3})+(?:,\d+)?(?!\d)|"
    said = "|".join(sorted(map(re.escape, {*words.numbers, *words.scales}), key=len, reverse=True))
    parts = "|".join(words.fractions)
    several = "|".join(sorted(words.several, key=len, reverse=True))
    return re.compile(
        r"(?P<top>\btop[ -](?P<topped>\d{1,4}|ten|five|three)\b)"
        r"|(?P<rank>(?:\b(?:no\.?|nr\.?|number|nummer|numéro|número|platz|rang)|#|n°|nº) ?"
        r"(?P<ranked>\d{1,6}|(?<=number )one|(?<=nummer )eins)\b"
        r"|\branked (?P<placed>first|second|third)\b|\b(?P<place>first|second|third) place\b"
        r"|(?<![\w.,])(?P<nth>\d{1,6})(?:st|nd|rd|th|er|ère|ème|º|ª)\b)"
        rf"|(?P<digits>(?<![\w.,])(?<![^\W\d_]-)(?:{spaced}\d+(?:[.,'\u00a0]\d+)*))(?P<part>[{VULGAR}])?"
        rf"(?: ?(?P<letter>k|mm|mio|mrd|m|bn|b)\b(?!['.]?\w))?(?:(?![^\W_])|(?={_STUCK}(?![^\W_])))"
        rf"|(?P<vulgar>[{VULGAR}])"
        rf"|(?P<sign>(?<![^\W_])[{_SIGNS}](?![^\W_]))"
        rf"|(?P<several>\b(?:{several})\b)"
        rf"|(?P<fraction>\b(?:(?P<over>{words.ones}|{'|'.join(words.numbers)})[ -])(?P<under>{parts})\b)"
        rf"|(?P<half>\b(?:{words.halves})\b)"
        rf"|(?P<words>\b(?:(?:a|an|ein|eine|une?|una) "
        r"(?=hundred|thousand|million|billion|dozen|dutzend|douzaine|docena))?"
        rf"(?:{said})(?:(?:[ -]|-?(?: {words.joiner} )-?)(?:{said})){{0,15}}\b)"
        rf"|(?P<article>\b(?:{words.ones})(?= (?:second|minute|hour|day|week|month|year|stunde|tag|woche|monat|jahr"
        r"|seconde|heure|jour|semaine|mois|an|hora|día|semana|mes|año|minuto)\b))"
        rf"|(?P<times>\b(?:{'|'.join(words.multiples)})\b)"
    )


def numerals(evened: str, language: str) -> Iterator[Numeral]:
    """Every number in a text made ``even``, in order."""
    words = WORDS[language]
    for match in _pattern(language).finditer(evened):
        found = _read(match, words, evened)
        if found is not None:
            yield found


def _read(match: re.Match[str], words: Words, text: str) -> Numeral | None:  # noqa: PLR0911 - one a way of writing
    start, end = match.span()
    if match["top"]:
        value = {"ten": 10.0, "five": 5.0, "three": 3.0}.get(match["topped"]) or float(match["topped"])
        return Numeral(start, end, value, 0.0, "top")
    if match["rank"]:
        place = match["placed"] or match["place"]
        shown = match["ranked"] or match["nth"]
        return Numeral(start, end, _ORDINALS[place] if place else float(shown) if shown.isdigit() else 1.0, 0.0, "rank")
    if match["several"]:
        return Numeral(start, end, words.several[match["several"]], 0.0, "several")
    if match["half"]:
        return Numeral(start, end, 0.5, 0.01, "fraction")
    if sign := match["vulgar"] or match["sign"]:
        value, vulgar = unicodedata.numeric(sign), match["vulgar"] is not None
        return Numeral(start, end, value, 0.01 if vulgar else 1.0, "fraction" if vulgar else "number")
    if match["fraction"]:
        return _fraction(match, words, text)
    if match["times"]:
        factor = next(v for pattern, v in words.multiples.items() if re.fullmatch(pattern, match["times"]))
        return Numeral(start, end, factor, 1.0, "times")
    if match["article"]:
        return Numeral(start, end, 1.0, 1.0, "article")
    if match["words"]:
        return _spoken(match, words, text)
    return _written(match, words, text)


def _fraction(match: re.Match[str], words: Words, text: str) -> Numeral | None:
    under = next(v for pattern, v in words.fractions.items() if re.fullmatch(pattern, match["under"]))
    article = match["over"] in words.ones.split("|")
    rest = text[match.end() : match.end() + 20]
    if article and under == 3 and re.match(r" (?!of\b|the\b|less\b|more\b|fewer\b|off\b|\w+er\b)\w", rest):
        return None  # "a third option" is the one after the second
    over = 1.0 if article else words.numbers[match["over"]]
    return Numeral(match.start(), match.end(), over / under, 0.01, "fraction")


def _spoken(match: re.Match[str], words: Words, text: str) -> Numeral | None:
    total = group = step = 0.0
    said = [word for word in re.split(r"[ -]+", match["words"]) if word != words.joiner]
    for word in said:
        if word in words.scales:
            step = words.scales[word]
            group = (group or 1.0) * step
            if step >= 1000:
                total, group = total + group, 0.0
        elif word in words.numbers:
            group, step = group + words.numbers[word], 1.0
    value, start, end = total + group, match.start(), match.end()
    if value == 1 and said in (["one"], ["un"], ["uno"], ["eins"]):
        after = text[end : end + 12]
        if not re.match(
            r"[ -](?:in|out|of every|sur|de cada|von|and a half|minute|hour|day|week|month|year|percent)", after
        ):
            return None  # a pronoun far more often than a number
    if half := re.match(rf" {words.and_half}\b", text[end : end + 16]):
        return Numeral(start, end + half.end(), value + 0.5, 0.1)
    return Numeral(start, end, value, step)


def _written(match: re.Match[str], words: Words, text: str) -> Numeral | None:
    digits, start, end = match["digits"], match.start(), match.end()
    read = _digits(digits, words.group)
    if read is None:
        return None
    value, step = read
    if match["part"]:
        value, step = value + unicodedata.numeric(match["part"]), 0.1
    if match["letter"]:
        value, step = value * _LETTERS[match["letter"]], step * _LETTERS[match["letter"]]
    elif half := re.match(rf" {words.and_half}\b", text[end : end + 16]):
        return Numeral(start, end + half.end(), value + 0.5, 0.1)
    scales = "|".join(sorted(words.scales, key=len, reverse=True))
    if scale := re.match(rf"[ \u00a0-]({scales})\b", text[end : end + 16]):
        factor = words.scales[scale[1]]
        return Numeral(start, end + scale.end(), value * factor, step * factor)
    return Numeral(start, end, value, step, bare=digits.isdigit() and not match["letter"] and not match["part"])


def _digits(digits: str, group: str) -> tuple[float, float] | None:  # noqa: PLR0911 - one a reading
    """The value and the step of a numeral, or None for what is no one number, such as 1.2.3."""
    if len(digits) > 40:
        return None
    plain = re.sub(r"['\u00a0 ](?=\d{3}(?!\d))", "", digits)
    marks = re.findall(r"\D", plain)
    if not marks:
        return float(plain), 1.0
    last, others = marks[-1], marks[:-1]
    if set(marks) - {".", ","}:
        return None
    grouped = _GROUPED.fullmatch(plain) is not None and len(set(marks)) == 1
    if grouped and (last == group or others):
        return float(re.sub(r"\D", "", plain)), 1.0
    if last in others or (len(set(others)) > 1):
        return None
    whole, decimals = plain.rsplit(last, 1)
    if others and not _GROUPED.fullmatch(whole):
        return None
    return float(f"{re.sub(r'[.,]', '', whole)}.{decimals}"), 10.0 ** -len(decimals)
