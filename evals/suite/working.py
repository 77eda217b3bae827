"""Tasks in worker processes: each case kept as it comes, the money watched, and a way to stop."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.case import Case
from suite.choice import registered
from suite.kept import Kept
from suite.purse import CapReachedError, Purse
from suite.results import Result
from suite.speakers import PARTS, Speaker
from suite.task import BrokenCaseError, Outcome, Perform, Task

__all__ = ["NOT_PAID", "STOPPED", "Done", "Job", "Shop", "work"]

NOT_PAID = "Not run: the cap is reached."
STOPPED = "Not run: it was stopped by hand."
_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy threads that serve models
_PROCESSES, _WORTH_A_PROCESS = 4, 4  # at most; and cases, since each process takes seconds to begin


@dataclass(frozen=True)
class Job:
    """One task with one speaker.

    Attributes:
        task: The task's name.
        speaker: Who plays the model.
        cases: Ids of the cases.
    """

    task: str
    speaker: Speaker
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Shop:
    """What all workers share.

    Attributes:
        tasks: Where the tasks are, as "module:name".
        logs: Folder of Inspect's logs.
        kept: Folder of the outcomes.
        go_on: Whether outcomes that are kept are taken, and not gone through again.
        at_once: How many cases run at the same time, in all.
        cap: US dollars that may be spent, or None.
    """

    tasks: str
    logs: Path
    kept: Path
    go_on: bool = False
    at_once: int = 2
    cap: float | None = None


@dataclass(frozen=True)
class Done:
    """A case is over.

    Attributes:
        task: Its task.
        speaker: Who spoke.
        case: Its id.
        ran: Whether the product was gone through now, not taken from what was kept, nor left out.
        cost: US dollars it cost now, or None where the price is not known.
    """

    task: str
    speaker: str
    case: str
    ran: bool
    cost: float | None


@dataclass(frozen=True)
class _Bench:
    """What one process works with."""

    shop: Shop
    threads: int
    purse: Purse
    told: Callable[[Done], None]
    stop: Any


def work(shop: Shop, jobs: Sequence[Job], on_done: Callable[[Done], None]) -> Iterator[tuple[Job, Result | str]]:
    """Do all jobs; each with its result as soon as it is there, or why it could not be done.

    A few cases are done in this process, many in several. Ctrl-C lets the cases under way come to their end and leaves
    the others out; pressed again, it breaks off.
    """
    cases = sum(len(job.cases) for job in jobs)
    processes = max(min(_PROCESSES, os.cpu_count() or 1, shop.at_once, len(jobs), cases // _WORTH_A_PROCESS), 1)
    threads = max(shop.at_once // processes, 1)
    stop, purse = _CONTEXT.Event(), Purse(_CONTEXT, shop.cap, processes * threads)
    with _on_interrupt(stop):
        if processes == 1:
            bench = _Bench(shop, threads, purse, on_done, stop)
            yield from ((job, _done(bench, job)) for job in jobs)
        else:
            yield from _in_processes(processes, shop, threads, purse, stop, jobs, on_done)


@contextlib.contextmanager
def _on_interrupt(stop: Any) -> Iterator[None]:
    """The first Ctrl-C sets ``stop``, the second interrupts; as ever where signals are somebody else's."""

    def pressed(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _in_processes(
    processes: int,
    shop: Shop,
    threads: int,
    purse: Purse,
    stop: Any,
    jobs: Sequence[Job],
    on_done: Callable[[Done], None],
) -> Iterator[tuple[Job, Result | str]]:
    told = _CONTEXT.Queue()
    bench = _Bench(shop, threads, purse, told.put, stop)
    pool = ProcessPoolExecutor(processes, mp_context=_CONTEXT, initializer=_begin, initargs=(bench,))
    waiting: dict[Future[Result | str], Job] = {}
    try:
        waiting |= {pool.submit(_do, job): job for job in sorted(jobs, key=lambda job: -len(job.cases))}
        while waiting:
            _hear(told, on_done)
            for future in [future for future in waiting if future.done()]:
                _hear(told, on_done, patience=0.05)
                yield waiting.pop(future), _came(future)
    finally:
        if waiting:
            stop.set()
            for process in list(pool._processes.values()):  # noqa: SLF001 - Python 3.14 has a public way to end them
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _came(future: Future[Result | str]) -> Result | str:
    try:
        return future.result()
    except BrokenProcessPool:
        return "Its process was ended from outside, or ran out of memory."


def _hear(told: Any, on_done: Callable[[Done], None], patience: float = 0.2) -> None:
    """Pass on everything that is over; wait a moment for the first."""
    with contextlib.suppress(queue.Empty):
        on_done(told.get(timeout=patience))
        while True:
            on_done(told.get_nowait())


_BENCH: list[_Bench] = []
"""The one of this process; empty in the process that leads."""


def _begin(bench: _Bench) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one who leads decides
    _BENCH[:] = [bench]


def _do(job: Job) -> Result | str:
    return _done(_BENCH[0], job)


def _done(bench: _Bench, job: Job) -> Result | str:
    from suite.inspecting import run  # noqa: PLC0415 - some seconds, which whoever leads many processes need not spend

    (task,) = (task for task in registered(bench.shop.tasks) if task.name == job.task)
    kept = Kept(bench.shop.kept, job.speaker.name)
    at_once = 1 if job.speaker.name in PARTS else bench.threads  # a script does not wait for anybody

    def around(task: Task[Any], case: Case, perform: Perform) -> Outcome:
        taken = kept.get(task.name, case) if bench.shop.go_on else None
        outcome, ran = (taken, False) if taken else _performed(bench, perform)
        if ran:
            kept.put(task.name, case, outcome)
        bench.told(Done(task.name, job.speaker.name, case.id, ran, outcome.cost if ran else 0.0))
        return outcome

    try:
        found = run(task, job.speaker, logs=bench.shop.logs, cases=job.cases, at_once=at_once, around=around)
    except Exception as error:  # noqa: BLE001 - said for this task; the others go on
        return f"{type(error).__name__}: {error}"
    return found or f"{job.speaker.name} has no part in {job.task}."


def _performed(bench: _Bench, perform: Perform) -> tuple[Outcome, bool]:
    """The case gone through, and True; or why it is not run, and False."""
    if bench.stop.is_set():
        return Outcome(failed=STOPPED), False
    try:
        share = bench.purse.take()
    except CapReachedError:
        return Outcome(failed=NOT_PAID), False
    outcome = Outcome()  # of unknown cost, if even the reckoning breaks
    try:
        outcome = perform(share)
    except BrokenCaseError as broken:
        outcome = broken.outcome
    finally:
        bench.purse.settle(share, outcome.cost)
    return outcome, True
