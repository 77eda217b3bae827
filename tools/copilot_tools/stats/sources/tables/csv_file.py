"""A CSV file -> a table of text: every cell as it was written, so that nothing is guessed and any cell can be shown."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.encoding import check_text, header_of, write_utf8
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.table import Table, check_header, shown
from copilot_tools.stats.spec import Dialect

__all__ = ["declared", "load_csv"]

_GLOB = re.compile(r"[*?\[\]{}]")


def load_csv(connection: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect) -> Table:
    """Load a CSV in one read.

    Raises:
        Refused: Wrong encoding, no header, duplicate column names, ragged lines, an open quotation mark.
    """
    tab = path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))
    delimiter = "\t" if tab and dialect.delimiter == "," else dialect.delimiter
    check_text(path, dialect.encoding)
    cells = header_of(path, dialect.encoding, delimiter)
    names = check_header(cells, path.name)
    with tempfile.TemporaryDirectory(prefix="expcopilot-") as folder:
        plain = Path(folder) / "data.csv"
        read = path
        # A line end of another kind inside a header cell makes the engine take the whole file for the header.
        spans_lines = any("\n" in name or "\r" in name for name in names)
        if dialect.encoding != "utf-8" or _GLOB.search(str(path)) or spans_lines:
            write_utf8(path, dialect.encoding, plain)
            read = plain
        try:
            _create(connection, read, delimiter, len(names))
        except duckdb.Error as error:
            if read is plain or "invalid state" not in str(error):
                raise _unreadable(connection, read, delimiter, names, path.name, error) from error
            # Mixed line ends (two exports pasted together) stop the strict parser: make them one kind and try again.
            write_utf8(path, dialect.encoding, plain)
            try:
                _create(connection, plain, delimiter, len(names))
            except duckdb.Error as second:
                raise _unreadable(connection, plain, delimiter, names, path.name, second) from second
    return Table.created(connection, "raw", names, first_line=2)


def declared(said: str) -> str:
    """Where a dialect is declared, for a cure."""
    return f"in the plan, analysis: dialect: {{{said}}} (and amend the plan if it is registered)"


def _scan(path: Path, delimiter: str, columns: int, more: str = "") -> str:
    types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(columns))
    packed = ", compression = 'gzip'" if path.suffix.lower() == ".gz" else ""
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', nullstr = '', columns = {{{types}}}, max_line_size = 33554432{packed}{more})"
    )


def _create(connection: duckdb.DuckDBPyConnection, path: Path, delimiter: str, columns: int) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE raw AS SELECT * FROM {_scan(path, delimiter, columns)}")


def _unreadable(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    delimiter: str,
    names: tuple[str, ...],
    name: str,
    error: duckdb.Error,
) -> Refused:
    """Say which lines do not fit, by reading once more and collecting what is rejected."""
    try:
        rejects = _scan(path, delimiter, len(names), ", store_rejects = true")
        connection.execute(f"SELECT count(*) FROM {rejects}").fetchall()
        found = connection.execute(
            "SELECT CAST(error_type AS VARCHAR), line, error_message, csv_line FROM reject_errors ORDER BY line"
        ).fetchall()
    except duckdb.Error:
        found = []
    ragged = [row for row in found if "COLUMNS" in row[0]]
    if ragged:
        _, line, message, text = ragged[0]
        lines = len({row[1] for row in ragged})  # the engine complains of every cell too many
        cells = re.search(r"Found: (\d+)", message)
        if delimiter == ",":
            hint = (
                "Quote cells that hold the delimiter; if numbers are written with a decimal comma, export with ';' "
                "between the columns and declare it " + declared("delimiter: ';', decimal: ','") + "."
            )
        else:
            own = declared("delimiter: ','" if delimiter == ";" else "delimiter: ';'")
            hint = f"Quote cells that hold the delimiter, or declare the file's own: {own}."
        return Refused.because(
            "file.ragged",
            f"{name} has {lines:,} {'line that does' if lines == 1 else 'lines that do'} not have the header's "
            f"{len(names)} columns, first line {line:,} with {cells.group(1) if cells else 'another number of'} "
            f"cells: {shown(text)}.",
            f"{hint} The header must be the first line, with nothing above it.",
            name=name,
            value=line,
        )
    where = re.search(r"Line: (\d+)", str(error))
    quote = "unterminated quote" in str(error)
    return Refused.because(
        "file.csv_unreadable",
        f"{name} cannot be read as CSV"
        + (f" at line {int(where.group(1)):,}" if where else "")
        + (": a quotation mark is opened and never closed." if quote else "."),
        "Write a quotation mark inside a cell twice, and close every opened one; or export the file again.",
        name=name,
        value=int(where.group(1)) if where else None,
    )
