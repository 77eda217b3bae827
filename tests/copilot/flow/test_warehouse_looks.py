"""A registered experiment read from a table in Postgres: counted, recorded, verified, and no password anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

import tests_plan
from copilot_tools.refusals import Refused
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.memory.workspace import Workspace
from postgres_server import Server, running

SECRET = "hush-hush"  # noqa: S105 - what must not be found again


@pytest.fixture(scope="module")
def server() -> Any:
    with running() as made:
        yield made


@pytest.fixture
def table(server: Server) -> str:
    """A table of 20,000 units, and its address with a password in it (which this server does not ask for)."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS lab CASCADE; CREATE SCHEMA lab")
        connection.execute(
            "CREATE TABLE lab.checkout AS SELECT 'u' || i AS \"user\", CASE i % 2 WHEN 0 THEN 'control' ELSE 'b' END "
            "AS arm, CASE WHEN i * 7919 % 100 < 20 + i % 2 * 6 THEN 1 ELSE 0 END AS converted, "
            "100 + i % 37 AS latency, i % 5 AS pages FROM generate_series(1, 20000) i"
        )
    return server.address("lab.checkout").replace("tester@", f"tester:{SECRET}@")


def test_a_look_at_a_table(workspace: Workspace, table: str, server: Server) -> None:
    """The look is recorded with the table's name, verifies against the table, and notices when it changes."""
    copilot = Copilot(workspace, workspace.ledger)
    copilot.register(tests_plan.plan("checkout", attested=tests_plan.today()))
    look = copilot.analyze("checkout", open_data.rows(table))
    assert look.shows_outcomes
    assert look.evidence.source.name == "checkout in lab"
    assert look.evidence.source.location == server.address("lab.checkout")
    assert SECRET not in json.dumps([e.model_dump(mode="json") for e in copilot.log()])
    report = copilot.verify()
    assert (report.faults, report.sources) == ((), 1)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("UPDATE lab.checkout SET converted = 1 WHERE \"user\" = 'u2'")
    assert any("has changed since it was read" in f for f in copilot.verify().faults)


def test_a_warehouse_out_of_reach_is_no_fault(workspace: Workspace, table: str, server: Server) -> None:
    """Verified where the warehouse cannot be reached, the chain stands and says that the data was not read again."""
    copilot = Copilot(workspace, workspace.ledger)
    copilot.register(tests_plan.plan("checkout", attested=tests_plan.today()))
    copilot.analyze("checkout", open_data.rows(table))
    socket = server.folder / ".s.PGSQL.5432"
    hidden = socket.rename(server.folder / "hidden")
    try:
        report = copilot.verify()
    finally:
        hidden.rename(socket)
    assert report.faults == ()
    assert any("could not be reached" in note for note in report.notes)


def test_on_the_command_line(tmp_path: Path, table: str) -> None:
    """`look` takes an address where it takes a file, and prints and keeps no password."""
    Workspace.create(tmp_path, person="Ada", email="ada@example.com").close()
    asked = ["look", table, "--metric", "converted", "--kind", "proportion", "--arm-column", "arm", "--unit", "user"]
    done = _command(tmp_path, *asked, "--control", "control")
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"checkout in lab" in kept
    assert SECRET.encode() not in kept


def test_two_tables_on_the_command_line(tmp_path: Path, table: str, server: Server) -> None:
    """`look --as events` counts the events of one table for the units exposed in another."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE lab.exposed AS SELECT \"user\", arm, TIMESTAMP '2026-11-01' AS at FROM lab.checkout; "
            "CREATE TABLE lab.orders AS SELECT \"user\", at + interval '1 day' AS at, 20.0 AS amount FROM lab.exposed "
            'JOIN lab.checkout USING ("user") WHERE converted = 1'
        )
    Workspace.create(tmp_path, person="Ada", email="ada@example.com").close()
    both = f"{table.replace('lab.checkout', 'lab.exposed')}&events=lab.orders"
    asked = ["look", both, "--as", "events", "--metric", "amount", "--kind", "mean", "--arm-column", "arm"]
    done = _command(tmp_path, *asked, "--unit", "user", "--time", "at", "--control", "control", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    arms = json.loads(done.stdout)["look"]["reading"]["comparisons"][0]
    assert (arms["control"]["value"], arms["treatment"]["value"]) == pytest.approx((4.0, 5.2), abs=0.2)


def _command(folder: Path, *asked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expcopilot.surfaces.cli.main", *asked],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_counts_and_two_tables_are_told_apart(table: str) -> None:
    """An address is no file of counts, and two tables are not one row a unit: refused without repeating the address."""
    for opened in (lambda: open_data.counts(table), lambda: open_data.rows(f"{table}&events=lab.orders")):
        with pytest.raises(Refused) as refused:
            opened()
        assert SECRET not in str(refused.value)
        assert os.fspath(table) not in str(refused.value)


def test_two_files_are_verified(workspace: Workspace, tmp_path: Path) -> None:
    """A look at exposures and events opens both again when it is verified, and notices a change in the events."""
    day = tests_plan.today().isoformat()
    exposures, events = tmp_path / "exposures.csv", tmp_path / "events.csv"
    lines = [f"u{i},{'b' if i % 2 else 'control'},{day} 00:00:00" for i in range(2_000)]
    exposures.write_text("user,arm,at\n" + "\n".join(lines) + "\n")
    bought = [f"u{i},{day} 00:00:0{i % 10},1" for i in range(0, 2_000, 7)]
    events.write_text("customer,time,converted\n" + "\n".join(bought) + "\n")
    copilot = Copilot(workspace, workspace.ledger)
    copilot.register(tests_plan.plan("checkout", units=2_000, attested=tests_plan.today(), time_column="at"))
    look = copilot.analyze("checkout", open_data.exposed(exposures, events, unit="customer", time="time"))
    assert look.evidence.total_units == 2_000
    report = copilot.verify()
    assert (report.faults, report.sources) == ((), 1)
    events.write_text(events.read_text() + f"u1,{day} 00:00:01,1\n")
    assert any("has changed since it was read" in f for f in copilot.verify().faults)
