"""Requests sent in bulk, kept the moment anything happens to them: an append-only SQLite file beside the ledger.

Not the ledger itself: requests, raw answers, failures and batches under way are material. The ledger is read as a whole
by every command; this file is asked for one request at a time, by digest, and takes many answers in one commit. What
came of a run, the variants, enters the ledger when the run is written out.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from copilot_tools.refusals import Refused
from expcopilot.records.answer import Answered
from expcopilot.records.digest import canonical

__all__ = ["Happened", "Intent", "Kind", "Loss", "RequestStore", "is_held"]

Kind = Literal["begun", "sent", "withdrawn", "answered", "failed", "intended", "created", "abandoned", "read"]
"""begun: a command set to work. sent: a request is about to go out. withdrawn: it was not. answered, failed: what came
of it. intended: a batch is about to be handed in. created: the server has it. abandoned: it was never made. read: all
its results are in."""

_APPLICATION = 0x45584342  # "EXCB" in the file's header

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS happened (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    run      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    request  TEXT NOT NULL,
    refers   INTEGER,
    cost     REAL,
    at       TEXT NOT NULL,
    payload  TEXT NOT NULL
)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS answered_once ON happened (request) WHERE kind = 'answered'",
    "CREATE INDEX IF NOT EXISTS failures ON happened (request, position) WHERE kind = 'failed'",
    "CREATE INDEX IF NOT EXISTS by_what_it_refers_to ON happened (refers) WHERE refers IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS by_run ON happened (run, kind)",
    """CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON happened
BEGIN SELECT RAISE(ABORT, 'this file is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON happened
BEGIN SELECT RAISE(ABORT, 'this file is append-only'); END""",
)


@dataclass(frozen=True)
class Happened:
    """Something to keep.

    Attributes:
        run: Of which run.
        kind: What.
        request: Digest of the request, or "".
        refers: Position of what it concludes: of an answer the sending, of a created batch the intent.
        cost: US dollars: of an answer what it cost, of a sending what it may cost at most; None where not known.
        payload: What else there is, as JSON data.
    """

    run: str
    kind: Kind
    request: str = ""
    refers: int | None = None
    cost: float | None = None
    payload: dict[str, Any] | None = None


@dataclass(frozen=True)
class Intent:
    """A batch that was to be handed in and whose results are not all in.

    Attributes:
        position: Where it stands.
        batch: The server's name for it, or "" while nobody knows whether the server has it.
        after: The server's newest batch before it, or "".
        requests: Digest of each request -> US dollars it may cost at most, or None.
        longest: The most tokens any answer may have.
        roles: Digest of a request -> who is asked, where that is not the role most are for.
    """

    position: int
    batch: str
    after: str
    requests: dict[str, float | None]
    longest: int
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    """Requests that were under way when a process ended: the provider may have answered, and charged.

    Attributes:
        requests: How many.
        dearest: US dollars they cost at most, as far as prices are known.
    """

    requests: int
    dearest: float


def _lock(folder: Path, run: str) -> Path:
    return folder / f"{run}.lock"


def is_held(folder: Path, run: str) -> bool:
    """Whether a process holds a run now.

    Args:
        folder: Where the file of requests lies.
        run: The run.
    """
    if not (path := _lock(folder, run)).exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as lock:
            lock.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return True
    return False


class RequestStore:
    """The file; safe under SIGKILL, several threads and several processes.

    Every commit but the mere note of a sending is on the disk before it counts. Nothing is ever changed or deleted, and
    of each request there is one answer.

    Args:
        path: The file; made where there is none, its folder too.

    Raises:
        Refused: ``batch.store`` when it cannot be opened or is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            try:
                self._prepare()
                # Readers of a write-ahead log never wait for a writer that waits for the disk.
                self._reader = self._connect()
            except BaseException:
                self._writer.close()
                raise

    def append(self, *happened: Happened) -> tuple[int, ...]:
        """Keep all of it in one commit; the position of each.

        An answer to a request that has one is not kept again: the position of the first is returned in its place.

        Raises:
            Refused: ``batch.store`` when the disk is full, or the like.
        """
        now = dt.datetime.now(dt.UTC).isoformat()
        # A note that a request is about to go out must survive a kill, not a power cut: the next commit takes it along.
        level = "NORMAL" if all(one.kind == "sent" for one in happened) else "FULL"
        with self._lock, self._explained():
            self._writer.execute(f"PRAGMA synchronous={level}")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                positions = tuple(self._put(one, now) for one in happened)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        return positions

    def answer(self, request: str) -> Answered | None:
        """The answer to a request, or None."""
        row = self._one("SELECT payload FROM happened WHERE request = ? AND kind = 'answered'", request)
        return Answered.model_validate_json(row[0]) if row else None

    def answered_since(self, requests: Sequence[str], since: int) -> bool:
        """Whether one of these requests was answered after a position."""
        query = "SELECT 1 FROM happened WHERE request = ? AND kind = 'answered' AND position > ?"
        return any(self._one(query, request, since) for request in requests)

    def failures(self, request: str, since: int) -> tuple[dict[str, Any], ...]:
        """How a request failed after a position, oldest first."""
        query = "SELECT payload FROM happened WHERE request = ? AND kind = 'failed' AND position > ? ORDER BY position"
        return tuple(json.loads(row[0]) for row in self._all(query, request, since))

    def spent(self, run: str) -> tuple[float, int]:
        """US dollars a run's requests cost, and how many answers have no known price."""
        query = (
            "SELECT coalesce(sum(cost), 0), coalesce(sum(kind = 'answered' AND cost IS NULL), 0) FROM happened "
            "WHERE run = ? AND kind IN ('answered', 'failed')"
        )
        row = self._one(query, run)
        return (row[0], row[1]) if row else (0.0, 0)

    def count(self, run: str, kind: Kind) -> int:
        """How often something happened in a run."""
        row = self._one("SELECT count(*) FROM happened WHERE run = ? AND kind = ?", run, kind)
        return int(row[0]) if row else 0

    def lost(self, run: str, since: int = 0) -> Loss:
        """What was sent one by one after a position, and of which nobody knows what came of it."""
        query = (
            "SELECT count(*), coalesce(sum(cost), 0) FROM happened AS sent WHERE run = ? AND kind = 'sent' "
            "AND position > ? AND NOT EXISTS (SELECT 1 FROM happened WHERE refers = sent.position)"
        )
        row = self._one(query, run, since)
        return Loss(*row) if row else Loss(0, 0.0)

    def last_begun(self, run: str) -> int:
        """Position at which a run was last set to work; 0 when it never was."""
        row = self._one("SELECT coalesce(max(position), 0) FROM happened WHERE run = ? AND kind = 'begun'", run)
        return int(row[0]) if row else 0

    def batches(self) -> frozenset[str]:
        """Every batch of the server's that is known to be ours, of any run."""
        return frozenset(
            json.loads(r[0])["batch"] for r in self._all("SELECT payload FROM happened WHERE kind = 'created'")
        )

    def open_intents(self, run: str) -> tuple[Intent, ...]:
        """Batches of a run whose results are not all in, oldest first."""
        query = (
            "SELECT position, payload FROM happened AS i WHERE run = ? AND kind = 'intended' AND NOT EXISTS "
            "(SELECT 1 FROM happened WHERE refers = i.position AND kind IN ('read', 'abandoned')) ORDER BY position"
        )
        created = "SELECT payload FROM happened WHERE refers = ? AND kind = 'created'"
        found = []
        for position, payload in self._all(query, run):
            data, made = json.loads(payload), self._one(created, position)
            batch = json.loads(made[0])["batch"] if made else ""
            found.append(
                Intent(position, batch, data["after"], data["requests"], data["longest"], data.get("roles", {}))
            )
        return tuple(found)

    @contextmanager
    def held(self, run: str) -> Iterator[None]:
        """Hold a run for this process, so that no second one sends the same requests beside it.

        The lock is the operating system's, and goes with the process however it ends.

        Raises:
            Refused: ``batch.running`` when another process holds it.
        """
        # Somebody may just be looking whether it is held (``is_held``): that takes no time.
        lock = sqlite3.connect(_lock(self.path.parent, run), timeout=0.3, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise Refused.because(
                    "batch.running",
                    "The same briefs are being worked on by another process.",
                    "Wait for it to end, or stop it and run this again: it goes on where that one was.",
                    name="run",
                    value=run,
                ) from None
            yield
        finally:
            lock.close()

    def close(self) -> None:
        """Close the file; calling it again does no harm."""
        with self._lock:
            self._reader.close()
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- inside -------------------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _prepare(self) -> None:
        (application,) = self._writer.execute("PRAGMA application_id").fetchone()
        blank = self._writer.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        if application != _APPLICATION and not blank:
            raise self._refused("it is a database of something else")
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            self._writer.execute(statement)
        self._writer.execute(f"PRAGMA application_id={_APPLICATION}")
        self._writer.execute("COMMIT")

    def _put(self, one: Happened, now: str) -> int:
        if one.kind == "answered":
            query = "SELECT position FROM happened WHERE request = ? AND kind = 'answered'"
            if row := self._writer.execute(query, (one.request,)).fetchone():
                return int(row[0])
        cursor = self._writer.execute(
            "INSERT INTO happened (run, kind, request, refers, cost, at, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (one.run, one.kind, one.request, one.refers, one.cost, now, canonical(one.payload or {})),
        )
        return int(cursor.lastrowid or 0)

    def _one(self, query: str, *values: object) -> Any:
        return next(iter(self._all(query, *values)), None)

    def _all(self, query: str, *values: object) -> Sequence[Any]:
        with self._explained():
            return self._reader.execute(query, values).fetchall()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            with suppress(AttributeError, sqlite3.Error):
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
            raise self._refused(str(error)) from error

    def _refused(self, what: str) -> Refused:
        return Refused.because(
            "batch.store",
            f"The file of sent requests, {self.path}, cannot be used: {what}.",
            "Check the disk and your rights; a file that is damaged may be put aside, and its answers are then bought "
            "again.",
            name="requests",
            value=str(self.path),
        )
