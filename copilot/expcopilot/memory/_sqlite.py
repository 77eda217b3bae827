"""The SQLite file behind a ledger: its schema, how it is opened, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["GUARDS", "connect", "create_schema", "explained"]

APPLICATION = 0x45584350
"""``application_id`` in the file's header ("EXCP"): tells a ledger from any other SQLite database."""

VERSION = 1
"""``user_version``: of the schema below."""

# AUTOINCREMENT makes SQLite remember the highest position ever given out, so that a dropped tail shows.
_TABLE = """
CREATE TABLE entries (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment TEXT NOT NULL,
    kind       TEXT NOT NULL,
    time       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    payload    TEXT NOT NULL,
    key        TEXT NOT NULL UNIQUE,
    previous   TEXT NOT NULL,
    digest     TEXT NOT NULL
)"""

# The insert guard also stops INSERT OR REPLACE, which deletes without firing delete triggers.
GUARDS: dict[str, str] = {
    "entries_no_update": """CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    "entries_no_delete": """CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    "entries_only_next": """CREATE TRIGGER entries_only_next BEFORE INSERT ON entries
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entries)
  OR EXISTS (SELECT 1 FROM entries WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
}

_SCHEMA = (_TABLE, "CREATE INDEX entries_by_experiment ON entries (experiment, position)", *GUARDS.values())


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into refusals that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        raise _refusal(path, name, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message, byte for byte
        raise damaged(path, "its schema is not text") from error


# What SQLite calls it (by the start of its error's name) -> code, reason, cure.
_MEANINGS: dict[str, tuple[str, str, str]] = {
    "SQLITE_BUSY": (
        "ledger.locked",
        "The ledger {path} is being written by another process that does not let go of it.",
        "Close the other program that has it open (another expcopilot, a database browser), then run this again.",
    ),
    "SQLITE_READONLY": (
        "ledger.read_only",
        "The ledger {path} may only be read, so nothing can be recorded.",
        "Give yourself write permission on the file and its folder, or work in a copy of the workspace.",
    ),
    "SQLITE_FULL": (
        "ledger.disk_full",
        "The disk that holds {path} is full; nothing was recorded.",
        "Free some space, then run this again.",
    ),
    "SQLITE_CANTOPEN": (
        "ledger.cannot_open",
        "The ledger {path} cannot be opened ({message}).",
        "Check that it is a file, and that you may read and write both it and its folder.",
    ),
    "SQLITE_IOERR": (
        "ledger.unreachable",
        "The disk failed while reading or writing {path} ({message}).",
        "Check the disk or network drive; a ledger belongs on a local disk.",
    ),
}


def _refusal(path: Path, name: str, message: str) -> Refused:
    for start, (code, reason, cure) in _MEANINGS.items():
        if name.startswith(start):
            sentence = reason.format(path=path, message=message)
            return Refused.because(code, sentence, cure, name="ledger", value=str(path))
    if name == "SQLITE_NOTADB":
        return not_a_ledger(path, "it is no SQLite database, or its first bytes are damaged")
    return damaged(path, message)


def damaged(path: Path, what: str) -> Refused:
    """The refusal for a ledger whose file cannot be read through."""
    return Refused.because(
        "ledger.damaged",
        f"The ledger {path} is damaged: {what}.",
        "Keep the file as it is, and put back the last good copy of the workspace; "
        "`expcopilot verify` names what is wrong.",
        name="ledger",
        value=str(path),
    )


def not_a_ledger(path: Path, why: str) -> Refused:
    """The refusal for a file that is something else."""
    return Refused.because(
        "ledger.not_a_ledger",
        f"{path} is not a ledger: {why}.",
        "Check the path; if a ledger stood there, put back the last good copy of the workspace.",
        name="ledger",
        value=str(path),
    )


def connect(path: Path, *, create: bool, timeout: float) -> sqlite3.Connection:
    """Open the file; it is created only when asked.

    Args:
        path: The ledger's file.
        create: Whether a missing file is made.
        timeout: Seconds to wait for another process's transaction.

    Raises:
        Refused: ``ledger.missing``, ``ledger.not_a_ledger``, ``ledger.newer``, or what keeps the file from opening.
    """
    if not create and not path.exists():
        raise Refused.because(
            "ledger.missing",
            f"There is no ledger at {path}.",
            "Put back the last good copy of the workspace; "
            "for a fresh start, run `expcopilot init` in a folder of its own.",
            name="ledger",
            value=str(path),
        )
    mode = "rwc" if create else "ro&immutable=1" if _archived(path) else "rw"
    with explained(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )
    try:
        with explained(path):
            # Each commit is on the disk before it is acknowledged: what was done stays done, power cut included.
            connection.execute("PRAGMA synchronous=FULL")
            if not create:
                _recognize(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _archived(path: Path) -> bool:
    """Whether nobody with our rights can be writing here, so that the file may be read without a write-ahead log."""
    effective = os.access in os.supports_effective_ids
    return (
        not os.access(path.parent, os.W_OK, effective_ids=effective) and not path.with_name(path.name + "-wal").exists()
    )


def _recognize(path: Path, connection: sqlite3.Connection) -> None:
    application, version = _stamp(connection)
    if application != APPLICATION:
        raise not_a_ledger(path, "it is empty" if _blank(connection) else "it is a database of something else")
    if version > VERSION:
        raise Refused.because(
            "ledger.newer",
            f"The ledger {path} has schema version {version}, but this expcopilot reads up to {VERSION}.",
            "Upgrade expcopilot: `pip install --upgrade expcopilot`.",
            name="schema version",
            value=version,
        )
    if version < 1:
        raise not_a_ledger(path, f"its schema version is {version}")


def _stamp(connection: sqlite3.Connection) -> tuple[int, int]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


def _blank(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None and _stamp(connection) == (0, 0)


def create_schema(path: Path, connection: sqlite3.Connection) -> None:
    """Make the table, its guards and the file's stamp in one transaction; complete a file left blank by a kill.

    Raises:
        Refused: ``ledger.exists`` when a ledger is there already; ``ledger.not_a_ledger`` when something else is.
    """
    with explained(path):
        _refuse_unless_blank(path, connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            _refuse_unless_blank(path, connection)  # another process may have been faster
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _refuse_unless_blank(path: Path, connection: sqlite3.Connection) -> None:
    if _blank(connection):
        return
    _recognize(path, connection)
    raise Refused.because(
        "ledger.exists",
        f"A ledger is already at {path}.",
        "Open it instead of making a new one.",
        name="ledger",
        value=str(path),
    )
