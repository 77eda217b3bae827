"""A quotation that says the opposite: "not" on one side alone, or "fell" where the claim says "rose". By word lists."""

from __future__ import annotations

import re

from copilot_tools.wording.evidence_words import evidence_words, norms
from copilot_tools.wording.numerals import even
from copilot_tools.wording.quantities import quantities

__all__ = ["contradicts", "negated_before"]

_NOT = {
    "en": r"not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n't|false|untrue|failed|fails?|hardly"
    r"|barely",
    "de": r"nicht|kein\w{0,2}|nie|niemals|ohne|niemand|nichts|falsch|kaum",
    "fr": r"ne|n'\w+|pas|jamais|aucune?|sans|personne|rien|faux",
    "es": r"no|nunca|jamás|ningún|ninguna|sin|nadie|nada|falso",
}
_UP = {
    "en": r"up|more|higher|rose|rises?|risen|increas\w+|grew|grows?|growth|gain\w*|climb\w*|faster|quicker|better"
    r"|dearer",
    "de": r"mehr|höher|gestiegen|steigt|steigert?|stieg|zugenommen|schneller|besser",
    "fr": r"plus|hausse|augment\w+|supérieure?|vite|rapide|mieux",
    "es": r"más|aument\w+|subió|sube|creció|mejor",
}
_DOWN = {
    "en": r"down|less|fewer|lower|fell|falls?|fallen|decreas\w+|drop\w*|declin\w+|cuts?|reduc\w+|lost|loss|slower|worse"
    r"|cheaper",
    "de": r"weniger|niedriger|gesunken|sinkt|senkt|sank|fiel|gefallen|langsamer|schlechter|günstiger|billiger",
    "fr": r"moins|baisse|diminu\w+|réduit|inférieure?|lent|lente",
    "es": r"menos|redu\w+|bajó|baja|cayó|lento|peor",
}
_SPEED = {
    "faster": r"faster|quicker|schneller",
    "slower": r"slower|langsamer",
}
_BREAK = re.compile(r"[.!?;:,()\n–—]")


def _words(patterns: dict[str, str], text: str, language: str) -> list[str]:
    pattern = patterns.get(language, patterns["en"])
    return re.findall(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", text)


def _rest(text: str, language: str) -> str:
    """The text without its quantities, whose bounds ("no more than 3") are no negations and no directions."""
    said, last = [], 0
    for quantity in quantities(text, language):
        said.append(text[last : quantity.start])
        last = quantity.end
    said.append(text[last:])
    return even(" ".join(said))


def contradicts(claim: str, quotation: str, language: str, source_language: str) -> str:
    """Why the quotation says the opposite of the claim: one plain sentence, or "".

    Example:
        >>> contradicts("40% faster", "It was 40% slower.", "en", "en")
        'The claim says "faster", the quotation "slower".'
    """
    said, given = _rest(claim, language), _rest(quotation, source_language)
    no, not_given = _words(_NOT, said, language), _words(_NOT, given, source_language)
    if bool(no) != bool(not_given):
        who, word = ("claim", no[0]) if no else ("quotation", not_given[0])
        return f'Only the {who} says "{word}".'
    for here, there in ((_UP, _DOWN), (_DOWN, _UP)):
        mine, theirs = _words(here, said, language), _words(there, given, source_language)
        if mine and theirs and not _words(there, said, language) and not _words(here, given, source_language):
            fast = any(re.fullmatch(_SPEED["faster"], word) for word in mine)
            slow = any(re.fullmatch(_SPEED["slower"], word) for word in theirs)
            if fast and not slow:
                continue  # faster is less time
            return f'The claim says "{mine[0]}", the quotation "{theirs[0]}".'
    return _antonyms(said, given, language) if language == source_language else ""


def _antonyms(said: str, given: str, language: str) -> str:
    """A word of the claim whose opposite stands in the quotation, where neither holds both."""
    mine, theirs = norms(said), norms(given)
    for pair in evidence_words(language).opposite:
        for here, there in (pair, pair[::-1]):
            word, other = (next((w for w in row if w in side), "") for row, side in ((mine, here), (theirs, there)))
            if word and other and there.isdisjoint(mine) and here.isdisjoint(theirs):
                return f'The claim says "{word}", the quotation "{other}".'
    for first, second in ((mine, theirs), (theirs, mine)):
        for word in first:
            plain = word.removeprefix("un").removeprefix("non")
            if plain != word and len(plain) >= _LONG and plain in second and word not in second:
                pair_said = (word, plain) if first is mine else (plain, word)
                return f'The claim says "{pair_said[0]}", the quotation "{pair_said[1]}".'
    return ""


_LONG = 4


def negated_before(before: str, language: str) -> str:
    """The last word of negation in the clause that ends where ``before`` does, or "".

    Example:
        >>> negated_before("We asked. It is not true that ", "en")
        'not'
    """
    clause = _BREAK.split(before)[-1]
    found = _words(_NOT, _rest(clause, language), language)
    return found[-1] if found else ""
