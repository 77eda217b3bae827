"""Claims out of what was found: matches of rules, runs of words the second reader scores high, quotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from copilot_tools.wording.claims.figures import Item
from copilot_tools.wording.claims.learned.reader import Scores
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim, ClaimKind
from copilot_tools.wording.claims.patterns import Match
from copilot_tools.wording.claims.quotations import Quotation
from copilot_tools.wording.claims.rules import Rules

__all__ = ["agreed", "by_reader", "by_rules", "quoted", "told_once"]

_WHY: Mapping[ClaimKind, str] = {
    "statistic": "Says how much or how many; it needs the figure's source, and what was counted.",
    "superlative": "Puts itself before all others; it needs a comparison with all of them.",
    "comparative": "Says it is more than something else; it needs both, measured alike.",
    "testimonial": "Speaks of what customers say or do; it needs them, and leave to use it.",
    "guarantee": "Promises without exception; it must hold every time, or name its terms.",
    "health": "Promises something for health or the body; it needs evidence that may be used for it.",
    "finance": "Promises something about money; it needs terms, figures and often a warning.",
    "environment": "Promises something for the environment; it needs proof for this very product.",
    "children": "Promises something for children; it needs proof, and is held to a stricter rule.",
    "privacy": "Promises privacy or security; it must be so, and someone must be able to show it.",
    "scarcity": "Presses by time or number; it must be true as long as it stands there.",
    "certification": "Names a mark, a standard or an award; it needs the certificate, valid today.",
    "price": "Says what it costs or saves; it must be the price that is paid, with its terms.",
    "endorsement": "Speaks through an expert, an institution or the press; it needs their leave and their words.",
    "before_after": "Shows a change; it needs the case it shows, and that it is typical.",
    "implied": "Lets the reader complete a claim; what they will understand needs a source.",
}


def by_rules(text: str, row: Sequence[Item], matches: Iterable[Match]) -> list[Claim]:
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


SECOND = 64
"""A word's score, in units of the weights, from which on it may belong to a second kind of claim beside a surer one."""
RULE = -64
"""A rule's find in the words of a surer claim of another kind counts only with this score for its own kind."""


def by_reader(text: str, row: Sequence[Item], scores: Scores, least: int, *, always: bool = True) -> list[Claim]:
    """The runs of words whose score for a kind is ``least`` or more; where there is none, ``always`` the best word's.

    A run in the words of a surer one of another kind must be nearly certain.
    """
    known = scores.items[:, scores.kinds]
    least = min(least, int(known.max())) if always else least
    runs: list[tuple[int, int, int, int]] = []
    for own, place in zip(known.T.tolist(), scores.kinds, strict=True):
        high = [at for at, score in enumerate(own) if score >= least]
        runs += [(-max(own[a : b + 1]), a, b, place) for a, b in _runs(high)]
    kept: list[tuple[int, int]] = []
    found: list[Claim] = []
    for score, first, last, place in sorted(runs):
        if -score < SECOND and any(a <= last and first <= b for a, b in kept):
            continue
        kept.append((first, last))
        kind, start, end = CLAIM_KINDS[place], row[first].start, row[last].end
        found.append(Claim(start=start, end=end, kind=kind, words=(text[start:end],), why=_WHY[kind]))
    return found


def agreed(row: Sequence[Item], matches: Iterable[Match], scores: Scores, read: Sequence[Claim]) -> list[Match]:
    """The rules' finds that stand beside what is settled, ``read``: alone in their words, or likely of their kind."""

    def stands(match: Match) -> bool:
        kind = match.pattern.label
        start, end = row[match.first].start, row[match.last - 1].end
        near = [claim for claim in read if claim.start < end and start < claim.end]
        place = _PLACES[kind]
        likely = place in scores.kinds and int(scores.items[match.first : match.last, place].max()) >= RULE
        return not near or likely or any(claim.kind == kind for claim in near)

    return [match for match in matches if stands(match)]


_PLACES: Mapping[str, int] = {kind: place for place, kind in enumerate(CLAIM_KINDS)}


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = None
    for at, place in enumerate(places):
        first = place if first is None else first
        if at + 1 == len(places) or places[at + 1] != place + 1:
            yield first, place
            first = None


def quoted(text: str, quotation: Quotation, rules: Rules) -> Claim:
    """A quotation is a testimonial; that of the press an endorsement."""
    start, end, by = quotation
    return Claim(
        start=start,
        end=end,
        kind="testimonial" if by.isdisjoint(rules.words.get("press_word", ())) else "endorsement",
        words=(text[start:end],),
        why="Words put into somebody's mouth; they need the person, their very words, and leave to use them.",
    )


def told_once(text: str, claims: Iterable[Claim]) -> list[Claim]:
    """In order of their place; those of one kind that overlap as one, in a rule's words where there is a rule's."""
    last: dict[str, Claim] = {}
    places: dict[str, int] = {}
    found: list[Claim] = []
    for claim in sorted(claims, key=lambda c: (c.start, -c.end)):
        other = last.get(claim.kind)
        if other is None or claim.start >= other.end:
            last[claim.kind], places[claim.kind] = claim, len(found)
            found.append(claim)
            continue
        changed: dict[str, object] = {}
        read, ruled = other.why == _WHY[claim.kind], claim.why != _WHY[claim.kind]
        if claim.end > other.end:
            changed["end"] = claim.end
            changed["words"] = (*other.words, text[max(claim.start, other.end) : claim.end].strip())
        if read and ruled:
            changed |= {"why": claim.why, "words": claim.words}
        if changed:
            whole = other.model_copy(update=changed)
            last[claim.kind] = found[places[claim.kind]] = whole
    return sorted(found, key=lambda c: (c.start, c.end, CLAIM_KINDS.index(c.kind)))
