"""The ledger's file: what is opened, what is refused, what its guards stop."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.records.entry import Draft

NOBODY = 65534


def draft(key: str) -> Draft:
    return Draft(experiment="cta", kind="closed", actor="Ada", payload={}, key=key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed ledger of three entries."""
    place = tmp_path / "ledger.sqlite"
    with SqliteLedger.create(place) as ledger:
        ledger.append(*(draft(name) for name in "abc"))
    return place


@contextlib.contextmanager
def raw(path: Path):
    connection = sqlite3.connect(path)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def refused_code(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    (refusal,) = refused.value.refusals
    assert refusal.cure
    assert refusal.value is not None
    return refusal.code


def test_open_creates_nothing(tmp_path):
    """Opening a ledger that is not there is refused and leaves no file behind."""
    assert refused_code(lambda: SqliteLedger.open(tmp_path / "ledger.sqlite")) == "ledger.missing"
    assert list(tmp_path.iterdir()) == []


def test_create_twice(path):
    """A second create is refused and harms nothing."""
    assert refused_code(lambda: SqliteLedger.create(path)) == "ledger.exists"
    with SqliteLedger.open(path) as ledger:
        assert ledger.verify().entries == 3


def test_create_completes_a_blank_file(tmp_path):
    """What a kill during create leaves, an empty file or an empty database, is completed by the next create."""
    empty, blank = tmp_path / "empty.sqlite", tmp_path / "blank.sqlite"
    empty.touch()
    with raw(blank) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    for left in (empty, blank):
        assert refused_code(lambda left=left: SqliteLedger.open(left)) == "ledger.not_a_ledger"
        with SqliteLedger.create(left) as ledger:
            ledger.append(draft("a"))
            assert ledger.verify().sound


def test_not_a_database(tmp_path):
    """A text file is no ledger, is said to be none, and stays as it is."""
    notes = tmp_path / "ledger.sqlite"
    notes.write_text("dear diary, " * 100)
    assert refused_code(lambda: SqliteLedger.open(notes)) == "ledger.not_a_ledger"
    assert refused_code(lambda: SqliteLedger.create(notes)) == "ledger.not_a_ledger"
    assert notes.read_text() == "dear diary, " * 100


def test_somebody_elses_database(tmp_path):
    """Another program's database is never taken for a ledger, nor turned into one."""
    place = tmp_path / "ledger.sqlite"
    with raw(place) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    assert refused_code(lambda: SqliteLedger.open(place)) == "ledger.not_a_ledger"
    assert refused_code(lambda: SqliteLedger.create(place)) == "ledger.not_a_ledger"
    with raw(place) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


def test_a_folder(tmp_path):
    """A folder in the ledger's place is refused."""
    assert refused_code(lambda: SqliteLedger.open(tmp_path)) == "ledger.cannot_open"


def test_newer_schema(path):
    """A ledger of a later version is not guessed at."""
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    assert refused_code(lambda: SqliteLedger.open(path)) == "ledger.newer"


def test_locked(path):
    """A database another process does not let go of is refused after the wait, and works again afterwards."""
    with SqliteLedger.open(path, timeout=0.05) as ledger:
        with raw(path) as other:
            other.execute("BEGIN IMMEDIATE")
            assert refused_code(lambda: ledger.append(draft("d"))) == "ledger.locked"
            assert len(tuple(ledger.entries())) == 3
        assert ledger.append(draft("d"))[0].position == 4


@contextlib.contextmanager
def without_write_permission(path: Path):
    """A copy of the ledger in a folder where we may only read."""
    folder = Path(tempfile.mkdtemp(prefix="expcopilot-read-only-"))
    copy = Path(shutil.copy(path, folder))
    copy.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(NOBODY)
        yield copy
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_read_only(path):
    """A write-protected copy can be read and verified; appending to it is refused."""
    with without_write_permission(path) as copy, SqliteLedger.open(copy) as ledger:
        assert ledger.verify().sound
        assert len(tuple(ledger.entries("cta"))) == 3
        assert refused_code(lambda: ledger.append(draft("d"))) == "ledger.read_only"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET actor = 'Mallory' WHERE position = 2",
        "DELETE FROM entries WHERE position = 3",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT position, {rest}, key, previous, digest FROM entries WHERE position = 3",
        "INSERT OR REPLACE INTO entries SELECT 4, {rest}, key, previous, digest FROM entries WHERE position = 1",
        "INSERT INTO entries SELECT 9, {rest}, 'new', previous, digest FROM entries WHERE position = 1",
    ],
)
def test_guards(path, statement):
    """Any SQLite program is stopped from changing, deleting, replacing or skipping entries."""
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), raw(path) as connection:
        connection.execute(statement.replace("{rest}", "experiment, kind, time, 'Mallory', payload"))
    with SqliteLedger.open(path) as ledger:
        report = ledger.verify()
    assert (report.sound, report.entries) == (True, 3)
