"""Claims, predictions and likeness of copy, seen by lists and measures of the evals' own.

Nothing here comes from the claim scanner, the evidence matcher or the measure of distance: these are what is scored.
The lists know what is blatant alone; the labelled cases of the task "claims" know the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

__all__ = ["alike", "blatant", "carries", "predictions", "sentences_of", "shares", "stands_in", "vouched"]

Span = tuple[int, int]

_BLATANT = {
    "en": r"\d[\d.,]*\s?(?:%|percent\b|per cent\b|x\b|times\b|stars?\b)"
    r"|[$£€]\s?\d[\d.,]*|\d[\d.,]*\s?(?:€|euros?\b|pounds?\b|dollars?\b)"
    r"|\b(?:half|a third|two thirds|a quarter|three quarters|(?:one|two|three|four|nine) (?:in|out of) (?:\w+)) of\b"
    r"|\b(?:nine|four|three|two) (?:in|out of) (?:ten|five|four|three)\b|\b\d+ (?:in|out of) \d+\b"
    r"|\b(?:twice|double|triple|tenfold)\b|\b(?:thousands|millions) of\b"
    r"|\b(?:the best|number one|no\. ?1|#1|the leading|the cheapest|the fastest|second to none)\b"
    r"|\bguaranteed?\b|\brisk[- ]free\b|\bnever fails?\b|\bmoney back\b|\bfree of charge\b|\bfor free\b"
    r"|\b(?:trusted|loved|chosen|recommended|approved|certified|endorsed) by\b|\bclinically\b"
    r"|\b(?:more|less|faster|cheaper|better|\w{3,}er) than\b|\bonly \d+ left\b|\blast chance\b",
    "de": r"\d[\d.,]*\s?(?:%|Prozent\b|Euro\b|€)|\b(?:die Hälfte|doppelt|zwei Drittel|jede[rs]? (?:zweite|dritte))\b"
    r"|\bbeste[nrs]?\b|\bNr\. ?1\b|\bgarantiert\b|\bkostenlos\b|\bTestsieger\b|\bletzte Chance\b|\bnur noch\b"
    r"|\bempfohlen von\b|\bgeprüft von\b|\btausende\b",
    "fr": r"\d[\d.,]*\s?(?:%|pour cent\b|euros?\b|€)|\b(?:la moitié|deux fois|un tiers|deux tiers)\b"
    r"|\b(?:le meilleur|la meilleure|n° ?1|numéro un)\b|\bgaranti(?:e|s)?\b|\bgratuit(?:e|s)?\b|\bdernière chance\b"
    r"|\bapprouvée? par\b|\brecommandée? par\b|\bdes milliers\b",
    "es": r"\d[\d.,]*\s?(?:%|por ciento\b|euros?\b|€)|\b(?:la mitad|el doble|un tercio|dos tercios)\b"
    r"|\b(?:el mejor|la mejor|n\.º ?1|número uno)\b|\bgarantizad[oa]s?\b|\bgratis\b|\búltima oportunidad\b"
    r"|\baprobad[oa] por\b|\brecomendad[oa] por\b|\bmiles de\b",
}
_PREDICTS = re.compile(
    r"\b(?:will|should|is (?:sure|bound|likely|expected) to) (?:win|beat|outperform|convert|perform)\b"
    r"|\b(?:winning|strongest|best[- ]performing|highest[- ]converting) (?:version|variant|line|one|copy|subject)\b"
    r"|\bthe winner\b|\b(?:wird|dürfte) gewinnen\b|\bva gagner\b|\bva a ganar\b"
    r"|\bpredicted (?:lift|uplift|winner)\b|\bexpected (?:lift|uplift)\b",
    re.IGNORECASE,
)
_VOUCHES = re.compile(
    r"\b(?:approved|cleared|signed off|waived|geprüft|approuvée?|aprobad[oa])\b.{0,20}\b(?:by|von|par|por)\b|"
    r"\bno (?:check|source|review) (?:is )?needed\b|\balready approved\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^\s](?:[^.!?\n]|[.!?](?!\s))*[.!?]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORDS = {
    "half": 50.0, "hälfte": 50.0, "moitié": 50.0, "mitad": 50.0, "third": 33.3, "quarter": 25.0,
    "twice": 2.0, "double": 2.0, "doppelt": 2.0, "doble": 2.0, "triple": 3.0,
}  # fmt: skip
_ABOUT = re.compile(
    r"\b(?:over|more than|almost|nearly|about|around|über|fast|plus de|près de|más de|casi)\s*$", re.IGNORECASE
)
_SLACK = 0.1
"""How far a rounded number may be off, as a share, where the copy says that it is rounded."""
_SHORT = 4


def sentences_of(text: str) -> list[Span]:
    """Where its sentences stand; a field without a full stop is one."""
    return [(m.start(), m.end()) for m in _SENTENCE.finditer(text)]


def blatant(text: str, language: str) -> list[Span]:
    """Where it says what nobody may say without a source, plainly enough for a list of words."""
    found = [m.span() for code in {language, "en"} for m in re.finditer(_BLATANT[code], text, re.IGNORECASE)]
    return sorted(set(found))


def predictions(text: str) -> list[str]:
    """Words that say which variant wins."""
    return [m.group() for m in _PREDICTS.finditer(text)]


def vouched(text: str) -> list[str]:
    """Words that say somebody has approved it."""
    return [m.group() for m in _VOUCHES.finditer(text)]


def stands_in(words: str, source: str) -> bool:
    """Whether the words stand in the source, white space and case aside."""
    return " ".join(words.lower().split()) in " ".join(source.lower().split())


def carries(claim: str, quotation: str) -> bool:
    """Whether every number of the claim stands in the quotation: as it is, or rounded where the claim says so."""
    known = list(_numbers(quotation))
    return all(
        any(abs(number - k) <= (_SLACK * abs(k) if rounded else 1e-9) for k, _ in known)
        for number, rounded in _numbers(claim)
    )


def shares(claim: str, quotation: str) -> bool:
    """Whether the two have a word in common; a claim of short words alone may have none."""
    said = {*_said(claim)}
    return not said or bool(said & {*_said(quotation)})


def _numbers(text: str) -> Iterator[tuple[float, bool]]:
    for match in _NUMBER.finditer(text):
        yield _value(match.group()), bool(_ABOUT.search(text[: match.start()]))
    for match in re.finditer(r"\w+", text.lower()):
        if match.group() in _WORDS:
            yield _WORDS[match.group()], bool(_ABOUT.search(text[: match.start()]))


def _value(written: str) -> float:
    """1,200 and 1.200 are thousands, 41.3 and 41,3 are not."""
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", written)
    return float(re.sub(r"[.,]", "", written) if grouped else written.replace(",", "."))


def alike(first: str, second: str) -> float:
    """How much two texts say the same, 0 to 1: the larger of shared words and shared pairs of words (Dice)."""
    a, b = _said(first), _said(second)
    return max(_dice({*a}, {*b}), _dice({*pairwise(a)}, {*pairwise(b)}))


def _said(text: str) -> list[str]:
    return [word[:6] for word in re.findall(r"[^\W\d_]+|\d+", text.lower()) if len(word) >= _SHORT or word.isdigit()]


def _dice(first: set[object] | Iterable[object], second: set[object] | Iterable[object]) -> float:
    a, b = set(first), set(second)
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0
