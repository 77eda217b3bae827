"""The scanner: every sentence gets a mark, every claim its place. Deterministic; no model, no network.

References:
    FTC (1984), Policy Statement Regarding Advertising Substantiation. CAP Code (UK), sections 3, 8, 11 to 15.
    Directives 2005/29/EC and (EU) 2024/825 (unfair practices, green claims); Regulation (EC) 1924/2006 (health claims).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from copilot_tools.wording.claims.figures import Item, items
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, ClaimKind, Scanned, Sentence
from copilot_tools.wording.claims.patterns import Match
from copilot_tools.wording.claims.quotations import Quotation, quotations
from copilot_tools.wording.claims.rules import Rules, rules_for
from copilot_tools.wording.claims.unclaimed import Lifted, Read, without_claim
from copilot_tools.wording.text import Span, sentences, tokens

__all__ = ["scan"]


def scan(text: str, language: str = "en") -> Scanned:
    """Mark every sentence of plain text, and every claim in it.

    Args:
        text: As it would be published; for Markdown and HTML see ``documents.scan_document``.
        language: "en", "de", "fr" or "es". Outside English, five kinds have rules (statistics, superlatives,
            guarantees, prices, scarcity), and every other sentence that is not plainly harmless is left unclassified.

    Returns:
        Claims and sentences with their places in code points of ``text``.

    Raises:
        Refused: There are no rules for the language.

    Example:
        >>> [(c.kind, c.words) for c in scan("Loved it? Only 3 left.").claims]
        [('scarcity', ('Only', '3', 'left'))]
    """
    rules = rules_for(language)
    claims: list[Claim] = []
    reads: list[Read] = []
    before: list[Item] = []
    for span in sentences(text):
        read = _read(text, span, rules)
        claims += _claims(text, read.row, _kept(read.matches, read.lifted))
        both = [*before, *(item._replace(opens=number == 0) for number, item in enumerate(read.row))]
        across = [m for m in rules.pairs.matches(both) if m.start < len(before) < m.end]
        claims += _claims(text, both, _kept(across, {}))
        reads.append(read)
        before = list(read.row)
    claims += [_quoted(text, quotation, rules) for quotation in quotations(text)]
    claims = _told_once(text, claims)
    return Scanned(language=language, claims=tuple(claims), sentences=tuple(_marked(text, reads, claims, rules)))


def _read(text: str, span: Span, rules: Rules) -> Read:
    parts = tokens(text, span.start, span.end)
    row = [_with_ending(item, rules) for item in items(parts, rules.words)]
    matches = tuple(rules.patterns.matches(row))
    return Read(span, parts, row, matches, _lifted(matches))


_KINDS = frozenset(CLAIM_KINDS)


def _kept(matches: Iterable[Match], lifted: Lifted) -> list[Match]:
    """The matches that make a claim and that no exception lifts."""
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


def _claims(text: str, row: Sequence[Item], matches: Iterable[Match]) -> list[Claim]:
    """One claim for each stretch of one kind: matches that overlap are told together."""
    groups: dict[str, list[list[Match]]] = {}
    reached: dict[str, int] = {}
    for match in sorted(matches, key=lambda m: (m.first, -m.last)):
        kind = match.pattern.label
        own = groups.setdefault(kind, [])
        if own and match.first < reached[kind]:
            own[-1].append(match)
        else:
            own.append([match])
        reached[kind] = max(reached.get(kind, 0), match.last)
    return [_claim(text, row, kind, group) for kind in CLAIM_KINDS for group in groups.get(kind, ())]


def _claim(text: str, row: Sequence[Item], kind: ClaimKind, group: Sequence[Match]) -> Claim:
    taken = sorted({t for m in group for t in m.taken})
    return Claim(
        start=row[group[0].first].start,
        end=row[max(m.last for m in group) - 1].end,
        kind=kind,
        words=tuple(text[row[t].start : row[t].end] for t in taken),
        why=group[0].pattern.why,
    )


def _quoted(text: str, quotation: Quotation, rules: Rules) -> Claim:
    """A quotation is a testimonial; that of the press an endorsement."""
    start, end, by = quotation
    return Claim(
        start=start,
        end=end,
        kind="testimonial" if by.isdisjoint(rules.words.get("press_word", ())) else "endorsement",
        words=(text[start:end],),
        why="Words put into somebody's mouth; they need the person, their very words, and leave to use them.",
    )


def _told_once(text: str, claims: Iterable[Claim]) -> list[Claim]:
    """In order of their place; those of one kind that overlap as one."""
    last: dict[str, Claim] = {}
    places: dict[str, int] = {}
    found: list[Claim] = []
    for claim in sorted(claims, key=lambda c: (c.start, -c.end)):
        other = last.get(claim.kind)
        if other is None or claim.start >= other.end:
            last[claim.kind], places[claim.kind] = claim, len(found)
            found.append(claim)
        elif claim.end > other.end:
            words = (*other.words, text[max(claim.start, other.end) : claim.end].strip())
            whole = other.model_copy(update={"end": claim.end, "words": words})
            last[claim.kind] = whole
            found[places[claim.kind]] = whole
    return sorted(found, key=lambda c: (c.start, c.end, CLAIM_KINDS.index(c.kind)))


def _marked(text: str, reads: Sequence[Read], claims: Sequence[Claim], rules: Rules) -> Iterator[Sentence]:
    """Every sentence with its mark: "claim" exactly when a claim lies in it."""
    first, furthest = 0, -1
    for read in reads:
        while first < len(claims) and claims[first].start < read.span.end:
            furthest = max(furthest, claims[first].end)
            first += 1
        mark, why = ("claim", "") if furthest > read.span.start else without_claim(text, read, rules)
        yield Sentence(start=read.span.start, end=read.span.end, mark=mark, why=why)
