"""A run from a file of briefs to a file of variants: surveyed, asked for, reviewed, written; resumed after any kill.

Three passes over the briefs, one row in memory at a time: what is there; what must be asked; what came of it. The last
writes each row from what is kept, so that the file is the same however often the run was killed on the way.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.batch import table
from expcopilot.flow.batch.asking import Asking, Wanted
from expcopilot.flow.batch.batched import batched, cancel
from expcopilot.flow.batch.live import live
from expcopilot.flow.batch.money import Money, scaled
from expcopilot.flow.batch.rows_in import BriefRow, brief_rows
from expcopilot.flow.batch.rows_out import Put, check_ending, rows_out
from expcopilot.flow.batch.summary import BatchSummary, Tally
from expcopilot.flow.batch.work import Progress, Work
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.speech import Speech
from expcopilot.flow.steps.review import review
from expcopilot.flow.steps.variants import drafted, experiment_of
from expcopilot.language.model.batches import DISCOUNT, MOST_REQUESTS
from expcopilot.language.model.prices import PriceTable
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.language.model.settings import ModelSettings
from expcopilot.language.prompts import Prompts
from expcopilot.language.roles.generator import GENERATOR
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.request_store import Happened, RequestStore
from expcopilot.records.copy import Brief
from expcopilot.records.copybook import Drafted
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft

__all__ = ["BatchJob", "run_batch"]

_GROUP = 200
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
    """

    briefs: Path
    out: Path
    review: Path | None = None
    mode: Literal["live", "batch", "cancel"] = "live"
    concurrency: int = 8
    budget: float | None = None
    settle: float = 5.0
    most: int = MOST_REQUESTS

    @property
    def run(self) -> str:
        """The run's name: the same briefs into the same file are the same run."""
        return digest([str(self.briefs.absolute()), str(self.out.absolute())])[:16]


@dataclass
class _Survey:
    total: int = 0
    fields: list[str] = field(default_factory=list)


def run_batch(
    job: BatchJob,
    store: RequestStore,
    settings: ModelSettings,
    standards: Standards,
    ledger: Ledger,
    *,
    actor: str,
    tell: Callable[[Progress], None] = lambda _: None,
) -> BatchSummary:
    """Do it.

    Args:
        job: What.
        store: Where requests and answers are kept.
        settings: Which model, and at what price.
        standards: What copy is written and reviewed by.
        ledger: Where the variants are recorded, so that persons can decide on them.
        actor: On whose behalf.
        tell: Called with how far it is.

    Raises:
        Refused: Nothing was written: the briefs cannot be read, the file cannot be written, no model is set up, the
            price is not known under a budget, or another process works on the same run.
    """
    begun = time.monotonic()
    _check(job)
    with store.held(job.run):
        stamp = _stamp(job.briefs)
        found = _survey(job, standards)
        lost, last = store.lost(job.run), store.lost(job.run, store.last_begun(job.run))
        already = store.count(job.run, "answered")
        (since,) = store.append(Happened(job.run, "begun", payload={"mode": job.mode}))
        prices = PriceTable.shipped().with_prices(settings.prices)
        prices = prices if job.mode == "live" else scaled(prices, DISCOUNT)
        asking = Asking(store, since, settings.name, Prompts(versions=settings.prompts), prices, GENERATOR.name)
        spent, _ = store.spent(job.run)
        work = Work(
            run=job.run,
            store=store,
            asking=asking,
            money=Money(job.budget, settings.name, prices, spent + lost.dearest),
            rows=lambda: _rows(job),
            draft=lambda brief, walking: _draft(brief, walking, standards),
            total=found.total,
            tell=tell,
        )
        _ask(work, job, settings)
        if _stamp(job.briefs) != stamp:
            raise Refused.because(
                "briefs.changed",
                f"{job.briefs.name} was changed while it was worked on.",
                "Run it again; what was answered is kept.",
                name="in",
                value=str(job.briefs),
            )
        tally = Tally()
        if work.stopped != "interrupted":
            _write(work, job, found, standards, tally, ledger, actor)
        spent, unpriced = store.spent(job.run)
        return BatchSummary(
            run=job.run,
            rows=found.total,
            **cast("Any", tally.counted()),
            model=settings.name,
            mode=job.mode,
            cost=None if unpriced else round(spent, 6),
            cost_at_most=round(lost.dearest, 6),
            sent=work.sent,
            found=already,
            lost=lost.requests,
            lost_last=last.requests,
            batches=work.batches,
            adopted=work.adopted,
            stopped=work.stopped,
            reason=str(work.failure or ""),
            seconds=round(time.monotonic() - begun, 3),
        )


def _draft(brief: Brief, walking: Asking, standards: Standards) -> Drafted:
    """The way of a single brief, walked by one who asks as ``Speech`` does and sends nothing."""
    standards.check(brief)
    return drafted(brief, cast("Speech", walking), standards)


def _check(job: BatchJob) -> None:
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


def _rows(job: BatchJob) -> Iterator[BriefRow]:
    # Rows that name no experiment share one, named like their file: a ledger of ten thousand experiments serves nobody.
    return brief_rows(job.briefs, {"experiment": job.briefs.stem[:120]})


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _survey(job: BatchJob, standards: Standards) -> _Survey:
    """How many rows, and which fields their channels have."""
    found, channels = _Survey(), set[str]()
    for row in _rows(job):
        found.total += 1
        if row.brief is None or row.brief.channel in channels:
            continue
        channels.add(row.brief.channel)
        try:
            names = [one.name for one in standards.fields(row.brief)]
        except Refused:
            continue  # its own row will say so
        found.fields += [name for name in names if name not in found.fields]
    return found


def _ask(work: Work, job: BatchJob, settings: ModelSettings) -> None:
    with settings.open() as api:
        try:
            asyncio.run(_asking(work, job, api))
        except ModelFailed as failure:
            if work.done == work.sent == 0 and not work.store.count(job.run, "answered"):
                raise  # nothing is there to be written out
            work.stop("failed", failure)
    if work.failure is not None and not work.store.count(job.run, "answered"):
        raise work.failure


async def _asking(work: Work, job: BatchJob, api: Any) -> None:
    with _interruptible(work):
        if job.mode == "live":
            await live(work, api, job.concurrency)
        elif job.mode == "batch":
            await batched(work, api, settle=job.settle, most=job.most)
        else:
            await cancel(work, api, settle=job.settle)


@contextmanager
def _interruptible(work: Work) -> Iterator[None]:
    """Ctrl-C stops sending and waits for what is under way; a second one leaves at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if work.stopped == "interrupted" and task is not None:
            task.cancel()
        work.stop("interrupted")
        work.progress("Stopping")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        loop.add_signal_handler(signal.SIGINT, stop)
    except NotImplementedError:  # Windows: Ctrl-C leaves at once, and nothing that was kept is lost
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _write(
    work: Work, job: BatchJob, found: _Survey, standards: Standards, tally: Tally, ledger: Ledger, actor: str
) -> None:
    """The last pass: every row from what is kept, reviewed, in order."""
    work.done = work.failed = 0
    kept: list[Draft] = []
    with rows_out(job.out, table.out_columns(found.fields)) as put, _maybe(job, found) as put_review:
        for row in work.rows():
            came = _came(work, row)
            if isinstance(came, Drafted):
                reviews = [review(v, came.brief, standards, others=came.variants) for v in came.variants]
                tally.row(reviews, len(came.refused))
                for one in reviews:
                    line = table.row_of(row, one, came.missing, experiment_of(came.brief))
                    put(line)
                    put_review(line)
                kept += _entry(came, ledger, actor)
            else:
                status, refusals = came
                tally.without(status, refusals)
                put(table.row_without(row, status, refusals))
            if len(kept) >= _GROUP:
                ledger.append(*kept)
                kept.clear()
            work.done += 1
            work.progress("Reviewing")
        ledger.append(*kept)


def _entry(came: Drafted, ledger: Ledger, actor: str) -> tuple[Draft, ...]:
    """The ledger's entry for a brief's variants; none where exactly they stand already. By key: no book is folded."""
    experiment, payload = experiment_of(came.brief), came.to_json()
    for number in itertools.count():
        key = f"drafted/{experiment}/{came.brief.id}/{number}"
        stands = ledger.find(key)
        if stands is None:
            return (Draft(experiment=experiment, kind="drafted", actor=actor, payload=payload, key=key),)
        if stands.payload == payload and ledger.find(f"drafted/{experiment}/{came.brief.id}/{number + 1}") is None:
            return ()
    raise AssertionError("unreachable")


def _came(work: Work, row: BriefRow) -> Drafted | tuple[Literal["failed", "not done"], tuple[Refusal, ...]]:
    if row.brief is None:
        return "failed", row.refusals
    try:
        found = work.drafted(row.brief)
    except Refused as refused:
        return "failed", refused.refusals
    if isinstance(found, Wanted):
        return "not done", (_not_done(work, row.brief),)
    if not found.variants:
        none = Refusal(
            code="copy.none_stands",
            reason=found.missing or "No variant stands.",
            cure="Change the brief: another mechanism, more facts, or a control that is less near.",
            name="brief",
            value=row.id,
        )
        return "failed", (none,)
    return found


def _not_done(work: Work, brief: Brief) -> Refusal:
    why, cure = {
        "budget": (
            f"The budget of ${work.money.bound or 0:.2f} would have been passed.",
            "Raise --budget and run it again.",
        ),
        "failed": (str(work.failure or "The model's server failed."), "Run it again once that is mended."),
    }.get(work.stopped, ("It was not come to.", "Run it again; what was answered is kept."))
    return Refusal(code=f"batch.{work.stopped or 'not_done'}", reason=why, cure=cure, name="brief", value=brief.id)


@contextmanager
def _maybe(job: BatchJob, found: _Survey) -> Iterator[Put]:
    if job.review is None:
        yield lambda _: None
        return
    with rows_out(job.review, table.review_columns(found.fields)) as put:
        yield put
