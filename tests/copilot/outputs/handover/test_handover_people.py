"""The CSV file for people, the record behind all files, and writing them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from copilot.outputs.handover.handover_samples import ATTACKS, documented, hostile, ordinary, variant
from copilot_tools.refusals import Refused
from expcopilot.outputs.handover import FORMS, files, write
from expcopilot.outputs.handover.handover import safe
from expcopilot.outputs.handover.markup import FORMULA
from expcopilot.outputs.handover.people import guarded, to_csv, unguarded
from expcopilot.records.copy import FieldText

STARTS = re.compile(rf"\s*[{re.escape(FORMULA)}]")


def rows(handover, **dialect):
    return list(csv.reader(io.StringIO(to_csv(handover).removeprefix("\ufeff"), newline=""), strict=True, **dialect))


def test_a_spreadsheet_finds_no_formula(tmp_path):
    """Read by csv and stored by openpyxl, every cell of hostile copy is text, and no cell begins like a formula."""
    book = Workbook()
    for row in rows(hostile()):
        book.active.append([re.sub(r"[\x00-\x08]", "", cell) for cell in row])
    book.save(tmp_path / "copy.xlsx")
    cells = [c for row in load_workbook(tmp_path / "copy.xlsx").active.iter_rows() for c in row if c.value is not None]
    assert len(cells) > 200
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if STARTS.match(cell.value)]


def test_a_spreadsheet_that_cuts_at_semicolons_finds_none_either():
    """Where the separator is taken to be a semicolon, and quotation marks are lost, still no piece is a formula."""
    pieces = re.split(r"[;\t\r\n]", to_csv(hostile()).removeprefix("\ufeff"))
    assert any("'=1+1" in piece for piece in pieces)
    # A piece that a spreadsheet runs begins with = or @, or with a sign before a number, a name or a bracket.
    assert not [p for p in pieces if re.match(r"[ \xa0]*([=@＝＠]|[+\-−＋－][\w(.])", p)]


@pytest.mark.parametrize("text", [*ATTACKS, "", "'", "''=x", "- item\n- item", ";-)", "a\n'=b", "\n=x", "  'tis"])
def test_the_exact_text_comes_back(text):
    """What ``guarded`` adds, ``unguarded`` takes off, and nothing else."""
    assert unguarded(guarded(text)) == text


@given(st.text("'=+-@; \t\r\nab1(＝−", max_size=14))
@settings(max_examples=2000, deadline=None, derandomize=True)
def test_any_text_comes_back_and_begins_no_formula(text):
    """For any mixture of signs, separators and apostrophes: inert, and exactly the same again."""
    shown = guarded(text)
    assert not STARTS.match(shown)
    assert unguarded(shown) == text


def test_ordinary_copy_is_left_alone():
    """Bullets, smileys and apostrophes within copy stay as they are."""
    for text in ("Don't go", "Today:\n- one\n- two", "Save 20% = more", "bye ;-)", "a@b.c", "{{ name }}"):
        assert guarded(text) == text


def test_one_row_a_variant_with_who_approved_it():
    """Header, control and each variant: text, share, who approved it and when, and the digest of exactly that text."""
    handover = ordinary(weights=(2, 1, 1))
    assert to_csv(handover).startswith("\ufeff")
    found = [dict(zip(rows(handover)[0], row, strict=True)) for row in rows(handover)[1:]]
    assert [(r["variant"], r["share"]) for r in found] == [("control", "0.5"), ("v1", "0.25"), ("v2", "0.25")]
    assert found[1]["subject"] == "The third button"
    assert (found[1]["approved_by"], found[1]["approved_at"]) == ("Ada Lovelace", "2026-11-20T10:00:00Z")
    assert found[1]["digest"] == handover.variants[0].digest
    assert (found[0]["approved_by"], found[0]["digest"]) == ("", "")
    assert len(rows(ordinary(control=()))) == 3


def test_a_field_called_like_a_column_keeps_its_own():
    """A field named digest or variant does not fall together with the columns of that name."""
    header = rows(ordinary(variants=(variant("v1", digest="a", variant="b"),), control=()))[0]
    assert len(set(header)) == len(header)
    assert {"digest", "variant", "field_digest", "field_variant"} <= set(header)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_refused_where_it_does_not_fit_together(form):
    """Weights for other arms, a variant called control, a name or a field twice: each form refuses, naming all."""
    twice = (FieldText(name="subject", text="a"), FieldText(name="subject", text="b"))
    one = variant("v1", subject="a")
    for more, codes in (
        ({"weights": (1, 1)}, {"handover.weights"}),
        ({"variants": (variant("v" * 300, subject="a"),)}, {"handover.variant_name"}),
        ({"weights": (1, 1, 1e-9)}, {"assignment.share_too_small"}),
        (
            {"variants": (one, one, variant("control", subject="a")), "control": twice},
            {"handover.variant_name", "handover.field_twice"},
        ),
    ):
        with pytest.raises(Refused) as refused:
            files(ordinary(**more), form)
        assert {r.code for r in refused.value.refusals} == codes
        assert all(r.cure for r in refused.value.refusals)


@pytest.mark.parametrize("form", FORMS)
def test_files_are_written_whole_and_the_same_again(form, tmp_path):
    """The file on disk is what ``files`` says, byte for byte, each time; and nothing stands beside it."""
    folder = tmp_path / "new" / "folder"
    (path,) = write(hostile(), form, folder)
    ((name, text),) = files(hostile(), form).items()
    assert (path.name, path.read_bytes()) == (name, text.encode())
    before = hashlib.sha256(path.read_bytes()).digest()
    write(hostile(), form, folder)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [p.name for p in folder.iterdir()] == [name]


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    """A file where the folder should be is a refusal with a cure."""
    (tmp_path / "taken").write_text("x")
    with pytest.raises(Refused, match="cannot be written into"):
        write(ordinary(), "csv", tmp_path / "taken")


@given(st.text(max_size=60), st.integers(12, 60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_safe_name_is_safe(name, width):
    """Any name becomes letters, digits, hyphens and underscores within the width, never empty, and says it again."""
    made = safe(name, width)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", made)
    assert len(made) <= width
    assert not made.startswith("-")
    assert safe(made, width) == made


@pytest.mark.parametrize("form", FORMS)
def test_the_documentation_shows_the_files_as_they_are(form):
    """The example of each form in docs/handover.md is what is written for it."""
    page = (Path(__file__).parents[4] / "docs" / "handover.md").read_text(encoding="utf-8")
    ((name, text),) = files(documented(), form).items()
    shown = re.search(rf"`{re.escape(name)}`\n\n```\w+\n(.*?)\n```", page, re.DOTALL)
    assert shown, name
    assert shown[1].splitlines() == text.removeprefix("\ufeff").splitlines()


def test_briefs_of_one_name_from_two_experiments_never_meet():
    """Every form's file and key carries the experiment of a brief named apart, and is the same whenever it is made."""
    named = [("winter", "spring"), ("autumn", "spring"), ("winter", "s pring"), ("spring", "spring"), ("spring", "")]
    names = [("a/b", "c"), ("a", "b/c"), ("a_b", "c"), ("a", "b_c"), ("x" * 60, "y" * 60), ("x" * 60, "y" * 61)]
    keys = [ordinary(experiment=e, brief=b).key for e, b in (*named, *names)]
    assert keys[3] == keys[4] == "spring"
    assert len({*keys}) == len(keys) - 1
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", key) for key in keys), keys
    assert keys[0].startswith("winter_spring-")
    assert keys[0] == ordinary(experiment="winter", brief="spring", language="de").key
    for form in FORMS:
        ((one, text),) = files(ordinary(experiment="winter", brief="spring"), form).items()
        ((other, _),) = files(ordinary(experiment="autumn", brief="spring"), form).items()
        assert one != other
        assert one.startswith(keys[0])
        assert ("winter" in text) or form == "braze-catalog", "a catalog is called by its file alone"


def test_a_row_says_whose_brief_it_is_of():
    """Files of two briefs put together stay apart, by the columns experiment and brief."""
    rows = list(csv.DictReader(io.StringIO(to_csv(ordinary(experiment="winter", brief="spring")).lstrip("\ufeff"))))
    assert {(row["experiment"], row["brief"]) for row in rows} == {("winter", "spring")}
    own = list(csv.DictReader(io.StringIO(to_csv(ordinary()).lstrip("\ufeff"))))
    assert {(row["experiment"], row["brief"]) for row in own} == {("spring", "spring")}
