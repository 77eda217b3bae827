"""The workspace: making, completing, finding, and who acts in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory.settings import FILE_NAME
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Draft


def refused_code(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    (refusal,) = refused.value.refusals
    assert refusal.cure
    return refusal.code


def one_entry() -> Draft:
    return Draft(experiment="cta", kind="closed", actor="Ada", payload={}, key="a")


def test_create(tmp_path):
    """A new workspace holds one settings file, one ledger and three folders, and knows who acts."""
    folder = tmp_path / "deep" / "down"
    with Workspace.create(folder, person="Ada Lovelace", organisation='Böse & "Söhne"', currency="EUR") as made:
        assert made.actor == "Ada Lovelace"
        assert made.ledger.head()[0] == 0
    assert sorted(p.name for p in folder.iterdir()) == [
        "expcopilot.toml",
        "ledger.sqlite",
        "plans",
        "readouts",
        "sources",
    ]
    with Workspace.open(folder) as opened:
        assert opened.settings == made.settings
        assert (opened.settings.organisation.name, opened.settings.organisation.currency) == ('Böse & "Söhne"', "EUR")
        assert all(place.is_dir() for place in (opened.sources, opened.plans, opened.readouts))


def test_settings_file_explains_itself(workspace):
    """The settings file is valid TOML in which every setting has a comment."""
    text = (workspace.folder / "expcopilot.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["person"] == {"name": "Ada", "email": "ada@example.com"}
    lines = text.splitlines()
    assert all(lines[n - 1].startswith("#") for n, line in enumerate(lines) if " = " in line)


def test_create_twice(workspace):
    """A second create is refused and changes nothing."""
    workspace.ledger.append(one_entry())
    before = (workspace.folder / "expcopilot.toml").read_bytes()
    assert refused_code(lambda: Workspace.create(workspace.folder, person="Grace")) == "workspace.exists"
    assert (workspace.folder / "expcopilot.toml").read_bytes() == before
    assert Workspace.open(workspace.folder).actor == "Ada <ada@example.com>"
    assert workspace.ledger.verify().entries == 1


def test_half_made_is_completed(workspace):
    """A workspace without its settings file, which is written last, is completed and keeps its ledger."""
    workspace.ledger.append(one_entry())
    workspace.close()
    (workspace.folder / "expcopilot.toml").unlink()
    workspace.plans.rmdir()
    with Workspace.create(workspace.folder, person="Grace") as completed:
        assert completed.ledger.verify().entries == 1
        assert completed.plans.is_dir()
        assert completed.actor == "Grace"


def test_lost_ledger_is_no_fresh_start(workspace):
    """A workspace whose ledger is gone is refused; no empty one takes its place."""
    workspace.ledger_path.unlink()
    with Workspace.open(workspace.folder) as opened:
        assert refused_code(lambda: opened.ledger) == "ledger.missing"
    assert not workspace.ledger_path.exists()


def test_other_files_are_left_alone(tmp_path):
    """A workspace may be made in a folder in use; a database in the ledger's place is refused, not overwritten."""
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "ledger.sqlite").write_text("not a database" * 100)
    assert refused_code(lambda: Workspace.create(tmp_path, person="Ada")) == "ledger.not_a_ledger"
    assert not (tmp_path / "expcopilot.toml").exists()
    (tmp_path / "ledger.sqlite").unlink()
    Workspace.create(tmp_path, person="Ada").close()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_cannot_write(tmp_path):
    """A file where the folder should be is refused."""
    (tmp_path / "taken").write_text("a file")
    assert refused_code(lambda: Workspace.create(tmp_path / "taken", person="Ada")) == "workspace.cannot_write"


def test_nothing_is_made_for_bad_settings(tmp_path):
    """Settings are checked before anything is written, all problems together."""
    with pytest.raises(Refused) as refused:
        Workspace.create(tmp_path / "new", person="", email="nobody", currency="euro")
    assert [r.name for r in refused.value.refusals] == ["person.name", "person.email", "organisation.currency"]
    assert not (tmp_path / "new").exists()


def test_find(workspace):
    """A workspace is found from any folder or file inside it, and nearest first."""
    plan = workspace.plans / "cta.yaml"
    plan.touch()
    assert Workspace.find(plan).folder == workspace.folder
    assert Workspace.find(workspace.folder).folder == workspace.folder
    Workspace.create(workspace.readouts / "inner", person="Grace").close()
    assert Workspace.find(workspace.readouts / "inner" / "plans").actor == "Grace"


def test_find_from_here(workspace, monkeypatch):
    """Without a start the search begins where the command runs."""
    monkeypatch.chdir(workspace.sources)
    assert Workspace.find().folder == workspace.folder


def test_not_found(tmp_path):
    """Outside a workspace the refusal says how to make one."""
    with pytest.raises(Refused, match="expcopilot init") as refused:
        Workspace.find(tmp_path)
    assert refused.value.refusals[0].code == "workspace.not_found"
    assert refused_code(lambda: Workspace.open(tmp_path)) == "workspace.not_found"


def test_actor_is_the_settings_alone(workspace, monkeypatch):
    """The environment cannot change who acts."""
    for name in ("EXPCOPILOT_ACTOR", "USER", "LOGNAME", "EMAIL"):
        monkeypatch.setenv(name, "Mallory")
    assert Workspace.open(Path(workspace.folder)).actor == "Ada <ada@example.com>"


def test_acting_as_another(workspace):
    """Another of its people acts on the same record, under their own name; a stranger does not."""
    file = workspace.folder / FILE_NAME
    file.write_text(file.read_text(encoding="utf-8") + '\n[people]\nothers = [{name = "Ben"}]\n', encoding="utf-8")
    first = Workspace.open(workspace.folder)
    with first.acting_as("Ben") as second:
        draft = Draft(experiment="cta", kind="closed", actor=second.actor, payload={"reason": "done"}, key="cta/closed")
        second.ledger.append(draft)
        assert second.actor == "Ben"
        assert [entry.actor for entry in first.ledger.entries()] == ["Ben"]
    with pytest.raises(Refused, match="nobody in this workspace"):
        first.acting_as("Eve")
