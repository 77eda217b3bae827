"""What leaves a warehouse, seen at the wire: no unit, no row; and what stays in it: nothing of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.events import EventsSource
from copilot_tools.stats.sources.warehouse.source import open_table, open_tables
from copilot_tools.stats.spec import DataPolicy
from expcopilot.flow.arms_in_data import arms_in
from tools.stats.sources.warehouse.test_same_evidence import event_plan, event_world
from tools.stats.sources.warehouse.warehouse_worlds import both, plan, world


class Listening:
    """A real connection whose every answer is written down as well."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.heard: list[tuple[str, list[tuple[Any, ...]]]] = []

    def cursor(self) -> Any:
        """A real cursor that is listened to."""
        return _Cursor(self.connection.cursor(), self.heard)

    def close(self) -> None:
        """End the session."""
        self.connection.close()


class _Cursor:
    def __init__(self, cursor: Any, heard: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
        self._cursor, self._heard, self._asked = cursor, heard, ""

    @property
    def description(self) -> Any:
        return self._cursor.description

    def execute(self, query: str) -> None:
        self._asked = query
        self._cursor.execute(query)

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor.fetchall()
        self._heard.append((self._asked, rows))
        return rows

    def close(self) -> None:
        self._cursor.close()


def _cells(value: Any) -> list[Any]:
    return [x for v in value for x in _cells(v)] if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize("policy", [plan().policy, DataPolicy()])
def test_no_unit_leaves(tmp_path: Path, postgres: psycopg.Connection, policy: DataPolicy) -> None:
    """Over checks, scan and cuts no answer holds a unit's name, and none is longer than arms times levels."""
    data = world(2_000)
    both(tmp_path, postgres, data)
    listening = Listening(postgres)
    spec = plan(policy=policy, activation="eligible")
    source = open_table(listening, "lab.results")
    assert source.problems(spec, ("age", "price")) == ()
    source.scan(spec, metrics=spec.metrics, cuts=("age", "price"))
    units = set(data["user"].to_pylist())
    assert len(listening.heard) > 25
    for asked, rows in listening.heard:
        assert units.isdisjoint(str(c) for c in _cells(rows)), asked
        assert len(rows) <= 256, asked
    # Cells of one dimension each: a cell of several could be a single unit.
    summed = next(rows for asked, rows in listening.heard if "GROUPING SETS" in asked and len(rows) > 20)
    assert len(summed) <= 3 * (15 + 4 + 3 + 5 + 4 + 1)
    # Only hashes of units come back in number, for recognizing the same units in other data, and at most 256 of them.
    assert [len(rows) for asked, rows in listening.heard if "MD5" in asked and "DISTINCT" in asked][-1] == 256


def test_no_unit_leaves_with_events(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Nor does one where exposures and events are joined, or events are brought to units."""
    exposures, happenings = event_world()
    # Names in place of small numbers, which counts are full of too.
    for column, table in (("user", exposures), ("customer", happenings)):
        names = [f"unit-{x}" for x in table[column].to_pylist()]
        both_of = table.set_column(table.schema.get_field_index(column), column, [names])
        both(tmp_path, postgres, both_of, "exposures" if column == "user" else "happenings")
    listening = Listening(postgres)
    spec = event_plan()
    source = open_tables(listening, "lab.exposures", "lab.happenings", unit="customer", time="time")
    source.scan(spec, metrics=spec.metrics, cuts=("country",))
    single = event_plan(metrics=(spec.metrics[0].model_copy(update={"column": "eligible"}),), activation=None)
    EventsSource(open_table(listening, "lab.exposures")).scan(single, metrics=single.metrics)
    for asked, rows in listening.heard:
        assert not any(str(c).startswith("unit-") for c in _cells(rows)), asked
        assert len(rows) <= 256, asked


def test_nothing_stays(server: Any, tmp_path: Path, postgres: psycopg.Connection) -> None:
    """A session of ours leaves no table, view or setting behind, and changes none of what it read."""
    both(tmp_path, postgres, world(300))
    count = "SELECT count(*) FROM pg_class WHERE relname ~ '^(working|expcopilot_raw|exposed)'"
    spec = plan()
    source = open_table(server.dsn, "lab.results")
    source.scan(spec, metrics=spec.metrics)
    before = source.describe().digest
    source.close()
    assert postgres.execute(count).fetchone() == (0,)
    assert open_table(postgres, "lab.results").describe().digest == before
    postgres.execute("UPDATE lab.results SET spend = spend + 1 WHERE \"user\" = 'u7'")
    assert open_table(postgres, "lab.results").describe().digest != before


def test_one_snapshot(server: Any, tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Rows that arrive between opening and scanning are not in the evidence whose digest was taken before them."""
    both(tmp_path, postgres, world(300))
    source = open_table(server.dsn, "lab.results")
    postgres.execute("DELETE FROM lab.results WHERE bought = 1")
    spec = plan()
    assert source.scan(spec, metrics=spec.metrics).quality.rows == 300
    source.close()
    assert open_table(postgres, "lab.results").scan(spec, metrics=()).quality.rows < 300


def test_a_passed_connection_gets_its_settings_back(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """The session's own time zone rules no number, and stands again when the engine is closed."""
    both(tmp_path, postgres, world(300))
    postgres.execute("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'")
    source = open_table(postgres, "lab.results")
    spec = plan()
    source.scan(spec, metrics=spec.metrics)
    source.close()
    assert postgres.execute("SHOW TimeZone").fetchone() == ("Asia/Tokyo",)
    assert postgres.execute("SHOW DateStyle").fetchone() == ("German, DMY",)
    count = "SELECT count(*) FROM pg_class WHERE relname ~ '^(working|expcopilot_raw|exposed)'"
    assert postgres.execute(count).fetchone() == (0,)


class _Stopping(_Cursor):
    def execute(self, query: str) -> None:
        if "results" in query:
            raise KeyboardInterrupt
        super().execute(query)


class _Stopped(Listening):
    def cursor(self) -> Any:
        """A real cursor whose user presses Ctrl-C when the table is read."""
        return _Stopping(self.connection.cursor(), self.heard)


def test_stopped_while_opening_the_settings_stand_again(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Whatever ends the opening, a connection passed in is let go of as if the source had been closed."""
    both(tmp_path, postgres, world(400))
    postgres.execute("SET TimeZone = 'Asia/Tokyo'")
    with pytest.raises(KeyboardInterrupt):
        open_table(_Stopped(postgres), "lab.results")
    assert postgres.execute("SELECT current_setting('TimeZone')").fetchall() == [("Asia/Tokyo",)]


def test_a_column_of_names_taken_for_the_arm(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Whoever names the unit as the arm learns that it is none, and no unit's name is fetched to find out."""
    data = world(300)
    both(tmp_path, postgres, data)
    listening = Listening(postgres)
    source = open_table(listening, "lab.results")
    assert arms_in(source, "arm") == ("b", "c", "control")
    with pytest.raises(Refused, match="more than 50 values"):
        arms_in(source, "user")
    assert {p.code for p in source.problems(plan(arm_column="user", unit="arm"))} >= {"data.arm_unknown"}
    units = set(data["user"].to_pylist())
    for asked, rows in listening.heard:
        assert units.isdisjoint(str(c) for c in _cells(rows)), asked
