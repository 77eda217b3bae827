"""Decisions of a review file: one pass over its rows, kept in groups; a refused row never stops the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.batch.review_texts import refuse_if_edited
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.steps import approve_copy as deciding
from expcopilot.flow.steps import variants as writing
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.review_files import ReviewRow
from expcopilot.records.copybook import CopyBook
from expcopilot.records.entry import Draft

__all__ = ["Undone", "decide_rows"]

_GROUP = 200
"""Rows kept in one commit."""
_RANGES = 100
"""Stretches of rows that a refusal lists."""

Undone = tuple[ReviewRow, Refused]
"""A row that was refused, and why."""


def decide_rows(
    rows: Iterable[ReviewRow], ledger: Ledger, standards: Standards, *, actor: str
) -> tuple[tuple[ReviewRow, ...], tuple[Undone, ...]]:
    """Approve or reject what each row says, for exactly the text its digest names.

    The ledger keeps one refused attempt an experiment: each reason once, with the rows it is of.

    Args:
        rows: Such as ``review_files.load`` returns.
        ledger: Where copy and decisions are.
        standards: What copy is held against today.
        actor: Who brings the file.

    Returns:
        The rows that count now, and those refused, each with why.

    Raises:
        Refused: ``ledger.*``: nothing can be written. What was kept before stands, and the file may be read again.
    """
    desk = _Desk(ledger, standards, actor)
    done: list[ReviewRow] = []
    refused: list[Undone] = []
    attempts: dict[str, list[Undone]] = {}
    for row in rows:
        experiment = row.experiment or row.brief
        try:
            experiment = desk.home(row)
            added = desk.decide(experiment, row)
        except Refused as failure:
            if any(r.code.startswith("ledger.") for r in failure.refusals):
                raise
            refused.append((row, failure))
            attempts.setdefault(experiment, []).append((row, failure))
        else:
            done.append(row if added else row.model_copy(update={"already": True}))
    desk.keep()
    known = set(ledger.experiments())
    tried = [
        refusal_draft(experiment, "approve", Refused(*_summed(undone)), actor=actor)
        for experiment, undone in attempts.items()
        if experiment in known
    ]
    if tried:
        ledger.append(*tried)
    return tuple(done), tuple(refused)


class _Desk:
    """The books of the experiments a file speaks of, and the decisions that are not kept yet."""

    def __init__(self, ledger: Ledger, standards: Standards, actor: str) -> None:
        self._ledger, self._standards, self._actor = ledger, standards, actor
        self._known = set(ledger.experiments())
        self._books: dict[str, CopyBook] = {}
        self._homes: Mapping[str, tuple[str, ...]] | None = None
        self._kept: list[Draft] = []
        self._waiting: set[tuple[str, str, str]] = set()

    def home(self, row: ReviewRow) -> str:
        """Whose copy a row is about.

        Raises:
            Refused: ``copy.which_experiment``; or ``experiment.unknown``: the one the row names holds no copy.
        """
        if row.experiment and row.experiment not in self._known:
            raise deciding.no_experiment(row.experiment, self._home_of().get(row.brief, sorted(self._known)))
        if row.experiment or row.brief in self._book(row.brief).drafted:
            return row.experiment or row.brief
        try:
            return writing.home_of(row.brief, self._home_of())
        except Refused as refused:
            (refusal,) = refused.refusals
            cure = "Add a column `experiment` to the file, and say in it whose copy each row means."
            raise Refused(refusal.model_copy(update={"cure": cure})) from None

    def _home_of(self) -> Mapping[str, tuple[str, ...]]:
        if self._homes is None:  # rare, and the whole ledger is read for it: once a file
            self._homes = writing.homes(self._ledger.entries())
        return self._homes

    def decide(self, experiment: str, row: ReviewRow) -> bool:
        """Take down what a row decides; False where it was decided so already and nothing is added.

        Raises:
            Refused: It names nobody; its text is another by now, or was edited in the file; or something in it is open.
        """
        place = (experiment, row.brief, row.variant)
        if place in self._waiting:
            self.keep()  # a second decision on one variant knows of the first
        _refuse_if_nobody(row)
        book = self._book(experiment)
        # Commands in a cure name the experiment wherever the row does: without it they may mean a namesake.
        review = deciding.review_of(book, row.brief, row.variant, self._standards, whose=row.experiment)
        refuse_if_edited(review.variant, row)
        drafts = deciding.approve(book, review, row.digest, row.action, actor=self._actor, by=row.by, reason=row.reason)
        if drafts:
            self._kept += drafts
            self._waiting.add(place)
        if len(self._waiting) >= _GROUP:
            self.keep()
        return bool(drafts)

    def keep(self) -> None:
        """Everything taken down, in one commit."""
        entries = self._ledger.append(*self._kept) if self._kept else ()
        for experiment in {entry.experiment for entry in entries}:
            self._books[experiment].follow(entries)
        self._kept.clear()
        self._waiting.clear()

    def _book(self, experiment: str) -> CopyBook:
        if experiment not in self._known:
            return CopyBook(experiment)
        if experiment not in self._books:
            self._books[experiment] = CopyBook.fold(experiment, self._ledger.entries(experiment))
        return self._books[experiment]


def _refuse_if_nobody(row: ReviewRow) -> None:
    """Refuse a row in which nobody stands: whoever brings the file need not be who read it.

    Raises:
        Refused: ``review.no_name``.
    """
    if not row.by:
        raise Refused.because(
            "review.no_name",
            "Nobody stands in its column `by`, and a decision stands beside the name of whoever took it.",
            "Write the name of who decided into the column `by`.",
            name="by",
            value="",
        )


def _summed(undone: Sequence[Undone]) -> Iterator[Refusal]:
    """Each reason once, in the words of its first row, with the rows it is of."""
    rows: dict[str, list[int]] = {}
    first: dict[str, Refusal] = {}
    for row, failure in undone:
        for refusal in {r.code: r for r in failure.refusals}.values():
            first.setdefault(refusal.code, refusal)
            rows.setdefault(refusal.code, []).append(row.number)
    for code, refusal in first.items():
        if len(rows[code]) == 1:
            yield refusal
            continue
        listed = _ranges(sorted(set(rows[code])))
        reason = f"{len(rows[code]):,} rows of a review file were refused ({listed}); the first: {refusal.reason}"
        yield refusal.model_copy(update={"reason": reason, "name": "rows", "value": listed})


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in order as people write them.

    Example:
        >>> _ranges([1, 2, 3, 7, 9, 10])
        '1-3, 7, 9-10'
    """
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    said = [str(a) if a == b else f"{a}-{b}" for a, b in stretches[:_RANGES]]
    more = len(stretches) - len(said)
    return ", ".join(said) + (f" and {more:,} more stretches, up to row {numbers[-1]}" if more > 0 else "")
