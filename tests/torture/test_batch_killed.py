"""Many briefs, killed again and again among faults: every row comes out, no answered request goes out again."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batches_of_briefs import MODEL, lab, rows, start, write_briefs
from expcopilot.language.model.prices import PriceTable
from expcopilot.memory.request_store import RequestStore
from expcopilot.records.answer import Usage
from loopback.batches import ITEM_FAULTS
from loopback.copywriting import copywriter
from loopback.replies import FAULTS, Faults, Said
from loopback.server import Loopback

KNOWN = {
    "model.refused",
    "model.not_an_answer",
    "model.unusable",
    "model.too_long",
    "model.rejected",
    "model.batch_expired",
    "model.batch_canceled",
    "model.overloaded",
    "model.server_error",
}
"""What may stand in a row: each fault by its own name, and nothing else."""


def slowly(body: dict[str, Any]) -> Said:
    """A copywriter who takes a while, so that kills find requests under way."""
    time.sleep(0.02)
    return copywriter(body)


def killed_when(process: subprocess.Popen[str], moment: Callable[[], bool], patience: float) -> bool:
    """Kill a process at a moment; False when it ended by itself before."""
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until:
        if moment():
            process.kill()
            process.communicate()
            return True
        time.sleep(0.002)
    if process.poll() is None:
        process.kill()
        process.communicate()
        return True
    return False


def finished(folder: Path, *options: str) -> tuple[dict[str, Any], int]:
    process = start(folder, *options)
    out, error = process.communicate()
    assert process.returncode in {0, 1}, (process.returncode, out, error)
    return json.loads(out), process.returncode


def check_rows(folder: Path, count: int, summary: dict[str, Any]) -> None:
    """A row for every brief, in order; what failed says why."""
    found = rows(folder / "variants.csv")
    assert [row["brief"] for row in found] == [f"b{n}" for n in range(count)]
    assert summary["drafted"] + summary["failed"] == count
    assert summary["not_done"] == 0
    assert set(summary["failures"]) <= KNOWN, summary["failures"]
    for row in found:
        assert (row["status"] == "drafted") == bool(row["digest"])
        assert (row["status"] == "failed") == bool(row["error"] and row["code"])


def spent(usage: list[dict[str, int]], share: float) -> float:
    """US dollars for everything a server answered."""
    price = PriceTable.shipped().price(MODEL)
    assert price is not None
    counted = (
        Usage(
            input_tokens=one["input_tokens"],
            output_tokens=one["output_tokens"],
            cache_read_tokens=one["cache_read_input_tokens"],
            cache_write_tokens=one["cache_creation_input_tokens"],
        )
        for one in usage
    )
    return share * sum(price.cost(one) for one in counted)


SAMPLE, FULL = (60, 1), (10_000, 20)


@pytest.mark.parametrize(("count", "kills"), [SAMPLE, pytest.param(*FULL, marks=pytest.mark.torture)])
def test_live_killed(tmp_path, count, kills):
    """Live: no answered request is sent again but those under way at a kill, which are counted; the budget holds."""
    chance = random.Random(5)  # noqa: S311 - when to kill
    full = count > 1000
    budget = 120.0 if full else 2.0
    faults = Faults(seed=7, rate=0.02 if full else 0.1, among=FAULTS if full else [f for f in FAULTS if f != "silent"])
    options = ("--concurrency", "32" if full else "8", "--budget", str(budget))
    with Loopback(slowly, faults=faults, silence=12.0, lean=True) as server:
        folder = lab(tmp_path / "lab", server.url)
        write_briefs(folder / "briefs.csv", count)
        under_way = 0
        for _ in range(kills):
            before = len(server.answers)
            goal = before + chance.randint(count // (2 * kills), count // kills)
            process = start(folder, *options)
            assert killed_when(process, lambda goal=goal: len(server.answers) >= goal, 600)
            time.sleep(0.2)  # what the server still says to nobody
            with RequestStore(folder / "batches" / "requests.sqlite") as store:
                run = store._one("SELECT run FROM happened LIMIT 1")[0]
                under_way = store.lost(run).requests
                assert store.lost(run, store.last_begun(run)).requests <= int(options[1]) * 5 // 4
        summary, code = finished(folder, *options)
        check_rows(folder, count, summary)
        assert code == (1 if summary["failed"] else 0)
        assert summary["lost"] == under_way > 0
        assert sum(server.arrivals.values()) <= summary["lost"]
        assert summary["cost"] + summary["cost_at_most"] <= budget
        assert spent(server.usage, 1.0) <= budget


@pytest.mark.parametrize(("count", "kills"), [SAMPLE, pytest.param(*FULL, marks=pytest.mark.torture)])
def test_batches_killed(tmp_path, count, kills):
    """In batches: none is made twice, though some were made and never noted; an answered request is in one batch."""
    chance = random.Random(6)  # noqa: S311 - when to kill
    full = count > 1000
    with Loopback(copywriter, lean=True) as server:
        desk = server.batches
        desk.seconds, desk.hold, desk.rate, desk.among = 0.3, 0.3, 0.02 if full else 0.1, ITEM_FAULTS
        desk.calls = [None, "made_and_dropped", "overloaded"] * (20 if full else 1)
        desk.cut_results = 3 if full else 1
        folder = lab(tmp_path / "lab", server.url)
        write_briefs(folder / "briefs.csv", count)
        for number in range(kills):
            made = len(desk.made)
            process = start(folder, "--batch", "--settle", "0.5")
            if number % 2 == 0:  # made, and not yet told: the process dies in between
                assert killed_when(process, lambda made=made: len(desk.made) > made, 600)
            else:
                later = time.monotonic() + 4 + 8 * chance.random()
                if not killed_when(process, lambda later=later: time.monotonic() > later, 600):
                    break
        summary, _ = finished(folder, "--batch", "--settle", "0.5", "--budget", "500")
        check_rows(folder, count, summary)
        assert desk.again.total() == 0
        assert max(desk.answered.values()) == 1
        with RequestStore(folder / "batches" / "requests.sqlite") as store:
            assert store.batches() == frozenset(desk.made)
        assert spent(server.usage, 0.5) <= summary["cost"] * 1.0001 + 0.01
        if kills == 1:
            assert summary["adopted"] == 1


@pytest.mark.torture
def test_memory_is_flat(tmp_path):
    """Twenty times the briefs need hardly more memory."""
    peaks = []
    for count in (500, 10_000):
        with Loopback(copywriter, lean=True) as server:
            folder = lab(tmp_path / f"lab{count}", server.url)
            write_briefs(folder / "briefs.csv", count)
            process = start(folder, "--concurrency", "32")
            peak = 0
            while process.poll() is None:
                status = Path(f"/proc/{process.pid}/status")
                if status.exists():
                    for line in status.read_text().splitlines():
                        if line.startswith("VmHWM"):
                            peak = max(peak, int(line.split()[1]))
                time.sleep(0.1)
            process.communicate()
            assert process.returncode == 0
            peaks.append(peak)
    assert peaks[1] <= 1.25 * peaks[0], peaks
