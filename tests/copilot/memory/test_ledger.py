"""The ledger: appending, keys, moving heads, time, reading."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.sqlite_ledger import SqliteLedger
from expcopilot.records.entry import GENESIS, Draft


def draft(key: str, experiment: str = "cta", actor: str = "Ada", **payload: object) -> Draft:
    return Draft(experiment=experiment, kind="closed", actor=actor, payload=payload or {"of": key}, key=key)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with SqliteLedger.create(tmp_path / "ledger.sqlite") as made:
        yield made


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    (refusal,) = refused.value.refusals
    assert refusal.cure
    return refusal.code


def test_protocol(ledger):
    """The SQLite ledger is a Ledger."""
    held: Ledger = ledger
    assert held.head() == (0, GENESIS)
    assert held.append() == ()
    assert held.verify().sound


def test_chain(ledger):
    """Entries count from 1 over all experiments, each naming the digest before it, and read back as appended."""
    appended = ledger.append(draft("a"), draft("b", "other"), draft("c", "")) + ledger.append(draft("d"))
    assert [entry.position for entry in appended] == [1, 2, 3, 4]
    assert [entry.previous for entry in appended] == [GENESIS, *(entry.digest for entry in appended[:3])]
    assert all(entry.intact() for entry in appended)
    assert tuple(ledger.entries()) == appended
    assert tuple(ledger.entries("cta")) == (appended[0], appended[3])
    assert tuple(ledger.entries("nobody")) == ()
    assert ledger.head() == (4, appended[3].digest)
    assert ledger.experiments() == ("cta", "other")
    report = ledger.verify()
    assert (report.sound, report.entries, report.position, report.head) == (True, 4, 4, appended[3].digest)


def test_survives_closing(ledger):
    """What was appended is there after the file is closed and opened again."""
    appended = ledger.append(draft("a", text="Zürich 🎉", number=0.1, nested={"b": [1, None, True]}))
    ledger.close()
    ledger.close()
    with SqliteLedger.open(ledger.path) as again:
        assert tuple(again.entries()) == appended


def test_same_key_is_one_entry(ledger):
    """A repeated draft returns the entry already there, whoever repeats it, also within one call."""
    (first,) = ledger.append(draft("a"))
    again = ledger.append(draft("a", actor="Grace"), draft("b"), draft("b"))
    assert again[0] == first
    assert again[1] == again[2]
    assert ledger.head()[0] == 2


@pytest.mark.parametrize(
    "other",
    [draft("a", said="otherwise"), draft("a", "other"), draft("a").model_copy(update={"kind": "amended"})],
    ids=["payload", "experiment", "kind"],
)
def test_key_reused(ledger, other):
    """A key that stands for something else is refused, and nothing of the call is appended."""
    ledger.append(draft("a"))
    with pytest.raises(Refused) as refused:
        ledger.append(draft("new"), other)
    assert code(refused) == "ledger.key_reused"
    assert "'a'" in str(refused.value)
    assert ledger.head()[0] == 1


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, object(), "\ud800", dt.date(2026, 1, 1)],
    ids=["nan", "infinity", "object", "surrogate", "date"],
)
def test_not_json(ledger, value):
    """A payload that cannot be written as JSON is refused as a whole: NaN never becomes null."""
    with pytest.raises(Refused) as refused:
        ledger.append(draft("fine"), draft("a", value=value))
    assert code(refused) == "ledger.not_json"
    assert ledger.head()[0] == 0


def test_returned_as_read(ledger):
    """An appended entry equals the one read back, also where JSON changes a type (tuples, keys that are numbers)."""
    (entry,) = ledger.append(draft("a", pair=(1, 2), by={3: "x"}))
    assert entry.payload == {"pair": [1, 2], "by": {"3": "x"}}
    assert tuple(ledger.entries()) == (entry,)
    assert entry.intact()
    assert ledger.append(draft("a", pair=(1, 2), by={3: "x"})) == (entry,)


def test_append_if_unmoved(ledger):
    """Another experiment's entries do not move this one."""
    ledger.append(draft("a"))
    ledger.append(draft("b", "other"))
    (entry,) = ledger.append_if(1, draft("c"))
    assert entry.position == 3
    (first,) = ledger.append_if(0, draft("d", "fresh"))
    assert first.position == 4


def test_append_if_moved(ledger):
    """Two processes cannot both take look number 3: the second is refused, and nothing is appended."""
    ledger.append(draft("look 1"))
    with SqliteLedger.open(ledger.path) as elsewhere:
        elsewhere.append_if(1, draft("look 2 there"))
    with pytest.raises(Refused) as refused:
        ledger.append_if(1, draft("look 2 here"))
    assert code(refused) == "ledger.moved"
    assert ledger.head()[0] == 2
    with pytest.raises(Refused, match="moved"):
        ledger.append_if(7, draft("never there"))


def test_append_if_again(ledger):
    """A command run again after a kill gets its own entries back, although the experiment moved, by itself."""
    appended = ledger.append_if(0, draft("a"), draft("b"))
    assert ledger.append_if(0, draft("a"), draft("b")) == appended
    with pytest.raises(Refused, match="moved"):
        ledger.append_if(0, draft("b"), draft("c"))


def test_append_if_is_about_one_experiment(ledger):
    """A head belongs to one experiment; drafts of two are a mistake in the program."""
    with pytest.raises(ValueError, match="one experiment"):
        ledger.append_if(0, draft("a"), draft("b", "other"))
    assert ledger.append_if(0) == ()


def test_time(tmp_path):
    """Time is UTC to the microsecond, and a clock set back never makes an entry older than the one before."""
    east = dt.timezone(dt.timedelta(hours=2))
    times = iter(
        [
            dt.datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=east),
            dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 1, 10, 0, 1, tzinfo=dt.UTC),
        ]
    )
    with SqliteLedger.create(tmp_path / "ledger.sqlite", clock=lambda: next(times)) as ledger:
        found = [entry.time for entry in ledger.append(draft("a"), draft("b"), draft("c"))]
    assert found == ["2026-03-01T10:00:00.000005Z", "2026-03-01T10:00:00.000005Z", "2026-03-01T10:00:01.000000Z"]
    assert dt.datetime.fromisoformat(found[0]).tzinfo == dt.UTC


def test_entries_end_at_the_head(ledger):
    """Reading ends at the head it began with, over many pages, however much is appended meanwhile."""
    ledger.append(*(draft(f"{n}") for n in range(600)))
    reading = ledger.entries()
    seen = [next(reading).position]
    ledger.append(draft("late"))
    seen += [entry.position for entry in reading]
    assert seen == list(range(1, 601))


def test_threads(ledger):
    """One ledger object serves several threads."""
    threads = [
        threading.Thread(target=lambda name=name: [ledger.append(draft(f"{name}{n}")) for n in range(20)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = ledger.verify()
    assert (report.entries, report.sound) == (80, True)
