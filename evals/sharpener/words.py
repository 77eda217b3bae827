"""Were these the person's words? By lists and rules of its own: nothing here comes from the guard that is measured."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["content", "mostly_new", "new", "numbers", "said_in", "share_kept"]

_STOP = frozenset(
    word
    for line in (
        "a about again all also an and any are as at be because but by can could did do does else every everybody",
        "everyone for from get gets had has have her his how i if in instead into is it its just like make makes me",
        "my no not of off on one only or our out over own people should so some than that the their them then there",
        "they thing this those to us was we well were what when where which who why will with would you your visitors",
        "customers users version der die das den dem des ein eine einen einem einer und oder aber auch bei bis dann",
        "dass es für haben hat ich im ist ja kein man mit nach nicht nur ob sie sind soll sollen um uns unser von vor",
        "war weil wenn wie wir wird zu zum zur le la les un une du de et ou mais au aux avec ce ces dans en est il",
        "ils elle nous par pas plus pour que qui se sont sur vous el los las una y o pero al como con del lo más para",
        "por pq q si sin su sus muy",
    )
    for word in line.split()
)
_WAYS = re.compile(
    r"(?:ris|rais|grow|increas|decreas|fall|drop|lower|higher|less|more|fewer|least|most|up|down|below|above|than|"
    r"steig|sink|mindest|wenig|mehr|moins|baiss|augment|sub[aei]|baj|menos|mas)\w*$"
)
_PREFIX = 4
_ALIKE = 0.75
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_COUNTED = {
    word: str(n)
    for n, names in enumerate(
        (
            "zero",
            "",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five fünf cinq cinco",
            "six sechs seis",
            "seven sieben sept siete",
            "eight acht huit ocho",
            "nine neun neuf nueve",
            "ten zehn dix diez",
        )
    )
    for word in names.split()
}


def content(text: str) -> list[str]:
    """The words that say something: without accents, small ones and words that only say which way a number goes."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("’", "'"))
    words = re.findall(r"[^\W\d_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return [word for word in words if len(word) > 1 and word not in _STOP and not _WAYS.match(word)]


def numbers(text: str) -> set[str]:
    """The numbers in a text, in digits: "5", "14000", "0.2"."""
    found = {_plain(found) for found in _NUMBER.findall(text)}
    return found | {_COUNTED[word] for word in re.findall(r"[^\W\d_]+", text.lower()) if word in _COUNTED}


def said_in(word: str, said: Iterable[str]) -> bool:
    """Whether a word, an inflection of it or the same word with a slip of the pen is among those said."""
    known = list(said)
    if any(word == one or (min(len(word), len(one)) >= _PREFIX and word[:_PREFIX] == one[:_PREFIX]) for one in known):
        return True
    return bool(difflib.get_close_matches(word, known, n=1, cutoff=_ALIKE))


def new(text: str, said: str) -> list[str]:
    """Words and numbers of a text that nobody said."""
    known = content(said)
    return [w for w in content(text) if not said_in(w, known)] + sorted(numbers(text) - numbers(said))


def mostly_new(text: str, said: str) -> str:
    """The first sentence most of whose words nobody said, or that holds a number nobody said; "" where none does."""
    for sentence in _SENTENCE.split(text):
        strange, words = new(sentence, said), content(sentence)
        if numbers(sentence) - numbers(said) or 2 * len(strange) > len(words):
            return sentence
    return ""


def share_kept(label: str, text: str) -> float:
    """What share of a label's words and numbers stands in a text."""
    wanted, known = content(label), content(text)
    kept = [said_in(word, known) for word in wanted] + [n in numbers(text) for n in numbers(label)]
    return sum(kept) / len(kept) if kept else float(label.casefold() in text.casefold())


def _plain(number: str) -> str:
    """A number without what groups its digits: "14,000" and "14.000" are 14000, "2,5" is 2.5."""
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
        return re.sub(r"[.,]", "", number)
    return number.replace(",", ".")
