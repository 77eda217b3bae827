"""A run from a file of briefs to a file of variants: surveyed, asked for, reviewed, written; resumed after any kill.

Three passes over the briefs, one row in memory at a time: what is there; what must be asked; what came of it. The last
writes each row from what is kept, so that the file is the same however often the run was killed on the way.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from copilot_tools.refusals import Refusal, Refused
from expcopilot.flow.batch import table
from expcopilot.flow.batch.asking import Asking
from expcopilot.flow.batch.batched import batched, cancel
from expcopilot.flow.batch.came import Came, Desk
from expcopilot.flow.batch.job import BatchJob, refuse_if_impossible
from expcopilot.flow.batch.live import live
from expcopilot.flow.batch.money import Money, scaled
from expcopilot.flow.batch.out_errors import briefs_with_errors
from expcopilot.flow.batch.rows_in import BriefRow, brief_rows
from expcopilot.flow.batch.rows_out import Put, rows_out
from expcopilot.flow.batch.summary import BatchSummary, Tally
from expcopilot.flow.batch.work import Progress, Work
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.steps.variants import experiment_of
from expcopilot.language.model.batches import DISCOUNT
from expcopilot.language.model.prices import PriceTable
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.language.model.settings import ModelSettings
from expcopilot.language.prompts import Prompts
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.request_store import Happened, RequestStore
from expcopilot.records.copy import Brief
from expcopilot.records.entry import Draft

__all__ = ["BatchJob", "run_batch"]

_GROUP = 200


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
    refuse_if_impossible(job)
    only = briefs_with_errors(job.out) if job.retry else None
    with store.held(job.run):
        stamp = _stamp(job.briefs)
        found = _survey(job, standards)
        lost, last = store.lost(job.run), store.lost(job.run, store.last_begun(job.run))
        already = store.count(job.run, "answered")
        (since,) = store.append(Happened(job.run, "begun", payload={"mode": job.mode}))
        prices = PriceTable.shipped().with_prices(settings.prices)
        prices = prices if job.mode == "live" else scaled(prices, DISCOUNT)
        asking = Asking(store, since, settings.name, Prompts(versions=settings.prompts), prices)
        spent, _ = store.spent(job.run)
        work = Work(
            run=job.run,
            store=store,
            desk=Desk(asking, standards, ledger, actor, job.check_claims),
            money=Money(job.budget, settings.name, prices, spent + lost.dearest),
            rows=lambda: _rows(job),
            total=found.total,
            tell=tell,
            only=only,
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
            _write(work, job, found, tally)
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


def _write(work: Work, job: BatchJob, found: _Survey, tally: Tally) -> None:
    """The last pass: every row from what is kept, reviewed, in order."""
    work.done = work.failed = 0
    work.found = tally.found
    desk, kept = work.desk, list[Draft]()
    with rows_out(job.out, table.out_columns(found.fields)) as put, _maybe(job, found) as put_review:
        for row in work.rows():
            came = _came(work, row)
            if isinstance(came, Came) and came.drafted is not None:
                reviews, note = desk.reviews(came), _note(work, came)
                tally.row(reviews, len(came.drafted.refused))
                for one in reviews:
                    line = table.row_of(row, one, note, experiment_of(came.drafted.brief))
                    put(line)
                    put_review(line)
                kept += desk.entries(came)
            elif not isinstance(came, Came):
                status, refusals = came
                work.failed += status == "failed"
                tally.without(status, refusals)
                put(table.row_without(row, status, refusals))
            if len(kept) >= _GROUP:
                desk.ledger.append(*kept)
                kept.clear()
            work.done += 1
            work.progress("Reviewing")
        desk.ledger.append(*kept)


def _came(work: Work, row: BriefRow) -> Came | tuple[Literal["failed", "not done"], tuple[Refusal, ...]]:
    """What a row is written as: what came of it with its variants, or why it has none."""
    if row.brief is None:
        return "failed", row.refusals
    try:
        came = work.came(row.brief)
    except Refused as refused:
        return "failed", tuple(_in_row(row, refusal) for refusal in refused.refusals)
    if came.drafted is None and work.only is not None and row.id not in work.only:
        # Not asked for this time, and its brief is another by now: what stands for it stays.
        came = replace(came, drafted=work.desk.standing(row.brief))
    if came.drafted is None:
        return "not done", (_not_done(work, row.brief),)
    if not came.drafted.variants:
        none = Refusal(
            code="copy.none_stands",
            reason=came.drafted.missing or "No variant stands.",
            cure="Change the brief: another mechanism, more facts, or a control that is less near; or ask again with "
            "--retry.",
            name="brief",
            value=row.id,
        )
        return "failed", (none,)
    return came


def _in_row(row: BriefRow, refusal: Refusal) -> Refusal:
    """What is wrong with a brief, at its place in the file: the row, and the column it stands in."""
    column = f", column {refusal.name}" if refusal.name in {"channel", "facts", "control"} else ""
    return refusal.model_copy(update={"reason": f"Row {row.number}{column}: {refusal.reason}"})


def _note(work: Work, came: Came) -> str:
    """What else is to be said of a row's variants."""
    said = [came.drafted.missing] if came.drafted and came.drafted.missing else []
    if came.wanted and not came.unchecked:
        said.append("The brief has changed since; run it without --retry to have it drafted anew.")
    for name, reason in came.unchecked.items():
        why = reason or (_not_done(work, came.drafted.brief).reason if came.drafted else "")
        said.append(f"The scanner has read every text; no model has read {name} beside it: {why}")
    return " ".join(said)


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
