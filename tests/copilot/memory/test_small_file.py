"""Small files of people: read whole within their bound, or refused by name, the same way for every kind."""

from __future__ import annotations

import os

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory import brief_files, review_files, variant_files
from expcopilot.memory.small_file import read_small

SAID = {"kind": "brief", "called": "The brief", "unreadable": "Save it again.", "too_large": "Cut it."}
BRIEF = "Channel: push\nChange: ask, do not tell\nAudience: new users\nBecause: people answer questions\n"


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as found:
        call(*arguments, **named)
    (one,) = found.value.refusals
    return one


def test_the_text_comes_back_as_it_stands(tmp_path):
    """The byte order mark goes, line ends and everything else stay; the bound itself is still read."""
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffcafé\r\nend".encode())
    size = path.stat().st_size
    assert read_small(path, most_bytes=size, **SAID) == "café\r\nend"
    one = refused(read_small, path, most_bytes=size - 1, **SAID)
    assert (one.code, one.cure) == ("brief.too_large", "Cut it.")
    assert f"{size:,} bytes" in one.reason


@pytest.mark.parametrize(
    ("data", "named"), [(b"\xff\xfea", "not UTF-8"), (b"a\0b", "zero bytes"), (None, "No such file")], ids=str
)
def test_what_is_no_text_is_refused_with_its_reason(tmp_path, data, named):
    """Other encodings, zero bytes, no file at all: one refusal that says which."""
    path = tmp_path / "a.txt"
    if data is not None:
        path.write_bytes(data)
    one = refused(read_small, path, most_bytes=100, **SAID)
    assert one.code == "brief.unreadable"
    assert named in one.reason


def test_a_pipe_and_a_folder_are_no_files(tmp_path):
    """Neither is waited for."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        assert "no file" in refused(read_small, path, most_bytes=100, **SAID).reason


def test_all_three_kinds_refuse_alike(tmp_path):
    """Briefs, variants and review files answer the same fault under their own name."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff")
    brief = brief_files.parse_text(BRIEF, stem="ask")
    calls = {
        "brief": lambda: brief_files.load(path),
        "variants": lambda: variant_files.load(path, brief, ["title"]),
        "review": lambda: review_files.load(path),
    }
    for kind, call in calls.items():
        one = refused(call)
        assert (one.code, one.name) == (f"{kind}.unreadable", kind)
    path.write_bytes(b"a" * 200_001)
    assert refused(calls["brief"]).code == "brief.too_large"


def test_a_brief_of_many_lines_looks_at_each_once():
    """The work grows with the lines: the text is cut into lines a fixed number of times, however many there are."""

    class Counted(str):
        __slots__ = ()
        cuts = 0

        def splitlines(self, keepends=False):
            Counted.cuts += 1
            return super().splitlines(keepends)

    cuts = []
    for count in (10, 49_000):
        Counted.cuts = 0
        with pytest.raises(Refused):
            brief_files.parse_text(Counted("\n# Title\n" + "## Nothing\n" * count))
        cuts.append(Counted.cuts)
    assert cuts[0] == cuts[1]
