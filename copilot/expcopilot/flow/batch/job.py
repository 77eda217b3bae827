"""What a run is to do: files, mode, concurrency and budget; and what cannot be done, before anything is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.rows_out import check_ending
from expcopilot.language.model.batches import MOST_REQUESTS
from expcopilot.records.digest import digest

__all__ = ["BatchJob", "refuse_if_impossible"]

_MOST_CONCURRENCY = 1000


@dataclass(frozen=True)
class BatchJob:
    """What is to be done.

    Attributes:
        briefs: File of briefs.
        out: File of variants to write.
        review: Review file to write beside it, or None.
        mode: "live": so many requests at once. "batch": Message Batches, at half the price, within a day. "cancel": end
            this run's open batches, and write what was done.
        concurrency: Requests under way at once, live.
        budget: US dollars all attempts of this run may cost, or None.
        settle: Seconds before a batch that the server does not list counts as not made.
        most: Requests in one batch.
        retry: Ask only for rows that stand with an error in ``out``; everything else stays as it stands there.
        check_claims: Have a model, too, read each variant for claims; it can only add some.
    """

    briefs: Path
    out: Path
    review: Path | None = None
    mode: Literal["live", "batch", "cancel"] = "live"
    concurrency: int = 8
    budget: float | None = None
    settle: float = 5.0
    most: int = MOST_REQUESTS
    retry: bool = False
    check_claims: bool = False

    @property
    def run(self) -> str:
        """The run's name: the same briefs into the same file are the same run."""
        return digest([str(self.briefs.absolute()), str(self.out.absolute())])[:16]


def refuse_if_impossible(job: BatchJob) -> None:
    """Refuse what cannot be done, before anything is paid for.

    Raises:
        Refused: ``batch.*`` or ``rows.*``.
    """
    if not 1 <= job.concurrency <= _MOST_CONCURRENCY:
        raise Refused.because(
            "batch.concurrency",
            f"concurrency is {job.concurrency}, but must be between 1 and {_MOST_CONCURRENCY:,}.",
            "8 suits most accounts; more is faster up to the account's limit.",
            name="concurrency",
            value=job.concurrency,
        )
    if job.budget is not None and not 0 <= job.budget < float("inf"):
        raise Refused.because(
            "batch.budget",
            f"budget is {job.budget}, but must be an amount of US dollars.",
            "Write it like --budget 5.",
            name="budget",
            value=str(job.budget),
        )
    paths = [path.absolute() for path in (job.briefs, job.out, job.review) if path]
    if len(set(paths)) < len(paths):
        raise Refused.because(
            "batch.same_file",
            "Two of the files for briefs, variants and review are the same.",
            "Give each its own name.",
            name="out",
            value=str(job.out),
        )
    check_ending(job.out)
    if job.review:
        check_ending(job.review, "review")
        if job.review.suffix.lower() not in {".csv", ".tsv"}:
            raise Refused.because(
                "rows.format",
                f"{job.review.name} cannot be a review file.",
                "Name it .csv: a person edits it, and `expcopilot approve` reads it back.",
                name="review",
                value=str(job.review),
            )
    if job.retry and job.mode == "cancel":
        raise Refused.because(
            "batch.retry",
            "--retry asks again and --cancel ends what was asked: one at a time.",
            "Leave one of them out.",
            name="retry",
        )
