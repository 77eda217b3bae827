"""What a file is refused for, a table is refused for, by the same codes; and no cell is told on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.warehouse.source import open_table, open_tables
from copilot_tools.stats.spec import AnalysisSpec, DataPolicy, Dialect, Exposure, Metric
from tools.stats.sources.row_worlds import BOUGHT, SPEND, spec

COLUMNS = ("user", "arm", "bought", "spend", "at", "country")
RATIO = Metric(name="rate", kind="ratio", column="bought", denominator="spend")


def rows(**changed: str) -> list[list[str]]:
    """Forty rows of two arms; in the first, the named cells are changed."""
    made = [
        [
            f"u{i}",
            "b" if i % 2 else "control",
            str(i % 2),
            f"{i}.5",
            f"2025-03-{1 + i % 20:02}",
            "DE" if i % 3 else "FR",
        ]
        for i in range(40)
    ]
    for name, cell in changed.items():
        made[0][COLUMNS.index(name)] = cell
    return made


def put(folder: Path, connection: psycopg.Connection, body: list[list[str]]) -> Path:
    """The rows as a CSV and as a table of texts."""
    path = folder / "data.csv"
    path.write_text("\n".join(",".join(f'"{c}"' if "," in c else c for c in r) for r in [list(COLUMNS), *body]) + "\n")
    columns = ", ".join(f'"{c}" text' for c in COLUMNS)
    connection.execute(f"DROP TABLE IF EXISTS lab.data CASCADE; CREATE TABLE lab.data ({columns})")
    with connection.cursor().copy("COPY lab.data FROM STDIN") as copy:
        for row in body:
            copy.write_row([cell or None for cell in row])
    return path


CASES: list[tuple[str, dict[str, str], AnalysisSpec]] = [
    ("data.not_numeric", {"spend": "Jane Roe"}, spec(BOUGHT, SPEND)),
    ("data.not_numeric", {"spend": "n/a"}, spec(BOUGHT, SPEND)),
    ("data.not_numeric", {"spend": "12%"}, spec(BOUGHT, SPEND)),
    ("data.decimal_comma", {"spend": "12,75"}, spec(BOUGHT, SPEND)),
    ("data.decimal_mark", {"spend": "1,234.5"}, spec(BOUGHT, SPEND)),
    ("data.not_finite", {"spend": "NaN"}, spec(BOUGHT, SPEND)),
    ("data.not_finite", {"spend": "-inf"}, spec(BOUGHT, SPEND)),
    ("data.proportion_values", {"bought": "3"}, spec(BOUGHT)),
    ("data.denominator_negative", {"spend": "-7.25"}, spec(BOUGHT, RATIO)),
    ("data.empty_cells", {"spend": ""}, spec(BOUGHT, SPEND)),
    ("data.unit_empty", {"user": ""}, spec()),
    ("data.unit_scientific", {"user": "4.51E+17"}, spec()),
    ("data.time_unreadable", {"at": "31.03.2025"}, spec(time_column="at")),
    ("data.time_unreadable", {"at": "2025-02-30"}, spec(time_column="at")),
    ("data.time_unreadable", {"at": "2025-13-01 10:00:00"}, spec(time_column="at")),
    ("data.time_empty", {"at": ""}, spec(time_column="at")),
    ("data.activation_values", {"country": "maybe"}, spec(activation="country")),
    ("data.arm_unknown", {"arm": "zebra"}, spec()),
    ("data.column_missing", {}, spec(SPEND.model_copy(update={"role": "primary", "column": "spent"}))),
    ("data.column_reused", {}, spec(unit="arm")),
    ("data.arm_column_undeclared", {}, spec(arm_column=None)),
    ("data.timezone_unknown", {}, spec(dialect=Dialect(timezone="Mars/Base"))),
    ("data.exposure_never_matches", {}, spec(exposure=Exposure(column="country", expected={"b": "blue"}))),
]


@pytest.mark.parametrize(("code", "changed", "plan"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_same_codes(code: str, changed: dict[str, str], plan: AnalysisSpec, tmp_path: Path, postgres: Any) -> None:
    """The codes, cures and columns of a table's refusals are those of its file; the cell itself is not told."""
    path = put(tmp_path, postgres, rows(**changed))
    expected = open_file(path, plan.dialect).problems(plan)
    found = open_table(postgres, "lab.data").problems(plan)
    assert code in {p.code for p in found}
    # A single row of an unknown arm is counted in a warehouse, and not named: it may be a person.
    assert {p.code for p in found} == {p.code for p in expected}
    assert {(p.code, p.name) for p in found} == {(p.code, p.name) for p in expected}
    if code != "data.arm_unknown":
        assert {p.cure for p in found} == {p.cure for p in expected}
    for secret in ("Jane", "Roe", "zebra", "12,75", "1,234.5", "7.25", "4.51", "31.03", "maybe"):
        assert not any(secret in p.reason or secret == str(p.value) for p in found)


def test_common_unknown_arm_is_named(tmp_path: Path, postgres: Any) -> None:
    """An arm of twenty rows and more names nobody, and is told as in a file."""
    body = rows()
    for row in body[:25]:
        row[1] = "Control"
    path = put(tmp_path, postgres, body)
    found = {p.code: p for p in open_table(postgres, "lab.data").problems(spec())}
    assert "'Control'" in found["data.arm_spelling"].reason
    assert (
        found["data.arm_spelling"].cure
        == {p.code: p for p in open_file(path).problems(spec())}["data.arm_spelling"].cure
    )


def test_event_rows_are_told(tmp_path: Path, postgres: Any) -> None:
    """Repeated rows that differ are events, by the same numbers."""
    body = [[f"u{i % 15}", *r[1:]] for i, r in enumerate(rows())]
    for row in body:
        row[1] = "control" if int(row[0][1:]) % 2 else "b"
    path = put(tmp_path, postgres, body)
    plan = spec(SPEND.model_copy(update={"role": "primary"}))
    ours = [p for p in open_table(postgres, "lab.data").problems(plan) if p.code == "data.event_rows"]
    theirs = [p for p in open_file(path).problems(plan) if p.code == "data.event_rows"]
    assert ours
    assert ours == theirs


def test_first_row_needs_an_order(tmp_path: Path, postgres: Any) -> None:
    """Keeping the first row is refused where rows differ and nothing says which came first; copies are no matter."""
    body = rows()
    plan = spec(BOUGHT, SPEND, policy=DataPolicy(duplicates="first"))
    put(tmp_path, postgres, [*body, body[0]])
    source = open_table(postgres, "lab.data")
    assert source.problems(plan) == ()
    quality = source.scan(plan, metrics=plan.metrics).quality
    assert quality.duplicate_rows == {"control": 1, "b": 0}
    assert "one of rows that are all the same" in quality.treatment[0]
    other = [*body[0]]
    other[3] = "99"
    put(tmp_path, postgres, [*body, other])
    assert [p.code for p in open_table(postgres, "lab.data").problems(plan)] == ["data.no_row_order"]
    timed = plan.model_copy(update={"time_column": "at"})
    assert open_table(postgres, "lab.data").problems(timed) == ()


def test_a_cut_by_names_is_refused(postgres: Any) -> None:
    """A column whose values no twenty rows share is no cut: its levels would be people."""
    postgres.execute(
        "CREATE TABLE lab.mail AS SELECT i AS \"user\", CASE i % 2 WHEN 0 THEN 'control' ELSE 'b' END AS arm, "
        "i % 3 % 2 AS bought, 'p' || i || '@example.com' AS email, 'g' || i % 60 AS team "
        "FROM generate_series(1, 3000) i"
    )
    source = open_table(postgres, "lab.mail")
    assert [p.code for p in source.problems(spec(), ("email",))] == ["data.cut_identifies"]
    with pytest.raises(Refused):
        source.scan(spec(), metrics=(BOUGHT,), cuts=("email",))
    assert source.problems(spec(), ("team",)) == ()
    assert len(source.scan(spec(), metrics=(BOUGHT,), cuts=("team",)).levels("team")) == 50


def test_tables_that_cannot_be_opened(server: Any, postgres: Any) -> None:
    """No table, no rights, no rows, no such name, too many cuts: each a refusal with a cure, never a traceback."""
    postgres.execute('CREATE TABLE lab.none ("user" text, arm text, bought int)')
    assert [p.code for p in open_table(postgres, "lab.none").problems(spec())][-1:] == ["data.no_rows"]
    cuts = tuple(f"c{i}" for i in range(31))
    assert [p.code for p in open_table(postgres, "lab.none").problems(spec(), cuts)] == ["warehouse.too_many_cuts"]
    postgres.execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    for dsn, table, code in (
        (server.dsn, "lab.missing", "warehouse.query_failed"),
        (server.dsn, "a.b.c.d", "warehouse.table_name"),
        (server.dsn, 'lab.x"; DROP TABLE lab.none; --', "warehouse.query_failed"),
        (server.dsn.replace("tester", "stranger"), "lab.none", "warehouse.query_failed"),
        (server.dsn.replace("tester", "nobody_here"), "lab.none", "warehouse.unreachable"),
        (f"host={server.folder}/nowhere dbname=postgres user=tester password=hush", "t", "warehouse.unreachable"),
    ):
        with pytest.raises(Refused) as refused:
            open_table(dsn, table)
        assert [r.code for r in refused.value.refusals] == [code]
        assert all(r.cure for r in refused.value.refusals)
        assert "hush" not in str(refused.value)
    with pytest.raises(Refused, match="render for snowflake"):
        open_table(postgres, "lab.none", dialect="snowflake")
    assert postgres.execute("SELECT count(*) FROM lab.none").fetchone() == (0,)


def test_a_failing_query_tells_no_cell(server: Any, postgres: Any) -> None:
    """An overflow inside the warehouse is a refusal without values, and a connection of ours survives it."""
    postgres.execute(
        "CREATE VIEW lab.wild AS SELECT i AS \"user\", CASE i % 2 WHEN 0 THEN 'control' ELSE 'b' END AS arm, "
        "CAST('1e' || (306 + i % 3) AS numeric) * 50 AS bought FROM generate_series(1, 100) i"
    )
    with pytest.raises(Refused) as refused:
        open_table(server.dsn, "lab.wild")
    assert refused.value.refusals[0].code == "warehouse.query_failed"
    assert "SQLSTATE 22003" in refused.value.refusals[0].reason
    assert "e30" not in str(refused.value)


def test_events_without_a_time(postgres: Any) -> None:
    """Events that cannot be put before or after an exposure are refused, as is a plan that names no time."""
    postgres.execute(
        "CREATE TABLE lab.seen AS SELECT i AS \"user\", CASE i % 2 WHEN 0 THEN 'control' ELSE 'b' END AS arm, "
        "timestamp '2025-03-01' AS at FROM generate_series(1, 50) i;"
        "CREATE TABLE lab.did AS SELECT i AS \"user\", CASE WHEN i > 2 THEN timestamp '2025-03-02' END AS at, "
        "1 AS bought FROM generate_series(1, 50) i"
    )
    source = open_tables(postgres, "lab.seen", "lab.did")
    found = source.problems(spec(time_column="at"))
    assert [(p.code, p.value) for p in found] == [("data.time_unreadable", 2)]
    assert [p.code for p in source.problems(spec())] == ["data.exposure_undeclared"]
    missing = source.problems(spec(SPEND.model_copy(update={"role": "primary"}), time_column="at"))
    assert [(p.code, p.name) for p in missing] == [("data.column_missing", "spend")]
