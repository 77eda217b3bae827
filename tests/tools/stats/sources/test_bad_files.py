"""Files that cannot be opened: each fault has its code, names the place, and says the cure."""

from __future__ import annotations

import gzip
from pathlib import Path

import openpyxl
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import Dialect, Metric
from tools.stats.sources.row_worlds import ROWS, spec, write

LATIN = "user,arm,bought\nu1,contrôle,1\n".encode("latin-1")
FILES: list[tuple[str, str, bytes, Dialect, str, str, str]] = [
    ("empty", "a.csv", b"", Dialect(), "file.empty", "0 bytes", "Export"),
    ("empty inside gzip", "a.csv.gz", gzip.compress(b""), Dialect(), "file.empty", "empty", "Export"),
    ("latin-1 as utf-8", "a.csv", LATIN, Dialect(), "file.encoding", "line 2 holds the byte 0xf4", "latin-1"),
    ("utf-16 as utf-8", "a.csv", ROWS.encode("utf-16"), Dialect(), "file.encoding", "written in utf-16", "utf-16"),
    ("utf-16 unmarked", "a.csv", ROWS.encode("utf-16-le"), Dialect(), "file.not_text", "zero bytes", "utf-16"),
    ("utf-8 as utf-16", "a.csv", ROWS.encode(), Dialect(encoding="utf-16"), "file.encoding", "in utf-8", "utf-8"),
    ("workbook named csv", "a.csv", b"PK\x03\x04abc", Dialect(), "file.disguised", "Excel", ".xlsx"),
    ("web page named csv", "a.csv", b"\n<html><table>", Dialect(), "file.disguised", "web page", "CSV"),
    ("gzip named csv", "a.csv", gzip.compress(b"a,b\n1,2\n"), Dialect(), "file.disguised", "gzip", ".csv.gz"),
    (
        "broken gzip",
        "a.csv.gz",
        gzip.compress(ROWS.encode())[:-9],
        Dialect(),
        "file.gzip_broken",
        "decompress",
        "again",
    ),
    ("csv named gzip", "a.csv.gz", ROWS.encode(), Dialect(), "file.gzip_broken", "decompress", "plain file"),
    ("same name twice", "a.csv", b"user,arm,arm\n1,a,b\n", Dialect(), "file.column_duplicated", "'arm'", "of its own"),
    ("header of commas", "a.csv", b",,\n1,a,b\n", Dialect(), "file.header_missing", "names no column", "first line"),
    ("blank first line", "a.csv", b"\nuser,arm\n1,a\n", Dialect(), "file.header_missing", "no header", "first line"),
    ("short line", "a.csv", b"a,b,c\n1,2,3\n1,2\n", Dialect(), "file.ragged", "line 3 with 2 cells", "decimal comma"),
    (
        "long line",
        "a.csv",
        b"a;b\n1;2\n1;2;3\n",
        Dialect(delimiter=";"),
        "file.ragged",
        "line 3 with 3 cells",
        "delimiter",
    ),
    ("title above", "a.csv", b"Report\nuser,arm\n1,a\n", Dialect(), "file.ragged", "first line 2", "nothing above"),
    ("open quotation mark", "a.csv", b'a,b\n1,"2\n3,4\n', Dialect(), "file.csv_unreadable", "line 2", "close every"),
    ("no parquet", "a.parquet", b"PAR1 nothing", Dialect(), "file.parquet_unreadable", "a.parquet", "again"),
    ("no workbook", "a.xlsx", b"PK\x03\x04 nothing", Dialect(), "file.excel_unreadable", "a.xlsx", "password"),
    ("old workbook", "a.xls", b"\xd0\xcf\x11\xe0", Dialect(), "file.format_unknown", "old Excel", ".xlsx"),
    ("unknown ending", "a.dat", ROWS.encode(), Dialect(), "file.format_unknown", "no format", ".csv"),
]


@pytest.mark.parametrize(
    ("name", "data", "dialect", "code", "reason", "cure"), [f[1:] for f in FILES], ids=[f[0] for f in FILES]
)
def test_each_file_fault_is_refused(
    name: str, data: bytes, dialect: Dialect, code: str, reason: str, cure: str, tmp_path: Path
) -> None:
    """Each kind of unreadable file is refused by its own code when it is opened."""
    with pytest.raises(Refused) as refused:
        open_file(write(tmp_path, data, name), dialect)
    (refusal,) = refused.value.refusals
    assert refusal.code == code
    assert reason in refusal.reason
    assert cure in refusal.cure


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is named."""
    with pytest.raises(Refused, match="no file"):
        open_file(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Refused, match="is a folder"):
        open_file(tmp_path / "folder.csv")


def test_several_sheets_are_not_guessed(tmp_path: Path) -> None:
    """A workbook with two filled sheets is refused until one is named; a wrong name lists the right ones."""
    book = openpyxl.Workbook()
    book.active.append(["user", "arm"])
    book.create_sheet("second").append(["user", "arm"])
    book.create_sheet("empty")
    path = tmp_path / "book.xlsx"
    book.save(path)
    with pytest.raises(Refused, match="2 sheets with data: 'Sheet', 'second'"):
        open_file(path)
    with pytest.raises(Refused, match="no sheet 'third'"):
        open_file(path, sheet="third")
    assert open_file(path, sheet="second").describe().columns == {"user": "text", "arm": "text"}


READABLE = {
    "byte order mark": b"\xef\xbb\xbf" + ROWS.encode(),
    "windows line ends": ROWS.replace("\n", "\r\n").encode(),
    "old line ends": ROWS.replace("\n", "\r").encode(),
    "mixed line ends": ROWS.replace("\n", "\r\n", 3).encode(),
    "no last line end": ROWS.rstrip("\n").encode(),
    "blank lines at the end": (ROWS + "\n\n").encode(),
    "quoted cells": ROWS.replace("u1", '"u1"').replace("DE", '"DE"').encode(),
}


@pytest.mark.parametrize("name", READABLE)
def test_harmless_habits_of_writers_are_read(name: str, tmp_path: Path) -> None:
    """Byte order marks, line ends and quoting of any common writer give the same evidence."""
    plan = spec(time_column="day")
    plain = open_file(write(tmp_path, ROWS, "plain.csv")).scan(plan, metrics=plan.metrics, cuts=("country",))
    other = open_file(write(tmp_path, READABLE[name])).scan(plan, metrics=plan.metrics, cuts=("country",))
    assert other.model_copy(update={"source": plain.source}) == plain
    assert other.source.columns == plain.source.columns


def test_wildcards_in_a_path_are_only_letters(tmp_path: Path) -> None:
    """A file called a[1]*.csv is read itself, and no other."""
    write(tmp_path, ROWS.replace("u1", "zz"), "a1.csv")
    source = open_file(write(tmp_path, ROWS, "a[1]*.csv"))
    assert source.table.connection.execute("SELECT min(c0) FROM raw").fetchone() == ("u1",)


def test_a_header_cell_may_span_lines(tmp_path: Path) -> None:
    """A quoted header cell with a line end in it is one column name, and the rows below it are all read."""
    text = 'user,arm,"bought\n(yes or no)"\nu1,control,1\nu2,b,0\n'
    source = open_file(write(tmp_path, text))
    assert list(source.describe().columns) == ["user", "arm", "bought\n(yes or no)"]
    assert source.table.connection.execute("SELECT count(*) FROM raw").fetchone() == (2,)


@pytest.mark.parametrize(("end", "inside"), [("\r\n", "\n"), ("\n", "\r"), ("\r\n", "\r\n")])
def test_a_line_break_in_a_header_loses_no_row(end: str, inside: str, tmp_path: Path) -> None:
    """A header cell broken by another kind of line end (as spreadsheets write it) is a name; the rows are read."""
    text = f'user,arm,"bought{inside}(yes or no)"{end}u1,control,1{end}u2,b,0{end}'
    source = open_file(write(tmp_path, text))
    column = list(source.describe().columns)[2]
    assert column == f"bought{inside}(yes or no)"
    bought = Metric(name="bought", role="primary", kind="proportion", column=column)
    assert source.scan(spec(bought), metrics=(bought,)).total_units == 2


def test_a_header_that_swallowed_the_rows_is_called_so(tmp_path: Path) -> None:
    """Where a quotation mark opened in the header takes the rows into it, that is the reason given."""
    text = 'user,arm,"bought\nu1,control,1\nu2,b,0"\n'
    problems = {p.code: p for p in open_file(write(tmp_path, text)).problems(spec())}
    assert "goes on over a line end" in problems["data.no_rows"].reason
    assert "quotation mark" in problems["data.no_rows"].cure


def test_ragged_lines_are_counted_once(tmp_path: Path) -> None:
    """A line with several cells too many is one line; the cure says where the delimiter is declared."""
    text = "user,arm\n" + "".join(f"u{i},b,1,2,3,4\n" for i in range(30)) + "u,b\n"
    with pytest.raises(Refused) as refused:
        open_file(write(tmp_path, text))
    (refusal,) = refused.value.refusals
    assert "has 30 lines that do not have the header's 2 columns, first line 2 with" in refusal.reason
    assert "in the plan, analysis: dialect: {delimiter: ';', decimal: ','}" in refusal.cure
    assert "amend" in refusal.cure
