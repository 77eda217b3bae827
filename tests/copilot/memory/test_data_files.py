"""Data files in a workspace: safe names, whole files, nothing clobbered, leftovers swept."""

from __future__ import annotations

import contextlib
import os
import threading
import time

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.data_files import DataFolder


def bring(folder: DataFolder, name: str, content: bytes = b"user,arm\n1,a\n") -> str:
    with folder.coming() as stream:
        stream.write(content)
        return folder.keep(stream, name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("results.csv", "results.csv"),
        ("Ergebnisse März (final).CSV", "Ergebnisse-März-final.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\boot.parquet", "boot.parquet"),
        ("/absolute/path/data.xlsx", "data.xlsx"),
        (".hidden.csv", "hidden.csv"),
        ("....csv", "data.csv"),
        ("-rf.csv", "rf.csv"),
        (".coming-1234.csv", "coming-1234.csv"),
        ("CON.csv", "data-CON.csv"),
        ("a\x00b\nc.csv.gz", "a-b-c.csv.gz"),
        ("<img src=x onerror=alert(1)>.csv", "img-src-x-onerror-alert-1.csv"),
        ("glob*[a]{b}?.csv", "glob-a-b.csv"),
    ],
)
def test_names_are_made_safe(tmp_path, name, kept):
    """Whatever a file is called, it stands in the folder, in the open, under a plain name."""
    folder = DataFolder(tmp_path / "data")
    assert bring(folder, name) == kept
    assert [p.name for p in (tmp_path / "data").iterdir()] == [kept]
    assert folder.file(kept).read_bytes() == b"user,arm\n1,a\n"


def test_a_long_name_is_cut_and_still_ends_as_it_should(tmp_path):
    """A name of a thousand wide characters is cut between characters, ending kept."""
    kept = bring(DataFolder(tmp_path / "data"), "ü" * 1000 + ".parquet")
    assert kept.endswith(".parquet")
    assert len(kept.encode()) <= 110


@pytest.mark.parametrize("name", ["", "results", "results.exe", "results.csv.html", "x.xls", "csv"])
def test_other_endings_are_refused(tmp_path, name):
    """What no source can read is not kept."""
    with pytest.raises(Refused) as refused:
        bring(DataFolder(tmp_path / "data"), name)
    assert refused.value.refusals[0].code == "data.ending"
    assert list((tmp_path / "data").iterdir()) == []


def test_same_bytes_once_other_bytes_beside(tmp_path):
    """The same file again is the same file; another of the same name gets a number, never its place."""
    folder = DataFolder(tmp_path / "data")
    assert [bring(folder, "r.csv.gz", b) for b in (b"1", b"1", b"2", b"3", b"2")] == [
        "r.csv.gz", "r.csv.gz", "r-2.csv.gz", "r-3.csv.gz", "r-2.csv.gz",
    ]  # fmt: skip
    assert (tmp_path / "data" / "r.csv.gz").read_bytes() == b"1"


def test_two_at_once_under_one_name(tmp_path):
    """Ten different files brought at once under one name are ten files, each whole."""
    folder = DataFolder(tmp_path / "data")
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda i=i: names.append(bring(folder, "r.csv", f"{i}".encode() * 9999)))
        for i in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 10
    assert {folder.file(n).read_bytes() for n in names} == {f"{i}".encode() * 9999 for i in range(10)}


def test_what_is_not_kept_is_gone(tmp_path):
    """A file that breaks off leaves nothing; an empty one is refused and leaves nothing."""
    folder = DataFolder(tmp_path / "data")
    with contextlib.suppress(ConnectionError), folder.coming() as stream:
        stream.write(b"half")
        raise ConnectionError
    with pytest.raises(Refused) as refused:
        bring(folder, "r.csv", b"")
    assert refused.value.refusals[0].code == "data.empty"
    assert list((tmp_path / "data").iterdir()) == []
    assert folder.files() == ()


def test_leftovers_of_a_kill_are_swept_and_files_on_their_way_are_not(tmp_path):
    """What nobody has written to for ten minutes goes; what is being written, and what is kept, stays."""
    folder = DataFolder(tmp_path / "data")
    bring(folder, "r.csv")
    old, young = tmp_path / "data" / ".coming-dead", tmp_path / "data" / ".coming-alive"
    for path in (old, young):
        path.write_bytes(b"half")
    for path in (old, tmp_path / "data" / "r.csv"):
        os.utime(path, (time.time() - 3600,) * 2)
    bring(folder, "s.csv", b"2")
    assert {p.name for p in (tmp_path / "data").iterdir()} == {".coming-alive", "r.csv", "s.csv"}
    assert [f.name for f in folder.files()] == ["s.csv", "r.csv"]


@pytest.mark.parametrize(
    "name", ["../expcopilot.toml", "..", ".", "", ".coming-dead", "sub/r.csv", "r\x00.csv", "no.csv"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    """Only a file that stands in the folder under its own name is found; a link out of it is not."""
    folder = DataFolder(tmp_path / "data")
    bring(folder, "r.csv")
    (tmp_path / "data" / ".coming-dead").write_bytes(b"half")
    (tmp_path / "secret.csv").write_text("x")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    for asked in (name, "link.csv"):
        with pytest.raises(Refused) as refused:
            folder.file(asked)
        assert refused.value.refusals[0].code == "data.unknown_file"
    assert [f.name for f in folder.files()] == ["r.csv"]
