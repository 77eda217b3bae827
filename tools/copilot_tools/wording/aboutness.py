"""Does a quotation speak of what a claim says? Its head words, its content words, its subject; by lists and stems.

Rules, in this order:

1. Nobody else: a quotation about a rival carries no claim that names none; what stands before and after "than" or
   "beats" may not be exchanged.
2. A claim's head words ("only", "free", "guaranteed", "never", a superlative) must stand in the quotation, or words
   that say as much. A comparative is not carried by the plain word, nor a superlative by a comparative.
3. A claim with a number shares one other content word with the quotation beside the number; what is counted is one.
   A claim without shares half of its other content words, and its sentence at least one.
4. Between two languages words cannot be compared: a claim with a number passes, one without needs a source of its own
   language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot_tools.wording.evidence_words import EvidenceWords, Head, degree, evidence_words, meanings, norms
from copilot_tools.wording.quantities import Quantity, quantities
from copilot_tools.wording.text import fold

__all__ = ["why_unrelated"]


def why_unrelated(
    claim: str,
    sentence: str,
    quotation: str,
    *,
    counted: Sequence[Quantity],
    language: str,
    source_language: str,
) -> str:
    """Why the quotation does not speak of the claim: one plain sentence, or "".

    Args:
        claim: The claim's words alone.
        sentence: The sentence it stands in, without what is claimed apart.
        quotation: The words that are to carry it.
        counted: The quantities of the claim, which the quotation carries.
        language: Of the claim.
        source_language: Of the quotation.

    Example:
        >>> languages = {"language": "en", "source_language": "en"}
        >>> why_unrelated("We are the fastest", "We are the fastest", "Bread is baked daily.", counted=(), **languages)
        'The quotation does not say "fastest", nor a word that says as much.'
    """
    if language != source_language:
        return _across(claim, quotation, counted)
    words = evidence_words(language)
    bare, given = _without_numbers(claim, language), _without_numbers(quotation, language)
    return (
        _of_others(sentence, quotation, words)
        or _headless(bare, given, quotation, words, language, counted=bool(counted))
        or _unshared(bare, _without_numbers(sentence, language), quotation, counted, language)
    )


def _across(claim: str, quotation: str, counted: Sequence[Quantity]) -> str:
    if counted or set(norms(claim)) & {n for n in norms(quotation) if len(n) > _SHORT}:
        return ""
    return "The claim holds no number and the source is in another language; quote one in the claim's own."


_SHORT = 3


def _without_numbers(text: str, language: str) -> str:
    parts, last = [], 0
    for quantity in quantities(text, language):
        parts.append(text[last : quantity.start])
        last = quantity.end
    return " ".join([*parts, text[last:]])


def _of_others(claim: str, quotation: str, words: EvidenceWords) -> str:
    """Why the quotation speaks of somebody else, or of the two the other way round."""
    said, given = norms(claim), norms(quotation)
    over = next((i for i, word in enumerate(given) if word in words.over), len(given))
    for place, word in enumerate(given[:over]):
        if word in words.others and words.others.isdisjoint(said) and _subject(given, place):
            return f'The quotation speaks of a "{word}", the claim does not.'
    mine, theirs = _sides(said, words), _sides(given, words)
    if mine and theirs:
        crossed = (mine[0] & theirs[1] and not mine[0] & theirs[0]) or (mine[1] & theirs[0] and not mine[1] & theirs[1])
        if crossed:
            return "The quotation compares the same two the other way round."
    return ""


_BEFORE_OBJECT = frozenset({
    *("than", "to", "with", "against", "from", "over", "of", "by", "versus", "vs", "unlike", "among"),
    *("any", "every", "no", "all", "other"),
})  # fmt: skip


def _subject(given: Sequence[str], place: int) -> bool:
    """Whether nothing before the word makes it an object: "our rival is", not "than any rival"."""
    return not _BEFORE_OBJECT & set(given[max(place - 3, 0) : place])


def _sides(said: Sequence[str], words: EvidenceWords) -> tuple[set[str], set[str]] | None:
    """Who stands before and after the word that puts one over the other."""
    over = next((i for i, word in enumerate(said) if word in words.over), None)
    if over is None:
        return None

    def who(side: Sequence[str]) -> set[str]:
        owned = [w for w, after in zip(side, [*side[1:], ""], strict=True) if after not in words.others]  # "our rival"
        found = {"we" if w in words.first_person else w for w in owned}
        found |= {"others" for w in side if w in words.others}
        return {w for w in found if len(w) > _SHORT or w == "we"} - words.graded - _SAID_OF_BOTH

    return who(said[:over]), who(said[over + 1 :])


_SAID_OF_BOTH = frozenset({"more", "less", "many", "much", "times", "other", "they", "that", "with", "have", "does"})


def _headless(claim: str, given: str, quotation: str, words: EvidenceWords, language: str, *, counted: bool) -> str:
    """The first head word of the claim that the quotation does not carry, as a sentence."""
    said, there = norms(claim), {*norms(given), *norms(quotation)}
    ranked = any(q.unit == "rank" and q.low == 1 for q in quantities(quotation, language))
    for head in words.heads:
        for word in said:
            if word not in head.says or (counted and _beside_numbers(head)):
                continue
            if head.carriers.isdisjoint(there) and not (ranked and "best" in head.says):
                return _not_said(word)
    amounts = {word for head in words.heads if _beside_numbers(head) for word in head.says}  # judged as head words
    return _less_graded([word for word in said if word not in amounts], there, language, ranked=ranked)


def _beside_numbers(head: Head) -> bool:
    """Whether a number says as much: "40% more", "all 40 recipes"."""
    return not head.says.isdisjoint({"more", "less", "all", "alle", "tous", "todos"})


def _less_graded(said: Sequence[str], there: set[str], language: str, *, ranked: bool) -> str:
    grades = {grade for word in there if (grade := degree(word, language))}
    for word in said:
        mine = degree(word, language)
        if mine is None or not mine.degree:
            continue
        enough = {"est"} if mine.degree == "est" else {"er", "est"}
        meant = _meaning(mine.base, language)
        alike = {grade.degree for grade in grades if _meaning(grade.base, language) == meant}
        spelled = "most" in there if mine.degree == "est" else "more" in there
        if not (alike & enough or ("" in alike and spelled) or (ranked and mine.base == "good")):
            return _not_said(word)
    return ""


def _meaning(word: str, language: str) -> str:
    return next(iter(meanings(word, language)), word)


def _not_said(word: str) -> str:
    return f'The quotation does not say "{word}", nor a word that says as much.'


def _unshared(claim: str, sentence: str, quotation: str, counted: Sequence[Quantity], language: str) -> str:
    """Why the two speak of different things by their content words."""
    there = set(meanings(quotation, language)) | {_meaning(q.of, language) for q in counted if q.of}
    mine, whole = _beside_heads(meanings(claim, language), language), meanings(sentence, language)
    whole = {**_beside_heads(whole, language), **mine}
    named = any(q.of and q.unit in {"count", "percent", "fraction"} for q in counted)
    if whole and not named and not _shared(whole, there):
        return _other_matter(whole)
    if counted or not mine:
        return (
            ""
            if counted or whole or meanings(claim, language)
            else "The claim holds no word that a quotation could carry; say what is meant."
        )
    if 2 * len(_shared(mine, there)) < len(mine):
        return _other_matter({m: w for m, w in mine.items() if m not in _shared(mine, there)})
    return ""


def _beside_heads(found: dict[str, str], language: str) -> dict[str, str]:
    """The content words that are no head words: what the claim is about."""
    heads = {word for head in evidence_words(language).heads for word in head.says}
    return {
        meaning: word
        for meaning, word in found.items()
        if fold(word) not in heads and not ((grade := degree(fold(word), language)) and grade.degree)
    }


_STEM = 4


def _shared(mine: dict[str, str], there: set[str]) -> set[str]:
    """The meanings that stand on both sides; one stem may go on where the other ends ("clinic", "clinical")."""
    return {m for m in mine if m in there or any(len(min(m, t, key=len)) >= _STEM and _goes_on(m, t) for t in there)}


def _goes_on(first: str, second: str) -> bool:
    shorter, longer = sorted((first, second), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) <= _STEM


def _other_matter(missing: dict[str, str]) -> str:
    listed = ", ".join(f'"{re.sub(chr(34), "", word)}"' for word in list(missing.values())[:5])
    return f"The quotation does not speak of it: {listed} {'does' if len(missing) == 1 else 'do'} not stand in it."
