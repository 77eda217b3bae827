"""Tampering and damage: verify names each."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory._sqlite import GUARDS
from expcopilot.memory.ledger import ChainReport
from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft, Entry

ENTRIES = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed ledger of twelve entries, large enough for several pages."""
    place = tmp_path / "ledger.sqlite"
    with SqliteLedger.create(place) as ledger:
        for n in range(1, ENTRIES + 1):
            payload = {"number": n, "filling": "x" * 700}
            ledger.append(Draft(experiment="cta", kind="closed", actor="Ada", payload=payload, key=f"key-{n}"))
        assert ledger.verify().sound
    return place


def tamper(path: Path, *statements: str, rearm: bool = True) -> None:
    """Change the file as somebody who knows SQLite would: guards off, change, guards on again."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name in GUARDS:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    if rearm:
        for statement in GUARDS.values():
            connection.execute(statement)
    connection.close()


def verified(path: Path, known: dict[int, str] | None = None) -> ChainReport:
    with SqliteLedger.open(path) as ledger:
        return ledger.verify(known)


def faults(report: ChainReport) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.position) for fault in report.faults]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE entries SET payload = replace(payload, '\"number\":5', '\"number\":6') WHERE position = 5", "altered"),
        ("UPDATE entries SET actor = 'Mallory' WHERE position = 5", "altered"),
        ("UPDATE entries SET time = '2020-01-01T00:00:00.000000Z' WHERE position = 5", "altered"),
        ("UPDATE entries SET key = 'other' WHERE position = 5", "altered"),
        ("UPDATE entries SET experiment = 'other' WHERE position = 5", "altered"),
        ("UPDATE entries SET kind = 'looked' WHERE position = 5", "altered"),
        ("UPDATE entries SET kind = 'won' WHERE position = 5", "unreadable"),
        ("UPDATE entries SET payload = '{' WHERE position = 5", "unreadable"),
        ("UPDATE entries SET payload = '{ ' || substr(payload, 2) WHERE position = 5", "unreadable"),
        ("UPDATE entries SET payload = '{\"number\":5,' || substr(payload, 2) WHERE position = 5", "unreadable"),
        ("UPDATE entries SET payload = CAST(x'7bff7d' AS TEXT) WHERE position = 5", "unreadable"),
        ("UPDATE entries SET payload = x'7bff7d' WHERE position = 5", "unreadable"),
    ],
)
def test_edited_entry(path, statement, kind):
    """An entry edited in any field is named, and no other."""
    tamper(path, statement)
    assert faults(verified(path)) == [(kind, 5)]


def test_unreadable_entry_is_never_read_as_another(path):
    """Reading stops at an entry that cannot be read, and names it."""
    tamper(path, "UPDATE entries SET payload = '{' WHERE position = 5")
    with SqliteLedger.open(path) as ledger, pytest.raises(Refused, match="entry 5 cannot be read") as refused:
        tuple(ledger.entries())
    assert refused.value.refusals[0].code == "ledger.damaged"


def test_guards_gone(path):
    """A table left without its guards is named even when no entry was changed."""
    tamper(path, rearm=False)
    assert faults(verified(path)) == [("unguarded", None)] * len(GUARDS)


def test_edited_digest(path):
    """An edit that also mends the entry's own digest breaks the link after it."""
    with SqliteLedger.open(path) as ledger:
        entry = list(ledger.entries())[4]
    forged = forge(entry, entry.previous)
    tamper(path, f"UPDATE entries SET actor = 'Mallory', digest = '{forged.digest}' WHERE position = 5")
    assert faults(verified(path)) == [("broken_link", 6)]


def forge(entry: Entry, previous: str) -> Entry:
    body = {**entry.to_json(), "actor": "Mallory", "previous": previous}
    del body["digest"]
    return Entry(**body, digest=digest(body))


def test_rewritten_chain(path):
    """A chain written anew from entry 5 on is sound in itself; a digest kept on a readout shows it."""
    with SqliteLedger.open(path) as ledger:
        entries = list(ledger.entries())
    known = {3: entries[2].digest, 8: entries[7].digest}
    statements, previous = [], entries[3].digest
    for entry in entries[4:]:
        forged = forge(entry, previous)
        previous = forged.digest
        statements.append(
            f"UPDATE entries SET actor = 'Mallory', previous = '{forged.previous}', digest = '{forged.digest}' "
            f"WHERE position = {entry.position}"
        )
    assert verified(path, known).sound
    tamper(path, *statements)
    assert verified(path).sound
    assert faults(verified(path, known)) == [("rewritten", 8)]


@pytest.mark.parametrize(("where", "at"), [("position = 5", 6), ("position = 1", 2), ("position BETWEEN 3 AND 7", 8)])
def test_deleted_entry(path, where, at):
    """Deleted entries are named by the gap they leave."""
    tamper(path, f"DELETE FROM entries WHERE {where}")
    assert faults(verified(path)) == [("gap", at)]


def test_deleted_tail(path):
    """A dropped tail is named by SQLite's memory of the highest position, and by a digest kept outside."""
    with SqliteLedger.open(path) as ledger:
        known = dict([ledger.head()])
    tamper(path, "DELETE FROM entries WHERE position > 10")
    report = verified(path)
    assert faults(report) == [("gap", 12)]
    assert "entries 11 to 12 are missing" in report.faults[0].sentence
    tamper(path, "UPDATE sqlite_sequence SET seq = 10")
    assert verified(path).sound
    assert faults(verified(path, known)) == [("rewritten", 12)]


def test_reordered(path):
    """Two entries that changed places are both named."""
    tamper(
        path,
        "UPDATE entries SET position = 99 WHERE position = 5",
        "UPDATE entries SET position = 5 WHERE position = 6",
        "UPDATE entries SET position = 6 WHERE position = 99",
    )
    found = faults(verified(path))
    assert {("altered", 5), ("altered", 6), ("broken_link", 5)} <= set(found)


def test_deleted_and_closed_up(path):
    """A deleted entry is named also when the ones after it were renumbered to hide the gap."""
    moves = [f"UPDATE entries SET position = {n - 1} WHERE position = {n}" for n in range(6, ENTRIES + 1)]
    tamper(path, "DELETE FROM entries WHERE position = 5", *moves, "UPDATE sqlite_sequence SET seq = 11")
    assert ("broken_link", 5) in faults(verified(path))


def outcome(path: Path, original: list[Entry]) -> str:
    """How damage came out; "silent" when entries changed and nobody said so."""
    try:
        with SqliteLedger.open(path) as ledger:
            report = ledger.verify()
            if not report.sound:
                return "named"
            return "harmless" if list(ledger.entries()) == original else "silent"
    except Refused as refused:
        return refused.refusals[0].code


REFUSED = {"ledger.damaged", "ledger.not_a_ledger", "ledger.newer"}


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_truncated_file(path, share):
    """A file cut short is refused or named."""
    with SqliteLedger.open(path) as ledger:
        original = list(ledger.entries())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert outcome(path, original) in {"named", *REFUSED}


def test_emptied_file(path):
    """A file cut to nothing is refused, not taken for a new ledger."""
    path.write_bytes(b"")
    with pytest.raises(Refused) as refused:
        SqliteLedger.open(path)
    assert refused.value.refusals[0].code == "ledger.not_a_ledger"


def test_flipped_byte_in_a_payload(path):
    """One bit flipped in a payload on the disk is named with its entry."""
    content = bytearray(path.read_bytes())
    at = content.index(b'"number":7') + len(b'"number":')
    content[at] ^= 0x01
    path.write_bytes(content)
    assert faults(verified(path)) == [("altered", 7)]


@pytest.mark.parametrize("flips", [150, pytest.param(5000, marks=pytest.mark.torture)])
def test_flipped_bytes_anywhere(path, flips):
    """A byte flipped anywhere in the file is refused, named, or without effect on any entry."""
    with SqliteLedger.open(path) as ledger:
        original = list(ledger.entries())
    content = path.read_bytes()
    chance = random.Random(7)  # noqa: S311 - which bytes to damage
    outcomes = set()
    for _ in range(flips):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        outcomes.add(outcome(path, original))
        for left in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + left).unlink(missing_ok=True)
    assert {"named", "harmless"} <= outcomes <= {"named", "harmless", *REFUSED}
