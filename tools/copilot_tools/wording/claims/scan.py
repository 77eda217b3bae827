"""The scanner: every sentence gets a mark, every claim its place. Deterministic; no language model, no network.

Two readers: rules, which know the words of claims, and a small learned model (``learned``), which weighs everything in
a sentence, the rules' finds included. Where it is sure, there are claims: the rules' and its own. Where it is not, the
sentence is open for a person; so it is where a rule found something, unless the learned reader is sure that there is
no claim in it. Only what neither minds may be plain.

References:
    FTC (1984), Policy Statement Regarding Advertising Substantiation. CAP Code (UK), sections 3, 8, 11 to 15.
    Directives 2005/29/EC and (EU) 2024/825 (unfair practices, green claims); Regulation (EC) 1924/2006 (health claims).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from copilot_tools.wording.claims.doubt import Standing, may_be
from copilot_tools.wording.claims.figures import Item, items
from copilot_tools.wording.claims.found import agreed, by_reader, by_rules, quoted, told_once
from copilot_tools.wording.claims.learned.features import Seen, shape
from copilot_tools.wording.claims.learned.reader import Reader
from copilot_tools.wording.claims.learned.weights import Weights, shipped
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, Scanned, Sentence
from copilot_tools.wording.claims.patterns import Match
from copilot_tools.wording.claims.quotations import Quotation, quotations
from copilot_tools.wording.claims.rules import Rules, rules_for
from copilot_tools.wording.claims.unclaimed import Lifted, Read, without_claim
from copilot_tools.wording.disguised import disguises
from copilot_tools.wording.text import Span, sentences, tokens

__all__ = ["Tell", "kept", "read_sentences", "scan", "scan_with", "seen"]


Tell = Callable[[float], object]
"""Told how far a scan is, as a share of its work, from above 0 to 1."""


def scan(text: str, language: str = "en", tell: Tell = lambda _: None) -> Scanned:
    """Mark every sentence of plain text, and every claim in it.

    Args:
        text: As it would be published; for Markdown and HTML see ``documents.scan_document``.
        language: "en", "de", "fr" or "es". Outside English, five kinds are known (statistics, superlatives,
            guarantees, prices, scarcity), and every other sentence that is not plainly harmless is left unclassified.
        tell: Told how far it is, after each sentence: texts of many pages take minutes.

    Returns:
        Claims and sentences with their places in code points of ``text``.

    Raises:
        Refused: There are no rules for the language, or the learned reader's weights are damaged.

    Example:
        >>> [(c.kind, c.words) for c in scan("Loved it? Only 3 left.").claims]
        [('scarcity', ('Only', '3', 'left'))]
    """
    rules_for(language)
    return _scanned(text, _shipped(language), tell)


def scan_with(text: str, language: str, weights: Weights) -> Scanned:
    """The same with other weights than the package's: how training is cross-validated."""
    return _scanned(text, _reader(weights, language))


@cache
def _shipped(language: str) -> Reader:
    return _reader(shipped(), language)


def _reader(weights: Weights, language: str) -> Reader:
    return Reader(weights, language, rules_for(language).words)


def _scanned(text: str, reader: Reader, tell: Tell = lambda _: None) -> Scanned:
    rules, certain = rules_for(reader.language), frozenset(reader.weights.header.certain)
    spoken = quotations(text)
    # Reading takes about as long as judging what was read.
    reads = read_sentences(text, rules, lambda end: tell(end / len(text) / 2))
    standings: list[Standing] = []
    claims: list[Claim] = []
    before: list[Item] = []
    for number, read in enumerate(reads):
        standing = Standing.of(reader, seen(text, read, reader.language, spoken)) if read.row else Standing.empty()
        standings.append(standing)
        finds = kept(read.matches, read.lifted)
        sure = [m for m in finds if m.pattern.source in certain]
        if standing.scores is not None and (standing.claims or sure):
            own = by_reader(text, read.row, standing.scores, reader.bounds.item, always=standing.claims)
            claims += own
            settled = [*own, *by_rules(text, read.row, sure)]
            sure += agreed(read.row, (m for m in finds if m.pattern.source not in certain), standing.scores, settled)
            standing.claims = True
        claims += by_rules(text, read.row, sure)
        if finds and not standing.claims and (standing.minds or not rules.whole):
            standing.doubts.append(may_be(text, by_rules(text, read.row, finds)[0]))
        both = [*before, *(item._replace(opens=True) for item in read.row[:1]), *read.row[1:]]
        across = kept([m for m in rules.pairs.matches(both) if m.start < len(before) < m.end], {})
        _weigh(text, by_rules(text, both, across), standings[max(number - 1, 0) :], claims)
        before = list(read.row)
        tell((1 + read.span.end / len(text)) / 2)
    for one in spoken:
        claim = quoted(text, one, rules)
        _weigh(text, [claim], standings[_under(reads, claim.start, claim.end)], claims, sure=bool(one.by))
    for hidden in disguises(text):
        for standing in standings[_under(reads, hidden.start, hidden.end)]:
            standing.disguise = standing.disguise or hidden.why
    claims = told_once(text, claims)
    return Scanned(
        language=rules.language, claims=tuple(claims), sentences=tuple(_marked(text, reads, standings, claims, rules))
    )


def _under(reads: Sequence[Read], start: int, end: int) -> slice:
    """The sentences that lie, with any part of them, between ``start`` and ``end``."""
    first = bisect_right(reads, start, key=lambda read: read.span.end)
    return slice(first, max(first, bisect_left(reads, end, key=lambda read: read.span.start)))


def _weigh(
    text: str, found: Iterable[Claim], standings: Sequence[Standing], claims: list[Claim], *, sure: bool = False
) -> None:
    """What runs over several sentences is a claim where one of them is surely one, else a doubt about all of them.

    A quotation with somebody's name behind it is ``sure``: of those in the labelled lines none was anything else.
    """
    for claim in found:
        if sure or any(standing.claims for standing in standings):
            claims.append(claim)
        else:
            for standing in standings:
                standing.doubts.append(may_be(text, claim))


def read_sentences(text: str, rules: Rules, tell: Callable[[int], object] = lambda _: None) -> list[Read]:
    """Every sentence of a text with what the rules match in it; ``tell`` is told where each ends."""
    reads: list[Read] = []
    for span in sentences(text):
        reads.append(_read(text, span, rules))
        tell(span.end)
    return reads


def _read(text: str, span: Span, rules: Rules) -> Read:
    parts = tokens(text, span.start, span.end)
    row = [_with_ending(item, rules) for item in items(parts, rules.words)]
    matches = tuple(rules.patterns.matches(row))
    return Read(span, parts, row, matches, _lifted(matches))


def seen(text: str, read: Read, language: str, spoken: Sequence[Quotation]) -> Seen:
    """A sentence as the learned reader sees it."""
    start, end = read.span
    first = bisect_right(spoken, start, key=lambda q: q.end)
    near = spoken[first : bisect_left(spoken, end, key=lambda q: q.start)]
    return Seen(
        language=language,
        shapes=[shape(text, item, language, first=place == 0) for place, item in enumerate(read.row)],
        matches=read.matches,
        quoted=frozenset(p for q in near for p, item in enumerate(read.row) if q.start <= item.start < q.end),
        ending=text[end - 1],
    )


_KINDS = frozenset(CLAIM_KINDS)


def kept(matches: Iterable[Match], lifted: Lifted) -> list[Match]:
    """The matches that a rule takes for a claim and that no exception lifts."""
    harmless = lifted.get("harmless", set())
    return [
        m
        for m in matches
        if m.pattern.label in _KINDS
        and not m.pattern.exception
        and lifted.get(m.pattern.label, set()).isdisjoint(m.taken)
        and not harmless.issuperset(m.taken)
    ]


def _with_ending(item: Item, rules: Rules) -> Item:
    """A word with the tag "est" if it is a superlative by its ending."""
    if item.tags:
        return item
    for ending in rules.words.get("superlative_endings", ()):
        long_enough = len(item.norm) >= len(ending) + 2
        if item.norm.endswith(ending) and long_enough and item.norm not in rules.words["not_superlative"]:
            return item._replace(tags=("est",))
    return item


def _lifted(matches: Iterable[Match]) -> Lifted:
    """The items from which an exception lifts a label; under "harmless", those that claim nothing whatever the kind."""
    found: dict[str, set[int]] = {}
    for match in matches:
        if match.pattern.exception or match.pattern.label == "harmless":
            found.setdefault(match.pattern.label, set()).update(range(match.first, match.last))
    return found


def _marked(
    text: str, reads: Sequence[Read], standings: Sequence[Standing], claims: Sequence[Claim], rules: Rules
) -> Iterator[Sentence]:
    """Every sentence with its mark: "claim" when a claim lies in it and nothing in it is disguised."""
    first, furthest = 0, -1
    for read, standing in zip(reads, standings, strict=True):
        while first < len(claims) and claims[first].start < read.span.end:
            furthest = max(furthest, claims[first].end)
            first += 1
        if standing.disguise:
            mark, why = "unclassified", standing.disguise
        elif furthest > read.span.start:
            mark, why = "claim", ""
        elif doubt := standing.doubt(text, read.row):
            mark, why = "unclassified", doubt
        else:
            mark, why = without_claim(text, read, rules)
        yield Sentence(start=read.span.start, end=read.span.end, mark=mark, why=why)
