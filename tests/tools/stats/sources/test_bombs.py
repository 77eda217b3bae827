"""Files that are small and claim to be huge: refused before they take the computer's memory."""

from __future__ import annotations

import gzip
import struct
import zipfile

import openpyxl
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.tables import encoding
from copilot_tools.stats.sources.tables.preview import preview


def code_of(path) -> str:
    with pytest.raises(Refused) as refused:
        open_file(path)
    return refused.value.refusals[0].code


def test_a_million_columns(tmp_path):
    """A header of a million names is refused by their number."""
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{i}" for i in range(1_000_000)) + "\n")
    assert code_of(path) == "file.too_many_columns"


def test_a_first_line_without_an_end(tmp_path):
    """A file that is one endless line is no header, however it is made."""
    for name, line in (("line.csv", "a," * (1 << 25)), ("cell.csv", "a" * 200_000 + ",b\n1,2\n")):
        path = tmp_path / name
        path.write_text(line)
        assert code_of(path) == "file.header_too_long"


def test_a_compressed_file_that_never_ends(tmp_path, monkeypatch):
    """A compressed CSV is read only as far as its bound, here lowered."""
    monkeypatch.setattr(encoding, "_MOST_UNPACKED", 5_000_000)
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"user,arm\n")
        for _ in range(100):
            stream.write(b"1,a\n" * 25_000)
    assert path.stat().st_size < 100_000
    assert code_of(path) == "file.too_large"


def test_a_workbook_that_claims_gigabytes(tmp_path):
    """A workbook whose parts claim gigabytes is refused by what its directory says, before it is unpacked."""
    path = tmp_path / "bomb.xlsx"
    openpyxl.Workbook().save(path)
    held = bytearray(path.read_bytes())
    at = held.rindex(b"PK\x01\x02")
    held[at + 24 : at + 28] = struct.pack("<I", 0xFFFF_FFF0)
    path.write_bytes(held)
    assert zipfile.is_zipfile(path)
    assert code_of(path) == "file.too_large"


def test_a_workbook_with_one_cell_at_its_far_end(tmp_path):
    """One cell in the last row and column makes a sheet of 17 thousand million cells: refused while it is read."""
    book = openpyxl.Workbook()
    book.active.cell(1, 1, "user")
    book.active.cell(1_048_576, 16_384, "x")
    path = tmp_path / "far.xlsx"
    book.save(path)
    assert path.stat().st_size < 20_000
    assert code_of(path) == "file.too_large"


def test_gaps_between_rows_of_a_workbook_stay_gaps(tmp_path):
    """Bounds do not change what is read: empty rows between filled ones are left out, values stay in their columns."""
    book = openpyxl.Workbook()
    for row, cells in ((1, ("user", "arm")), (2, ("u1", "a")), (5, ("u2", None))):
        for column, cell in enumerate(cells, 1):
            book.active.cell(row, column, cell)
    path = tmp_path / "gaps.xlsx"
    book.save(path)
    table = open_file(path).table
    assert table.connection.execute(f"SELECT * FROM {table.relation}").fetchall() == [("u1", "a"), ("u2", None)]


def test_a_preview_tells_types_and_no_value(tmp_path):
    """Text is told by what it can be read as; empty cells are counted; no value leaves the table."""
    path = tmp_path / "r.csv"
    path.write_text(
        "user,yes,whole,number,when,word,none\n"
        "u1,1,7,1.5,2026-01-02,x,\nu2,true,,2,2026-01-03 10:00,zanzibar,\nu3,0,9,3e2,2026/01/04,5,  \n"
    )
    found = preview(open_file(path).table)
    assert found.rows == 3
    assert {c.name: (c.reads_as, c.empty) for c in found.columns} == {
        "user": ("text", 0),
        "yes": ("yes/no", 0),
        "whole": ("whole number", 1),
        "number": ("number", 0),
        "when": ("time", 0),
        "word": ("text", 0),
        "none": ("nothing", 3),
    }
    assert "zanzibar" not in str(found)
