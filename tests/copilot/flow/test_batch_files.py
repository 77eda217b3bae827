"""Files of briefs in, files of variants out: every format, bad rows in their place, no cell a formula."""

from __future__ import annotations

import csv
import json
import tracemalloc

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.rows_in import brief_rows
from expcopilot.flow.batch.rows_out import Column, guarded, rows_out, unguarded

HEADER = ["id", "channel", "change", "audience", "because", "k", "mechanisms", "keep_away", "facts", "control.subject"]
ROW = [
    "b1",
    "email",
    "Ask, do not tell",
    "new users",
    "people answer",
    2,
    "curiosity; relief",
    "One | Two, too",
    "a.b c.d",
    "=Old",
]
COLUMNS = (Column("row", "count"), Column("text.subject"), Column("distance", "number"))


def written(tmp_path, ending, rows, header=HEADER):
    path = tmp_path / f"briefs{ending}"
    match ending:
        case ".csv" | ".tsv":
            with path.open("w", newline="", encoding="utf-8-sig") as file:
                writer = csv.writer(file, delimiter="\t" if ending == ".tsv" else ";")
                writer.writerows([header, *rows])
        case ".jsonl":
            path.write_text("\n".join(json.dumps(dict(zip(header, row, strict=False))) for row in rows))
        case ".parquet":
            parquet.write_table(pa.Table.from_pylist([dict(zip(header, row, strict=True)) for row in rows]), path)
        case ".xlsx":
            book = openpyxl.Workbook()
            book.active.append(header)
            for row in rows:
                book.active.append([f"'{c}" if str(c).startswith("=") else c for c in row])
            book.save(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_every_format(tmp_path, ending):
    """A brief reads the same from every format."""
    (row,) = brief_rows(written(tmp_path, ending, [ROW]))
    assert row.refusals == ()
    brief = row.brief
    assert brief is not None
    assert (brief.id, brief.k, brief.channel) == ("b1", 2, "email")
    assert brief.mechanisms == ("curiosity", "relief")
    assert brief.keep_away == ("One", "Two, too")
    assert brief.facts == ("a.b", "c.d")
    assert [(f.name, f.text.lstrip("'")) for f in brief.control] == [("subject", "=Old")]


def test_bad_rows_stand_in_their_place(tmp_path):
    """A row that is no brief says why, and the others are read; ids stand once."""
    rows = [
        ROW,
        ["b2", "email", "", "x", "y", 1],
        ["b3", "email", "c", "a", "b", "many"],
        ROW,
        ["", "push", "c", "a", "b", 1],
    ]
    rows.append([*ROW, "one", "more"])
    found = list(brief_rows(written(tmp_path, ".csv", rows)))
    assert [row.number for row in found] == [1, 2, 3, 4, 5, 6]
    assert [row.id for row in found] == ["b1", "b2", "b3", "b1", "row-5", "b1"]
    assert [row.refusals[0].code if row.refusals else "" for row in found] == [
        "",
        "briefs.row",
        "briefs.row",
        "briefs.same_id",
        "",
        "briefs.row",
    ]
    assert "change is missing" in found[1].refusals[0].reason
    assert "k is 'many'" in found[2].refusals[0].reason
    assert found[0].brief is not None
    assert found[4].brief is not None


def test_json_lines(tmp_path):
    """A line that is no JSON is a bad row; control and lists may be nested."""
    good = {
        "id": "a",
        "channel": "email",
        "change": "c",
        "audience": "a",
        "because": "b",
        "control": {"subject": "Old"},
    }
    path = tmp_path / "briefs.jsonl"
    path.write_text(
        json.dumps({**good, "mechanisms": ["x", "y"]}) + "\n{broken\n[1]\n\n" + json.dumps({**good, "id": "d"})
    )
    found = list(brief_rows(path))
    assert [bool(row.brief) for row in found] == [True, False, False, True]
    first = found[0].brief
    assert first is not None
    assert (first.mechanisms, first.control[0].text) == (("x", "y"), "Old")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("briefs.csv", b"id,chanel,change,audience,because\n", "briefs.columns"),
        ("briefs.csv", b"id,id,change,audience,because\n", "briefs.columns"),
        ("briefs.csv", b"id,channel,change\n", "briefs.columns"),
        ("briefs.csv", b"", "briefs.columns"),
        ("briefs.csv", b"change,audience,because\n\xff\xfe,1,2\n", "briefs.unreadable"),
        ("briefs.xlsx", b"no workbook", "briefs.unreadable"),
        ("briefs.parquet", b"PAR1 nothing", "briefs.unreadable"),
        ("briefs.docx", b"", "briefs.format"),
        ("absent.csv", None, "briefs.missing"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, code):
    """What cannot be read is refused as a whole, with its own reason and a cure."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        list(brief_rows(path))
    assert refused.value.refusals[0].code == code
    assert refused.value.refusals[0].cure


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_written_and_read_back(tmp_path, ending):
    """Every format gives back the rows in order, with hostile texts as texts."""
    texts = ["=1+1", "@sum", "-x", "'=x", "plain, with comma", 'a "quote"\nand a line', "ünï 🎈"]
    path = tmp_path / f"out{ending}"
    with rows_out(path, COLUMNS) as put:
        for number, text in enumerate(texts):
            put({"row": number, "text.subject": text, "distance": 0.25 if number else None})
    match ending:
        case ".csv" | ".tsv":
            with path.open(newline="", encoding="utf-8") as file:
                cells = [
                    row["text.subject"] for row in csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ",")
                ]
            assert not any(cell.startswith(("=", "@", "-", "+")) for cell in cells)
            found = [unguarded(cell) for cell in cells]
        case ".jsonl":
            found = [json.loads(line)["text.subject"] for line in path.read_text(encoding="utf-8").splitlines()]
        case ".parquet":
            table = parquet.read_table(path)
            found = table.column("text.subject").to_pylist()
            assert table.column("distance").to_pylist()[:2] == [None, 0.25]
        case _:
            sheet = openpyxl.load_workbook(path).active
            assert all(row[1].data_type == "s" for row in sheet.iter_rows(min_row=2))
            found = [row[1].value for row in sheet.iter_rows(min_row=2)]
    assert found == texts


@given(st.text())
def test_guarded_comes_back(text):
    """Whatever a text is, guarding and taking off again changes nothing."""
    assert unguarded(guarded(text)) == text


def test_nothing_half_written(tmp_path):
    """A run that ends in the middle leaves the file as it was, and nothing beside it."""
    path = tmp_path / "out.csv"
    path.write_text("before")

    def broken() -> None:
        with rows_out(path, COLUMNS) as put:
            put({"row": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "before"


@pytest.mark.parametrize(("name", "code"), [("out.txt", "rows.format"), ("no/such/folder/out.csv", "rows.folder")])
def test_what_cannot_be_written(tmp_path, name, code):
    """A place or format that cannot be written is refused before anything is paid for."""
    with pytest.raises(Refused) as refused, rows_out(tmp_path / name, COLUMNS):
        pass
    assert refused.value.refusals[0].code == code


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_one_row_at_a_time(tmp_path, ending):
    """Ten times the rows need no more memory."""
    peaks = []
    for count in (300, 3000):
        path = written(tmp_path, ending, [[f"b{n}", *ROW[1:3], "x" * 500, *ROW[4:]] for n in range(count)])
        tracemalloc.start()
        assert sum(row.brief is not None for row in brief_rows(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] + 300_000
