"""The whole journey over a network where anything may go wrong: it ends right, or stops clearly and goes on later."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from expcopilot.api import Copilot
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.memory.workspace import Workspace
from loopback.journey import UNITS, Journey, script
from loopback.replies import FAULTS, Faults
from loopback.server import Loopback
from speaking import canaries

PATIENCE = 4.0
REQUESTS = 5
"""Sharpener, skeptic, narrator, and the guide before and after its cut: what a journey sends when all goes well."""

ONE_BY_ONE = len(FAULTS) * REQUESTS
"""The first seeds: each fault alone, at each request. Later ones draw faults at random, 10% to 70% of all requests."""

REPAIRED = {"truncated", "not_json", "wrong_schema", "empty", "huge"}
"""Answers of no use: one repair turn puts each right, also where the mended answer first asks for a tool."""


@dataclass
class Run:
    """How one seed went.

    Attributes:
        stops: (last fault before it, where, code) of every stop.
        passed: Faults of attempts that ended whole.
        attempts: How often the journey was taken up.
    """

    stops: list[tuple[str, str, str]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    attempts: int = 0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return canaries(tmp_path_factory.mktemp("data"), n=UNITS)


@pytest.fixture(scope="module")
def unharmed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a reader has in hand when nothing went wrong."""
    journey = Journey(tmp_path_factory.mktemp("unharmed") / "w", data)
    with Loopback(script()) as server, MessagesApi("claude-test", base_url=server.url) as model:
        assert journey.go(model) is None
        assert len(server.requests) == REQUESTS
    return journey.told()


def faults_of(seed: int) -> Faults:
    if seed < ONE_BY_ONE:
        place, number = divmod(seed, len(FAULTS))
        return Faults(planned=[*[None] * place, FAULTS[number]])
    draw = random.Random(seed)  # noqa: S311 - drawn again from its seed, not a secret
    return Faults(seed=seed, rate=draw.uniform(0.1, 0.7))


def run(seed: int, folder: Path, data: Path, unharmed: dict[str, Any]) -> Run:
    """One journey, taken up in a new client on a new connection to the ledger until it is whole."""
    draw = random.Random(-seed)  # noqa: S311 - drawn again from its seed, not a secret
    faults, journey, found = faults_of(seed), Journey(folder / str(seed), data), Run()
    with Loopback(script(), faults=faults, silence=PATIENCE + 1) as server:
        for found.attempts in range(1, 60):
            before = len(faults.committed)
            settings = {"timeout": PATIENCE, "retries": draw.choice([0, 2]), "backoff": 0.01}
            with MessagesApi("claude-test", base_url=server.url, **settings) as model:
                stop = journey.go(model, streamed=draw.random() < 0.5)
            met = [fault for fault in faults.committed[before:] if fault]
            assert server.asked_again() == [], f"seed {seed}: a completed request was sent again"
            with Workspace.open(journey.folder) as workspace:
                assert workspace.ledger.verify().sound
            if stop is None:
                found.passed += met
                break
            assert stop.said.code.startswith("model.")
            assert stop.said.reason
            assert stop.said.cure
            assert met, f"seed {seed}: stopped at {stop} though nothing failed"
            found.stops.append((met[-1], stop.step, stop.said.code))
            if stop.step != "sharpen":
                stands = journey.told()
                assert stands["looks"][0] == unharmed["looks"][0]
                assert bool(stands["without"]) == (stop.step == "readout")
        else:
            raise AssertionError(f"seed {seed}: no end; faults {faults.committed}")
        sent = len(server.requests)
        with MessagesApi("claude-test", base_url=server.url, retries=0) as model:
            assert journey.go(model) is None
        assert len(server.requests) == sent
    assert journey.told() == unharmed, f"seed {seed}"
    with Workspace.open(journey.folder) as workspace:
        assert Copilot(workspace, workspace.ledger).verify().faults == ()
        digests = [entry.payload["request"] for entry in workspace.ledger.entries() if entry.kind == "answered"]
    assert len(set(digests)) == len(digests)
    if seed < ONE_BY_ONE and REPAIRED & set(faults.planned):
        assert found.stops == [], f"seed {seed}"
    return found


def runs(seeds: Iterable[int], folder: Path, data: Path, unharmed: dict[str, Any]) -> list[Run]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda seed: run(seed, folder, data, unharmed), seeds))


def table(found: Iterable[Run]) -> str:
    """Fault by fault, what came of it: gone over within the attempt, or the stop it led to."""
    ends: dict[str, Counter[str]] = {}
    for one in found:
        for fault in one.passed:
            ends.setdefault(fault, Counter())["passed over"] += 1
        for fault, step, code in one.stops:
            ends.setdefault(fault, Counter())[f"{code} at {step}"] += 1
    return "\n".join(f"{fault}: {dict(sorted(ends[fault].items()))}" for fault in sorted(ends))


def test_a_journey_under_faults(tmp_path, data, unharmed):
    """A sample of the seeds: single faults at the requests that matter, and random ones."""
    sample = [0, 23, 55, 69, *range(ONE_BY_ONE, ONE_BY_ONE + 4)]
    found = runs(sample, tmp_path, data, unharmed)
    print(table(found))  # noqa: T201 - the table of ends, for whoever runs it with -rP
    assert any(one.stops for one in found)
    assert any(not one.stops for one in found)


@pytest.mark.torture
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_journeys_under_every_fault(tmp_path, data, unharmed, first):
    """500 seeds: each ends whole, with the same verdict and numbers, whatever stopped it on the way."""
    found = runs(range(first, first + 50), tmp_path, data, unharmed)
    print(table(found))  # noqa: T201 - the table of ends, for whoever runs it with -rP
    assert any(one.stops for one in found)
    assert any(one.passed for one in found)
