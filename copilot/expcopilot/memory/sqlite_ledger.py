"""The ledger in one SQLite file: a write-ahead log, one writer at a time, every commit on disk before it counts."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from copilot_tools.refusals import Refused
from expcopilot.memory._sqlite import GUARDS, connect, create_schema, damaged, explained
from expcopilot.memory.chain import StoredRow, check, parse
from expcopilot.memory.ledger import ChainFault, ChainReport, Wanted
from expcopilot.records.digest import canonical
from expcopilot.records.entry import GENESIS, Draft, Entry
from expcopilot.records.removed import payload_of

__all__ = ["SqliteLedger"]

_NAMES = StoredRow._fields
_COLUMNS = ", ".join(_NAMES)
_RAW = "position, " + ", ".join(f"CAST({name} AS BLOB)" for name in _NAMES[1:])
_PAGE = 256


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class SqliteLedger:
    """A ``Ledger`` in a SQLite file; safe under several processes, several threads and SIGKILL.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> draft = Draft(experiment="cta", kind="closed", actor="Ada", payload={"reason": "done"}, key="cta/closed")
        >>> with SqliteLedger.create(Path(folder.name) / "ledger.sqlite") as ledger:
        ...     (entry,) = ledger.append(draft)
        ...     (entry.position, ledger.append(draft) == (entry,), ledger.verify().sound)
        (1, True, True)
        >>> folder.cleanup()
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Callable[[], dt.datetime]) -> None:
        self.path = path
        self._connection = connection
        self._clock = clock
        self._lock = threading.RLock()
        self._finalizer = weakref.finalize(self, connection.close)

    @classmethod
    def open(cls, path: Path, *, timeout: float = 30.0, clock: Callable[[], dt.datetime] = _utc_now) -> SqliteLedger:
        """Open a ledger that is there; nothing is ever created.

        Args:
            path: The ledger's file.
            timeout: Seconds to wait for another process that is writing.
            clock: Where the time comes from, UTC.

        Raises:
            Refused: ``ledger.missing``, ``ledger.not_a_ledger``, ``ledger.newer``, ``ledger.damaged``,
                ``ledger.locked``, ``ledger.cannot_open``.
        """
        return cls(path, connect(path, create=False, timeout=timeout), clock)

    @classmethod
    def create(cls, path: Path, *, timeout: float = 30.0, clock: Callable[[], dt.datetime] = _utc_now) -> SqliteLedger:
        """Make a new, empty ledger; what a killed ``create`` left behind is completed.

        Raises:
            Refused: ``ledger.exists`` when there is one; ``ledger.not_a_ledger`` when another file is in its place;
                and as ``open``.
        """
        connection = connect(path, create=True, timeout=timeout)
        try:
            create_schema(path, connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, clock)

    def close(self) -> None:
        """Close the file; calling it again does no harm."""
        with self._lock:
            self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """See ``Ledger.append``."""
        sealed = [_sealed(draft) for draft in drafts]
        with self._writing():
            return tuple(self._put(draft, text) for draft, text in sealed)

    def append_if(self, head: int, *drafts: Draft) -> tuple[Entry, ...]:
        """See ``Ledger.append_if``."""
        names = {draft.experiment for draft in drafts}
        if len(names) > 1:
            raise ValueError(f"append_if takes drafts of one experiment, not of {', '.join(sorted(names))}")
        sealed = [_sealed(draft) for draft in drafts]
        with self._writing():
            # A command run again after a kill finds its own entries: nothing is written, so nothing can have moved.
            if not all(self._stored(draft, text) for draft, text in sealed):
                self._refuse_if_moved(names.pop(), head)
            return tuple(self._put(draft, text) for draft, text in sealed)

    def entries(self, experiment: str | None = None) -> Iterator[Entry]:
        """See ``Ledger.entries``."""
        last, _ = self.head()
        where, values = ("", ()) if experiment is None else ("experiment = ? AND ", (experiment,))
        query = f"SELECT {_COLUMNS} FROM entries WHERE {where}position > ? AND position <= ? ORDER BY position LIMIT ?"
        return self._pages(query, values, last)

    def _pages(self, query: str, values: tuple[str, ...], last: int) -> Iterator[Entry]:
        # Page by page, so that a slow reader holds no transaction open against the writers.
        position = 0
        while True:
            rows = self._rows(query, (*values, position, last, _PAGE))
            for row in rows:
                yield self._read(StoredRow(*row))
            if len(rows) < _PAGE:
                return
            position = rows[-1][0]

    def page(self, wanted: Wanted, *, before: int, most: int) -> tuple[Entry, ...]:
        """See ``Ledger.page``."""
        where, values = _where(wanted)
        below = before or (1 << 62)
        query = f"SELECT {_COLUMNS} FROM entries WHERE {where}position < ? ORDER BY position DESC LIMIT ?"
        return tuple(self._read(StoredRow(*row)) for row in self._rows(query, (*values, below, most)))

    def tally(self, wanted: Wanted) -> dict[tuple[str, str], int]:
        """See ``Ledger.tally``."""
        where, values = _where(wanted)
        query = f"SELECT kind, actor, count(*) FROM entries WHERE {where}position > 0 GROUP BY kind, actor"
        return {(str(kind), str(actor)): int(count) for kind, actor, count in self._rows(query, values)}

    def find(self, key: str) -> Entry | None:
        """See ``Ledger.find``."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM entries WHERE key = ?", (key,))
        return self._read(StoredRow(*rows[0])) if rows else None

    def head(self) -> tuple[int, str]:
        """See ``Ledger.head``."""
        position, digest, _ = self._head()
        return position, digest

    def latest(self) -> str:
        """See ``Ledger.latest``."""
        return self._head()[2]

    def experiments(self) -> tuple[str, ...]:
        """See ``Ledger.experiments``."""
        query = "SELECT experiment FROM entries WHERE experiment != '' GROUP BY experiment ORDER BY min(position)"
        return tuple(name for (name,) in self._rows(query))

    def verify(self, known: Mapping[int, str] | None = None) -> ChainReport:
        """See ``Ledger.verify``; also runs SQLite's own integrity check and looks for the table's guards."""
        faults: list[ChainFault] = []
        report = ChainReport(entries=0, position=0, head=GENESIS)
        try:
            with self._lock, explained(self.path), _reading(self._connection) as connection:
                faults.extend(_damage(connection))
                faults.extend(_unguarded(connection))
                (highest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
                rows = connection.execute(f"SELECT {_RAW} FROM entries NOT INDEXED ORDER BY position")
                report = check((_stored_row(row) for row in rows), known or {}, highest=highest)
        except Refused as refused:
            if refused.refusals[0].code in {"ledger.locked", "ledger.cannot_open", "ledger.unreachable"}:
                raise  # nothing is known about the ledger
            faults.append(_file_fault(f"The file cannot be read through: {refused.refusals[0].reason}"))
        return report.model_copy(update={"faults": (*faults, *report.faults)})

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, explained(self.path):
            return self._connection.execute(query, values).fetchall()

    def _head(self) -> tuple[int, str, str]:
        rows = self._rows("SELECT position, digest, time FROM entries ORDER BY position DESC LIMIT 1")
        if not rows:
            return 0, GENESIS, ""
        position, digest, time = rows[0]
        return position, str(digest), str(time)

    def _read(self, row: StoredRow) -> Entry:
        try:
            return parse(row)
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"entry {row.position} cannot be read, {error}") from error

    def _stored(self, draft: Draft, payload: str) -> Entry | None:
        """The entry already there for a draft's key, if it says the same."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM entries WHERE key = ?", (draft.key,))
        if not rows:
            return None
        row = StoredRow(*rows[0])
        same = (row.experiment, row.kind) == (draft.experiment, draft.kind) and (
            row.payload == payload or canonical(payload_of(self._read(row))) == payload
        )
        if not same:
            raise Refused.because(
                "ledger.key_reused",
                f"The key {draft.key!r} already stands for entry {row.position} "
                f"({row.kind}, {row.experiment or 'workspace'}), which says something else.",
                "Use a key of its own for every new entry; repeat a key only to repeat the same entry.",
                name="key",
                value=draft.key,
            )
        return self._read(row)

    def _put(self, draft: Draft, payload: str) -> Entry:
        if stored := self._stored(draft, payload):
            return stored
        position, digest, time = self._head()
        # A clock set back must not let an entry claim to be older than the one before it.
        now = self._clock().astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        entry = Entry.chained(draft, position=position + 1, time=max(time, now), previous=digest)
        row = {name: getattr(entry, name) for name in _NAMES} | {"payload": payload}
        self._connection.execute(
            f"INSERT INTO entries ({_COLUMNS}) VALUES ({', '.join(':' + name for name in _NAMES)})", row
        )
        return entry

    def _refuse_if_moved(self, experiment: str, head: int) -> None:
        ((position,),) = self._rows(
            "SELECT coalesce(max(position), 0) FROM entries WHERE experiment = ?", (experiment,)
        )
        if position != head:
            raise Refused.because(
                "ledger.moved",
                f"{experiment or 'The workspace'} has moved: its last entry is {position}, "
                f"but this was worked out when it was {head}.",
                "Somebody else recorded something in between; run this again on what stands there now.",
                name="head",
                value=head,
            )


def _where(wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """The condition, each part with its AND, and its values."""
    said = {name: value for name, value in wanted._asdict().items() if value}
    return "".join(f"{name} = ? AND " for name in said), tuple(said.values())


def _sealed(draft: Draft) -> tuple[Draft, str]:
    """The draft with its payload exactly as it will be read back, and the payload's text."""
    try:
        # The draft's own to_json would write NaN as null: a number that could not be computed, silently dropped.
        text = canonical(draft.payload)
        for part in (text, draft.experiment, draft.actor, draft.key):
            part.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused.because(
            "ledger.not_json",
            f"The {draft.kind} entry of {draft.experiment or 'the workspace'} cannot be written as JSON: {error}.",
            "Give plain JSON data in UTF-8 without NaN or infinity.",
            name="payload",
        ) from error
    return draft.model_copy(update={"payload": json.loads(text)}), text


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN")  # one snapshot for everything that is checked
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _damage(connection: sqlite3.Connection) -> Iterator[ChainFault]:
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield _file_fault(f"SQLite finds the file damaged: {line}.")


def _unguarded(connection: sqlite3.Connection) -> Iterator[ChainFault]:
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    for name, statement in GUARDS.items():
        if found.get(name) != statement:
            yield ChainFault(
                kind="unguarded",
                position=None,
                sentence=f"The guard {name} that keeps entries from being changed is "
                f"{'altered' if name in found else 'gone'}: the file was opened with another program.",
            )


def _file_fault(sentence: str) -> ChainFault:
    return ChainFault(kind="database", position=None, sentence=sentence)


def _stored_row(row: tuple[Any, ...]) -> StoredRow:
    position, *fields = row
    return StoredRow(position, *(str(f or b"", "utf-8", "surrogateescape") for f in fields))
