"""Turns that run: a question answered, an idea sharpened, each in a thread; what may be shown comes as it is said.

A turn belongs to its experiment and not to a browser: it ends, and is kept, whoever has gone meanwhile. Nothing here
outlives the server; what was recorded before a kill stands in the ledger, and an open line can be asked again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.flow.at_work import AT_WORK, STOPPING, Stopped

__all__ = ["MOST", "Piece", "Running", "Turns", "Work"]

_LOG = logging.getLogger("expcopilot.web")

MOST = 32
"""How many turns may run at once in one server."""


class Piece(NamedTuple):
    """Something a reader of a running turn is shown: which role is at work now, or a sentence."""

    kind: Literal["role", "text"]
    text: str


class Running:
    """One turn under way; safe under threads.

    Attributes:
        experiment: Whose.
        turn: Its name on record.
    """

    def __init__(self, experiment: str, turn: str) -> None:
        self.experiment = experiment
        self.turn = turn
        self._pieces: list[Piece] = []
        self._over = threading.Event()
        self._stopped_by = ""
        self._watchers: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    # --- for whoever works ---------------------------------------------------------------------------------------

    def at_work(self, role: str) -> None:
        """A role's question is being sent."""
        self._add(Piece("role", role))

    def hear(self, text: str) -> None:
        """A piece that may be shown, each exactly once, in order."""
        self._add(Piece("text", text))

    @property
    def stopping(self) -> bool:
        """Whether a person stopped it."""
        return bool(self._stopped_by)

    @property
    def stopped_by(self) -> str:
        """Who stopped it; "" where nobody did."""
        return self._stopped_by

    # --- for whoever reads ---------------------------------------------------------------------------------------

    def since(self, number: int) -> tuple[tuple[Piece, ...], bool]:
        """The pieces after the first ``number``, and whether that is all there will be."""
        with self._lock:
            return tuple(self._pieces[number:]), self._over.is_set()

    @property
    def shown(self) -> str:
        """What may be shown of the answer so far."""
        return "".join(piece.text for piece in self.since(0)[0] if piece.kind == "text")

    @property
    def role(self) -> str:
        """Who is at work; "" before anybody is."""
        return next((piece.text for piece in reversed(self.since(0)[0]) if piece.kind == "role"), "")

    def stop(self, by: str) -> None:
        """End it at the next sentence or role; what was said stays.

        Args:
            by: Who wants that.
        """
        self._stopped_by = self._stopped_by or by
        self._tell()

    @contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """Have ``wake`` called after every change, from any thread."""
        with self._lock:
            self._watchers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(wake)

    def end(self) -> None:
        """Nothing more comes: what there is to know stands in the record."""
        with self._lock:
            self._over.set()
        self._tell()

    def _add(self, piece: Piece) -> None:
        with self._lock:
            self._pieces.append(piece)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for wake in watchers:
            wake()


Work = Callable[[Running], None]
"""What a turn does; it records its own end, a refusal too."""


class Turns:
    """The turns that run in this server: at most one an experiment, and a bounded number in all."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closing = False

    def of(self, experiment: str) -> Running | None:
        """The turn that runs in an experiment, or None."""
        with self._lock:
            return self._running.get(experiment)

    def start(self, experiment: str, turn: str, work: Work, *, begin: Callable[[], None] = lambda: None) -> Running:
        """Run a turn in a thread of its own.

        Args:
            experiment: Whose.
            turn: Its name on record.
            work: What it does.
            begin: Done once the turn has its place and before it runs: the person's line is recorded.

        Raises:
            Refused: One runs in this experiment already, or too many run in all; and what ``begin`` raises.
        """
        running = Running(experiment, turn)
        with self._lock:
            if experiment in self._running:
                raise _busy(experiment)
            if len(self._running) >= MOST or self._closing:
                raise _full()
            self._running[experiment] = running
        try:
            begin()
            thread = threading.Thread(target=self._run, args=(running, work), name=f"turn-{turn}", daemon=True)
            with self._lock:
                self._threads.add(thread)
            thread.start()
        except BaseException:
            self._leave(running)
            raise
        return running

    def close(self, seconds: float = 2.0) -> None:
        """Stop every turn at its next sentence or role, and wait that long for them.

        A turn that is still waiting for its model then is left as a kill would leave it: its line stands unanswered.
        """
        with self._lock:
            self._closing = True
            running, threads = tuple(self._running.values()), tuple(self._threads)
        for one in running:
            one.stop("the end of the server")
        end = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))

    @property
    def closing(self) -> bool:
        """Whether the server is being stopped: then a stopped turn keeps nothing, and can be asked again."""
        return self._closing

    def _run(self, running: Running, work: Work) -> None:
        AT_WORK.set(running.at_work)  # a thread begins with a context of its own
        STOPPING.set(lambda: running.stopping)
        try:
            work(running)
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - the thread ends here; its server goes on
            if not self._closing:  # the ledger may be closed under it by then
                _LOG.exception("A turn of %r failed", running.experiment, exc_info=error)
        finally:
            self._leave(running)
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _leave(self, running: Running) -> None:
        with self._lock:
            self._running.pop(running.experiment, None)
        running.end()


def _busy(experiment: str) -> Refused:
    return Refused.because(
        "web.turn_runs",
        f"An answer for {experiment!r} is still on its way, and one comes after the other.",
        "Wait for it, or stop it; your words are still in the field.",
        name="experiment",
        value=experiment,
    )


def _full() -> Refused:
    return Refused.because(
        "web.too_many_turns",
        f"{MOST} answers are on their way at once, and that is as many as this page takes.",
        "Wait until one of them has come, then send it again.",
        name="turns",
        value=MOST,
    )
