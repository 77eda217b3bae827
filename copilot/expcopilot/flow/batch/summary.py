"""What a run came to: counted row by row, in memory that does not grow with the rows."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Sequence

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from expcopilot.flow.batch.work import Stopped
from expcopilot.records.copy import Review

__all__ = ["BatchSummary", "Distances", "Tally"]


class Distances(Frozen):
    """How far variants are from the text next to them, 0 (the same) to 1.

    Attributes:
        variants: How many have a neighbour.
        least: The smallest.
        lower_quartile: A quarter are nearer than this.
        median: Half are.
    """

    variants: int
    least: float | None = None
    lower_quartile: float | None = None
    median: float | None = None


class BatchSummary(Frozen):
    """What a run came to.

    Attributes:
        run: Its name: the same briefs into the same file are the same run, however often it is started.
        rows: Rows in the file of briefs.
        drafted: Rows that have variants.
        failed: Rows that have an error in their place.
        not_done: Rows that were not come to: stopped by the budget, interrupted, or the model's server failed.
        failures: Code -> rows.
        variants: Variants written out.
        near_duplicates: Drafts left out because they said the same as another text, after a second attempt.
        claims: Kind -> status ("unsourced", "sourced", "waived") -> how many.
        checked: Variants a model, too, has read for claims.
        added: Claims it added to the scanner's.
        unclassified: Sentences a person must tick.
        open_marks: Claims without a source and unclassified sentences.
        findings: Findings of channel, brand and accessibility: severity -> how many.
        distances: How far apart the texts are.
        model: The model's name; "" without one.
        mode: "live" or "batch".
        cost: US dollars all attempts of this run cost; None where the model's price is not known.
        cost_at_most: What may have been charged beyond that for requests lost in a kill.
        sent: Requests this command sent.
        found: Requests of this run answered before this command began.
        lost: Requests that were under way when an earlier command was killed, over all of them; sent again.
        lost_last: Those of the command before this one.
        batches: Batches this command made.
        adopted: Batches an earlier command had made and was killed before noting, found again at the server.
        stopped: Why it ended before its end: "budget", "interrupted", "failed", or "".
        reason: The failure that stopped it, in words.
        seconds: How long this command took.
    """

    run: str
    rows: int
    drafted: int = 0
    failed: int = 0
    not_done: int = 0
    failures: dict[str, int] = {}
    variants: int = 0
    near_duplicates: int = 0
    claims: dict[str, dict[str, int]] = {}
    checked: int = 0
    added: int = 0
    unclassified: int = 0
    open_marks: int = 0
    findings: dict[str, int] = {}
    distances: Distances = Distances(variants=0)
    model: str = ""
    mode: str = "live"
    cost: float | None = None
    cost_at_most: float = 0.0
    sent: int = 0
    found: int = 0
    lost: int = 0
    lost_last: int = 0
    batches: int = 0
    adopted: int = 0
    stopped: Stopped = ""
    reason: str = ""
    seconds: float = 0.0


class Tally:
    """Counts rows as they are written."""

    def __init__(self) -> None:
        self.drafted = self.failed = self.not_done = self.variants = self.near = 0
        self.unclassified = self.open_marks = self.checked = self.added = 0
        self._failures: Counter[str] = Counter()
        self._claims: Counter[tuple[str, str]] = Counter()
        self._findings: Counter[str] = Counter()
        self._nearest = array("f")

    def row(self, reviews: Sequence[Review], near: int) -> None:
        """A row that has variants."""
        self.drafted += 1
        self.near += near
        for review in reviews:
            self.variants += 1
            self.open_marks += review.open_marks
            self.checked += review.checked
            self._findings.update(severity for _, severity, _ in review.findings)
            if review.nearest:
                self._nearest.append(review.nearest[0][1])
            for field in review.marks:
                self.added += sum(state.found_by == "model" for state in field.claims)
                self._claims.update((state.claim.kind, state.status) for state in field.claims)
                self.unclassified += sum(sentence.mark == "unclassified" for sentence in field.sentences)

    def without(self, status: str, refusals: Sequence[Refusal]) -> None:
        """A row that has none."""
        if status == "failed":
            self.failed += 1
            self._failures.update({refusals[0].code: 1})
        else:
            self.not_done += 1

    def found(self) -> dict[str, int]:
        """What was found so far: kind of claim, "unclassified" for sentences, "errors" of channel and brand."""
        kinds: Counter[str] = Counter()
        for (kind, _), count in self._claims.items():
            kinds[kind] += count
        more = {"unclassified": self.unclassified, "errors": self._findings["error"]}
        return {**dict(kinds.most_common()), **{name: count for name, count in more.items() if count}}

    def counted(self) -> dict[str, object]:
        """The fields of a ``BatchSummary`` that are counted here."""
        claims: dict[str, dict[str, int]] = {}
        for (kind, status), count in sorted(self._claims.items()):
            claims.setdefault(kind, {})[status] = count
        return {
            "drafted": self.drafted,
            "failed": self.failed,
            "not_done": self.not_done,
            "failures": dict(sorted(self._failures.items())),
            "variants": self.variants,
            "near_duplicates": self.near,
            "claims": claims,
            "checked": self.checked,
            "added": self.added,
            "unclassified": self.unclassified,
            "open_marks": self.open_marks,
            "findings": dict(sorted(self._findings.items())),
            "distances": self._distances(),
        }

    def _distances(self) -> Distances:
        if not self._nearest:
            return Distances(variants=0)
        ordered = sorted(self._nearest)
        lower = statistics.quantiles(ordered, n=4, method="inclusive")[0] if len(ordered) > 1 else ordered[0]
        return Distances(
            variants=len(ordered),
            least=round(ordered[0], 4),
            lower_quartile=round(lower, 4),
            median=round(statistics.median(ordered), 4),
        )
