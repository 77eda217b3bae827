"""Does a source assert what a quotation says? Not where it asks, supposes, hopes, takes it back or struck it out."""

from __future__ import annotations

import re

from copilot_tools.wording.evidence_words import EvidenceWords, evidence_words, meanings, said
from copilot_tools.wording.readable import struck
from copilot_tools.wording.text import sentences

__all__ = ["why_unasserted"]

_WAVED = re.compile(r"~~(?=\S)[^~]{1,2000}~~")
_TAG = re.compile(r"<(?P<close>/?)(?:del|s|strike)(?=[\s/>])", re.IGNORECASE)
_WINDOW = 6_000
_AROUND = 600
_QUESTION = re.compile(r"[?？؟][\s\"'”’»)\]*_]*$")
_CLAUSE = re.compile(r"[,;:()\n–—]|\s-\s")


def why_unasserted(start: int, end: int, source: str, claim: str, language: str) -> str:
    """Why ``source[start:end]`` is no assertion of the source: one plain sentence, or "".

    Args:
        start: First code point of the quotation.
        end: One past its last.
        source: The whole text.
        claim: The sentence of the claim; what it says of hopes and conditions it may quote.
        language: Of the source.

    Example:
        >>> why_unasserted(0, 8, "Is it the fastest? We think so.", "It is the fastest", "en")
        'The source asks this, it does not say it.'
    """
    if _struck_out(start, end, source):
        return "The quotation is struck out in the source."
    if source.rfind("<!--", 0, end) > source.rfind("-->", 0, start):  # one left open hides all that follows
        return "The quotation is in a comment of the source, which nobody reads."
    window = max(start - _AROUND, 0)
    text = source[window : min(end + _AROUND, len(source))]
    first, last = start - window, end - window
    spans = sentences(text)
    held = [s for s in spans if s.start < last and s.end > first]
    if not held:
        return ""
    whole = text[held[0].start : held[-1].end]
    if any(_QUESTION.search(text[s.start : s.end]) for s in held):
        return "The source asks this, it does not say it."
    after = next((text[s.start : s.end] for s in spans if s.start >= held[-1].end), "")
    before = whole[: max(first - held[0].start, 0)]
    return _taken_back(whole, before, after, claim, language) or _supposed(
        whole, (first - held[0].start, last - held[0].start), claim, language
    )


def _struck_out(start: int, end: int, source: str) -> bool:
    """Whether any of it stands between strokes: of characters, of waves, or of tags, closed or not."""
    if any(map(struck, source[start:end])):
        return True
    waved = _WAVED.finditer(source, max(start - _WINDOW, 0), min(end + _WINDOW, len(source)))
    if any(found.start() < end and found.end() > start for found in waved):
        return True
    last = None
    for last in _TAG.finditer(source, 0, end):  # noqa: B007 - the last one counts
        pass
    return last is not None and (last.start() >= start or not last["close"])


def _taken_back(whole: str, before: str, after: str, claim: str, language: str) -> str:
    """Whether the sentence, or the next one pointing back at it, denies what is quoted."""
    words = evidence_words(language)
    mine = said(claim)
    for denial in words.deny.finditer(said(whole)):
        if denial.group() not in mine:
            return f'The source says "{denial.group().strip()}" of it.'
    back = said(after)
    if _BACK.match(back) and (found := words.deny.search(back[:_REACH])):
        return f'The source says "{found.group().strip()}" of it in the next sentence.'
    if (word := _embedded(before, words)) and f" {word} " not in mine:
        return f'In the source "{word}" stands before it in the same sentence.'
    return ""


_BACK = re.compile(r" (?:this|that|it|which|these|das|dies|es|c'est|cela|ce|esto|eso|es) ")
_REACH = 60
_NOT = re.compile(r" (not|never|nobody|no|doubt|nicht|kein|keine|nie|pas|jamais|nunca|\w+n't) ")


def _embedded(before: str, words: EvidenceWords) -> str:
    """The negation on which the quotation hangs: "It is not, as some say, the case that ..."."""
    text = said(before)
    joined = list(words.embedding.finditer(text))
    if joined and text[joined[-1].end() :].strip() == "" and (found := _NOT.search(text)):
        return found[1]
    return ""


def _supposed(whole: str, place: tuple[int, int], claim: str, language: str) -> str:
    """Whether it hangs on a condition, or is hoped for; where the claim says so itself, it may."""
    words, mine = evidence_words(language), said(claim)
    if words.condition.search(mine) or words.hedge.search(mine):
        return ""
    first, last = place
    edges = [m.end() for m in _CLAUSE.finditer(whole, 0, max(first, 0))]
    ahead = _CLAUSE.search(whole, last)
    clause = whole[max(edges, default=0) : ahead.start() if ahead else len(whole)]
    if found := words.hedge.search(said(clause)):
        return f'The source says "{found.group().strip()}": it does not say that it is so.'
    found = words.condition.search(said(whole))
    if found is None or _even(said(whole), found):
        return ""
    word = found.group().strip()
    begin, end = _condition(whole, word)
    there = set(meanings(whole[begin:end], language))
    supposed = begin - len(word) <= first + 1 and last <= end  # it is the condition itself that was quoted
    if supposed or not there or 2 * len(there & set(meanings(claim, language))) < len(there):
        return f'The source says it under a condition ("{word}"), which the claim leaves out.'
    return ""


def _even(text: str, found: re.Match[str]) -> bool:
    return text[: found.start()].endswith((" even", " as")) and found.group().strip() == "if"


def _condition(whole: str, word: str) -> tuple[int, int]:
    """Where the clause that the condition's word begins stands, without that word."""
    at = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", whole, re.IGNORECASE)
    if at is None:  # written otherwise than it is compared: all of the sentence hangs on it
        return 0, len(whole)
    ahead = _CLAUSE.search(whole, at.end())
    return at.end(), ahead.start() if ahead else len(whole)
