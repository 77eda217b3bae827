"""The file of requests: append-only, one answer a request, losses counted, batches found again, one process a run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.request_store import Happened, RequestStore
from expcopilot.records.answer import Answered


def answered(key: str, cost: float | None = 0.5) -> Happened:
    kept = Answered(
        request=key, role="generator", prompt="generator/v1", prompt_digest="", model="m", text=key, stop="end"
    )
    return Happened("run", "answered", key, cost=cost, payload=kept.to_json())


@pytest.fixture
def store(tmp_path):
    with RequestStore(tmp_path / "batches" / "requests.sqlite") as made:
        yield made


def test_one_answer_a_request(store):
    """The first answer stands; a second one is not kept beside it."""
    (first,) = store.append(answered("a"))
    changed = answered("a", cost=9.0)
    assert store.append(changed) == (first,)
    found = store.answer("a")
    assert found is not None
    assert found.text == "a"
    assert store.answer("b") is None
    assert store.spent("run") == (0.5, 0)


def test_append_only(store):
    """Neither a change nor a deletion gets through, also from outside."""
    store.append(answered("a"))
    with sqlite3.connect(store.path) as raw:
        for statement in ("DELETE FROM happened", "UPDATE happened SET cost = 0"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    raw.close()


def test_all_or_nothing(store):
    """One event that cannot be kept takes the others of its commit with it."""
    with pytest.raises(ValueError, match="JSON"):
        store.append(answered("a"), Happened("run", "failed", "b", payload={"x": float("nan")}))
    assert store.answer("a") is None
    store.append(answered("a"))
    assert store.answer("a") is not None


def test_losses(store):
    """What was sent and has neither answer nor failure is lost, with what it may have cost."""
    one, two, three = store.append(*(Happened("run", "sent", key, cost=0.25) for key in "abc"))
    assert store.lost("run").requests == 3
    store.append(Happened("run", "failed", "a", refers=one, payload={"kind": "unreachable"}))
    kept = answered("b")
    store.append(Happened("run", "answered", "b", refers=two, cost=0.1, payload=kept.payload))
    lost = store.lost("run")
    assert (lost.requests, lost.dearest) == (1, 0.25)
    assert store.lost("run", three).requests == 0
    assert store.lost("another").requests == 0


def test_unknown_prices_are_counted(store):
    """An answer without a known price does not pass for free."""
    store.append(answered("a"), answered("b", cost=None))
    assert store.spent("run") == (0.5, 1)


def test_failures_since(store):
    """A failure of an earlier command does not count for the next."""
    store.append(Happened("run", "failed", "a", payload={"n": 1}))
    (begun,) = store.append(Happened("run", "begun"))
    assert store.failures("a", begun) == ()
    store.append(Happened("run", "failed", "a", payload={"n": 2}), Happened("run", "failed", "a", payload={"n": 3}))
    assert [one["n"] for one in store.failures("a", begun)] == [2, 3]
    assert store.last_begun("run") == begun


def test_open_intents(store):
    """An intent is open until its results are in or it came to nothing; its batch is known once it was noted."""
    data = {"after": "msgbatch_9", "requests": {"a": 0.5, "b": None}, "longest": 100}
    one, two = store.append(*(Happened("run", "intended", payload=data) for _ in range(2)))
    store.append(Happened("run", "created", refers=one, payload={"batch": "msgbatch_10"}))
    first, second = store.open_intents("run")
    assert (first.batch, first.after, first.requests, first.longest) == (
        "msgbatch_10",
        "msgbatch_9",
        data["requests"],
        100,
    )
    assert second.batch == ""
    assert store.batches() == {"msgbatch_10"}
    store.append(Happened("run", "read", refers=one), Happened("run", "abandoned", refers=two))
    assert store.open_intents("run") == ()


def test_one_process_a_run(store):
    """While one process holds a run, another is refused; when it is killed, the next one may go on."""
    code = (
        "import sys, time; from pathlib import Path; from expcopilot.memory.request_store import RequestStore\n"
        f"with RequestStore(Path({str(store.path)!r})) as s, s.held('run'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(Refused) as refused, store.held("run"):
            pass
        assert refused.value.refusals[0].code == "batch.running"
        with store.held("another run"):
            pass
        other.kill()
        other.wait()
    with store.held("run"):
        pass


def test_threads_write_and_read_side_by_side(store):
    """Writers in several threads lose nothing, and a reader beside them sees whole commits."""
    threads = [
        threading.Thread(target=lambda n=n: [store.append(answered(f"{n}/{i}")) for i in range(25)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert store.count("run", "answered") <= 100
    assert store.count("run", "answered") == 100


@pytest.mark.parametrize("what", ["text", "another database"])
def test_not_our_file(tmp_path, what):
    """A file that is something else is refused, and left as it was."""
    path = tmp_path / "requests.sqlite"
    if what == "text":
        path.write_text("notes " * 500)
    else:
        with sqlite3.connect(path) as raw:
            raw.execute("CREATE TABLE mine (x)")
        raw.close()
    before = path.read_bytes()
    with pytest.raises(Refused) as refused:
        RequestStore(path)
    assert refused.value.refusals[0].code == "batch.store"
    assert path.read_bytes() == before
