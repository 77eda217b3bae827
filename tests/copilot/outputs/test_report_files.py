"""The documents as files: JSON that reads back, whole files or none, names every file system takes."""

from __future__ import annotations

import json
import os

import pytest

from copilot.outputs.sample_readouts import ALL, harmful, hostile
from copilot_tools.refusals import Refused
from expcopilot.outputs.report import to_brief, to_html, to_json, to_markdown, write
from expcopilot.outputs.report.documents import file_stem
from expcopilot.records.readout import Readout


@pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
def test_json_is_the_record_and_nothing_else(make):
    """It reads back as the same readout, its keys are sorted, and it is the same every time."""
    text = to_json(make())
    assert Readout.model_validate_json(text) == make()
    assert text == to_json(make())
    data = json.loads(text)
    assert list(data) == sorted(data)
    assert set(data) == set(Readout.model_fields) - {"prose", "without"}  # no model has written anything for it


@pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
def test_documents_are_stable(make):
    """The same readout gives the same bytes."""
    assert to_html(make()) == to_html(make())
    assert to_markdown(make()) == to_markdown(make())
    assert to_brief(make()) == to_brief(make())


def test_write_leaves_four_whole_files_and_nothing_else(tmp_path):
    """Each document under its name, readable by others, no temporary file beside them; writing again replaces."""
    folder = tmp_path / "readouts" / "new"
    paths = write(harmful(), folder)
    assert [p.name for p in paths] == [f"cookie-cats-gate-look-2.{ending}" for ending in ("html", "md", "json", "txt")]
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in paths)
    written = [p.read_text(encoding="utf-8") for p in paths]
    assert written == [f(harmful()) for f in (to_html, to_markdown, to_json, to_brief)]
    umask = os.umask(0)
    os.umask(umask)
    assert {p.stat().st_mode & 0o777 for p in paths} == {0o666 & ~umask}
    assert write(harmful(), folder) == paths


def test_write_into_a_file_is_refused(tmp_path):
    """A folder that cannot be made is a refusal that names it and the cure, and leaves nothing behind."""
    blocker = tmp_path / "taken"
    blocker.write_text("here")
    with pytest.raises(Refused) as caught:
        write(harmful(), blocker)
    refusal = caught.value.refusals[0]
    assert refusal.code == "readout.cannot_write"
    assert str(blocker) in refusal.reason
    assert refusal.cure
    assert blocker.read_text() == "here"


def test_a_failed_replace_leaves_no_temporary_file(tmp_path):
    """Where a name is taken by a folder, the refusal leaves no half file."""
    (tmp_path / "cookie-cats-gate-look-2.html" / "inside").mkdir(parents=True)
    with pytest.raises(Refused):
        write(harmful(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["cookie-cats-gate-look-2.html"]


def test_file_names_are_safe():
    """A name from outside cannot leave the folder or hide a file."""
    assert file_stem(hostile()) == "script-alert-1-script-look-2"
    for name in ("../../etc/passwd", "...", "a/b\\c", "ÄÖ"):
        stem = file_stem(harmful().model_copy(update={"experiment": name}))
        assert not set("/\\") & set(stem)
        assert not stem.startswith(".")
        assert stem.endswith("-look-2")
