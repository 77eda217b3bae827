"""How hard a text is to read, by the formula of its language; not assessed where it is too short or there is none.

The formulas count words, sentences and syllables of running prose; on a headline they say nothing, so fewer than
``FEWEST_WORDS`` words are not assessed. Syllables are counted by rules, not looked up.

References:
    Kincaid, Fishburne, Rogers & Chissom (1975), Derivation of New Readability Formulas, Naval Technical Training (en).
    Bamberger & Vanecek (1984), Lesen - Verstehen - Lernen - Schreiben: first Wiener Sachtextformel (de).
    Kandel & Moles (1958), Application de l'indice de Flesch à la langue française (fr).
    Fernández Huerta (1959), Medidas sencillas de lecturabilidad (es).
    WCAG 2.2, success criterion 3.1.5: lower secondary education, here grade 9.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.wording.text import sentences, tokens

__all__ = ["FEWEST_WORDS", "HARD_EASE", "HARD_GRADE", "Reading", "reading", "syllables"]

FEWEST_WORDS = 30
HARD_GRADE = 9.0
"""School years from which on a text is hard for many readers."""
HARD_EASE = 60.0
"""Reading ease below which a text is hard for many readers; 60 is Flesch's lower end of plain language."""

_FORMULAS: dict[str, tuple[str, Literal["grade", "ease"]]] = {
    "en": ("Flesch-Kincaid", "grade"),
    "de": ("Wiener Sachtextformel", "grade"),
    "fr": ("Kandel-Moles", "ease"),
    "es": ("Fernández Huerta", "ease"),
}


class Reading(Frozen):
    """How hard a text is to read.

    Attributes:
        formula: Name of the formula; "" where none was used.
        scale: "grade": years of school needed, more is harder. "ease": 0 to 100, less is harder.
        value: On that scale, to one decimal; None where it was not assessed.
        words: Words counted.
        sentences: Sentences counted.
        reason: Why it was not assessed; "" where it was.
    """

    formula: str = ""
    scale: Literal["grade", "ease", ""] = ""
    value: float | None = None
    words: int = 0
    sentences: int = 0
    reason: str = ""

    @property
    def hard(self) -> bool:
        """Whether it is hard for many readers; a text that was not assessed is not called hard."""
        if self.value is None:
            return False
        return self.value > HARD_GRADE if self.scale == "grade" else self.value < HARD_EASE


def reading(text: str, language: str = "en") -> Reading:
    """How hard ``text`` is to read.

    Example:
        >>> reading("Ends tonight").reason
        'Not assessed: 2 words, and the formulas need 30.'
    """
    words = [text[t.start : t.end] for t in tokens(text) if t.kind == "word"]
    ends = sum(any(t.kind == "word" for t in tokens(text, s.start, s.end)) for s in sentences(text))
    if language not in _FORMULAS:
        return Reading(words=len(words), sentences=ends, reason=f"Not assessed: no formula for {language[:20]!r}.")
    if len(words) < FEWEST_WORDS:
        reason = f"Not assessed: {len(words)} words, and the formulas need {FEWEST_WORDS}."
        return Reading(words=len(words), sentences=ends, reason=reason)
    counts = [syllables(word, language) for word in words]
    n, per_sentence, per_word = len(words), len(words) / ends, sum(counts) / len(words)
    if language == "en":
        value = 0.39 * per_sentence + 11.8 * per_word - 15.59
    elif language == "de":
        many, one = sum(c >= 3 for c in counts) / n * 100, sum(c == 1 for c in counts) / n * 100
        long = sum(len(word) > 6 for word in words) / n * 100
        value = 0.1935 * many + 0.1672 * per_sentence + 0.1297 * long - 0.0327 * one - 0.875
    elif language == "fr":
        value = 207 - 1.015 * per_sentence - 73.6 * per_word
    else:
        value = 206.84 - 60 * per_word - 1.02 * per_sentence
    name, scale = _FORMULAS[language]
    return Reading(formula=name, scale=scale, value=round(value, 1), words=n, sentences=ends)


_VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    "de": re.compile(r"aa|ee|oo|ai|ei|au|eu|äu|ie|ui|[aeiouyäöü]"),
    "fr": re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+"),
    # A weak vowel beside another makes one syllable; two strong ones, or a stressed weak one, make two.
    "es": re.compile(r"[iuüy]?[aeoáéó][iuüy]?(?![íú])|[iuü][iuü]|[iuüíúy]"),
}
_SILENT = re.compile(
    r"[^laeiouy]e$|[aeiouy]le$|[qg]ue$|[^aeioutd]ed$|[^aeiouysxzcgh]es$|(?<=[aeiouy][^aeiouy])e(?=ments?$|ly$|less|ful|ty$)"
    r"|busi(?=n)|some(?=[towd])"
)
"""Vowels that are written and not said."""
_SPLIT = re.compile(
    r"(?<![ctsgx])i[aou](?!n)|iet(?=y|s$|ies)|(?<![ct])ien(?=ce|t)|scien|crea(?=t)|[ai]dea|area|eo(?![up])|[aeou]ing"
    r"|(?<![qg])ua(?!r)|isms?$|[ds]n't$"
)
"""Vowels that stand together and are said apart."""


def syllables(word: str, language: str = "en") -> int:
    """Syllables of a word, by rules; at least 1.

    Example:
        >>> [syllables(w) for w in ("free", "table", "delivered", "experience")]
        [1, 2, 3, 4]
    """
    low = unicodedata.normalize("NFC", word).casefold()
    if language == "en":
        low = re.sub(r"'s$", "", low.replace("’", "'"))
        count = len(_VOWELS["en"].findall(low)) - len(_SILENT.findall(low)) + len(_SPLIT.findall(low))
        return max(count, 1)
    if language == "es":
        low = re.sub(r"(?<=[gq])u(?=[eiéí])", "", low)
    count = len(_VOWELS.get(language, _VOWELS["fr"]).findall(low))
    if language == "fr" and count > 1 and re.search(r"[^aeiouyàâäéèêëîïôöùûü]e(?:s|nt)?$", low):
        count -= 1
    return max(count, 1)
