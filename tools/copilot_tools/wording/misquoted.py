"""Why a quotation does not stand in a source: the nearest text there, and what kind of difference keeps them apart."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable

from copilot_tools.wording.plain import shortened

__all__ = ["why_absent"]

_TYPOGRAPHY = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‑": "-", "−": "-"}
)
# Letters of other scripts that are drawn like Latin ones (a selection of Unicode's confusables, UTS 39).
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕԁһӏАВЕКМНОРСТУХІЈЅοανικΟΑΒΕΖΗΙΚΜΝΡΤΥΧ٪", "aeopcyxijsdhlABEKMHOPCTYXIJSoavikOABEZHIKMNPTYX%"
)
_LETTERS_FOR_DIGITS = str.maketrans("lIOo", "1100")
_SPACES = re.compile(r"\s+")


def _without_hidden(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


_FOLDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("an invisible character", _without_hidden),
    ("a letter composed differently (an accent as a character of its own)", lambda t: unicodedata.normalize("NFC", t)),
    ("a quotation mark, apostrophe or dash of another kind", lambda t: t.translate(_TYPOGRAPHY)),
    ("a character in another width or form", _plain),
    ("capital letters", str.casefold),
    ("a letter of another script that looks alike", lambda t: t.translate(_LOOK_ALIKE)),
    ("a letter that looks like a digit", lambda t: t.translate(_LETTERS_FOR_DIGITS)),
    ("white space within a word or number", lambda t: _SPACES.sub("", t)),
)
_LONGEST = 2_000
_TRIES = 40


def why_absent(quotation: str, source: str) -> str:
    """One plain sentence: why ``quotation`` does not stand in ``source``, naming the difference where there is one.

    Example:
        >>> why_absent("The fastest checkout", "the fastest checkout")
        'The quotation does not stand in the source as written: they differ in capital letters.'
    """
    wanted = _SPACES.sub(" ", quotation).strip()
    if not wanted:
        return "The quotation is empty."
    if not source.strip():
        return "The source holds no text."
    text = _SPACES.sub(" ", source)
    for name, fold in _FOLDS:
        if (folded := fold(wanted)) and folded in fold(text):
            return f"The quotation does not stand in the source as written: they differ in {name}."
    near = _nearest(wanted[:_LONGEST], text)
    if near:
        return f'The quotation does not stand in the source; nearest there is "{shortened(near, 120)}".'
    return "The quotation does not stand in the source: it is nobody's words there, or another source's."


def _nearest(wanted: str, text: str) -> str:
    """The stretch of the source most like the quotation, looked for where its longest words stand; "" if none is."""
    best, score = "", 0.75
    for word in sorted({*re.findall(r"\w{4,}", wanted)}, key=lambda w: (-len(w), w))[:4]:
        offset, tries = wanted.index(word), 0
        at = text.find(word)
        while at >= 0 and tries < _TRIES:
            begin = max(at - offset, 0)
            window = text[begin : begin + len(wanted)]
            ratio = difflib.SequenceMatcher(None, wanted, window, autojunk=False).ratio() if window != best else 0.0
            if ratio > score:
                best, score = window, ratio
            at, tries = text.find(word, at + 1), tries + 1
    return best
