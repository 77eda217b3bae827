"""How a sentence stands between the two readers, and what is said where they leave it to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot_tools.wording.claims.figures import Item
from copilot_tools.wording.claims.learned.features import Seen
from copilot_tools.wording.claims.learned.reader import Reader, Scores
from copilot_tools.wording.claims.marks import CLAIM_KINDS, Claim

__all__ = ["Standing", "may_be"]

_NAMES = {"before_after": "before-and-after", "certification": "certification or award"}

_HINT = -32
"""Below this score even the best word says nothing of what kind a claim might be."""


@dataclass
class Standing:
    """What the learned reader made of a sentence, and the doubts that were raised about it.

    Attributes:
        scores: Its scores; None where there is no word to score.
        claims: Whether it surely holds a claim: by its score, or by a rule that is believed whatever the score.
        open: Whether a person must read it.
        minds: Whether a person must read it if a rule found something.
        doubts: What rules found and the learned reader does not take for a claim.
        disguise: What in it may say something else than its characters do: open even beside a claim.
    """

    scores: Scores | None
    claims: bool
    open: bool
    minds: bool
    doubts: list[str] = field(default_factory=list)
    disguise: str = ""

    @classmethod
    def of(cls, reader: Reader, seen: Seen) -> Standing:
        """Score a sentence, and hold its score against the bounds."""
        scores, bounds = reader.scores(seen), reader.bounds
        return cls(
            scores,
            claims=scores.whole >= bounds.claim,
            open=scores.whole >= bounds.unclassified,
            minds=scores.whole >= bounds.found,
        )

    @classmethod
    def empty(cls) -> Standing:
        """That of a sentence without a word."""
        return cls(None, claims=False, open=False, minds=True)

    def doubt(self, text: str, row: Sequence[Item]) -> str:
        """Why a person must read it; "" if nobody need."""
        if self.doubts:
            return self.doubts[0]
        if not self.open or self.scores is None:
            return ""
        known = self.scores.items[:, self.scores.kinds]
        at, column = divmod(int(known.argmax()), known.shape[1])
        if int(known[at, column]) < _HINT:
            return (
                "Nothing in it is known well enough to pass it as plain; a person must say whether it claims anything."
            )
        kind, item = CLAIM_KINDS[self.scores.kinds[column]], row[at]
        return f"{text[item.start : item.end]!r} may be {_a(kind)} claim; a person must say whether it is."


def may_be(text: str, claim: Claim) -> str:
    """The doubt that what a rule found is the claim it stands for."""
    words = text[claim.start : claim.end][:60]
    return f"{words!r} may be {_a(claim.kind)} claim; a person must say whether it is."


def _a(kind: str) -> str:
    name = _NAMES.get(kind, kind)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
