"""A marketer's Tuesday: from a brief in a text file to an approved file for Braze, by the README's commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from loopback.server import Loopback
from writing import BRIEF, CSV, FACT, SOURCE, on_the_wire

ASK = ("variants", "spring")


@pytest.fixture
def tuesday(place: Path) -> Path:
    """A workspace with a brief, a file of variants and the terms, as a newcomer has them on their desk."""
    (place / "spring.txt").write_text(BRIEF, encoding="utf-8")
    (place / "written.csv").write_text(CSV, encoding="utf-8")
    (place / "terms.md").write_text(SOURCE, encoding="utf-8")
    return place


def seen(result):
    """What stood on the screen, in one line."""
    return " ".join(result.output.split())


def data(run, *words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def open_marks(run):
    """(variant, mark) of everything open."""
    return [(v["id"], m["mark"]) for v in data(run, *ASK)["variants"] for m in v["marks"] if "un" in m["status"]]


def test_without_a_model_from_a_text_file_to_a_file_for_braze(run, tuesday):
    """Six commands, each named by the one before; refused on the way wherever something is open."""
    commands = [("variants", "spring.txt", "--from", "written.csv")]
    shown = run(*commands[-1])
    assert shown.exit_code == 0, shown.output
    assert "Nearest text" in seen(shown)
    assert "“40%” · statistic · OPEN" in seen(shown)
    early = run("export", "spring", "--format", "braze-blocks")
    assert early.exit_code == 2
    assert "“40%” (statistic) has no source" in " ".join(early.stderr.replace("│", " ").split())
    commands.append(("sources", "add", "terms.md", "--kind", "terms", "--expires", "2099-01-01"))
    assert run(*commands[-1]).exit_code == 0
    for variant, mark in open_marks(run):
        commands.append(("mark", "spring", variant, mark, "--source", "terms", "--quote", FACT))
        settled = run(*commands[-1], stdin="y\n")
        assert settled.exit_code == 0, settled.output
    commands.append(("approve", "spring"))
    approved = run(*commands[-1], stdin="y\ny\ny\n")
    assert approved.exit_code == 0, approved.output
    assert "You decide as Ada." in seen(approved)
    commands.append(("export", "spring", "--format", "braze-blocks"))
    assert run(*commands[-1]).exit_code == 0
    (file,) = (tuesday / "handover" / "spring").iterdir()
    text = file.read_text(encoding="utf-8")
    json.loads(text)
    assert "Over 40% of those who paused came back on their own." in text
    assert len(commands) <= 6
    assert "Sound" in run("verify").output


def test_with_a_model_the_same_path(run, tuesday, monkeypatch):
    """Drafted by the model the settings name; `variants` again sends nothing, and what it drafted goes the same way."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
    with Loopback(on_the_wire()) as server:
        settings = tuesday / "expcopilot.toml"
        settings.write_text(settings.read_text() + f'\n[model]\nname = "claude-test"\nbase_url = "{server.url}"\n')
        drafted = run("variants", "spring.txt")
        assert drafted.exit_code == 0, drafted.output
        sent = len(server.requests)
        assert sent == 4  # one draft, and each of three variants read for claims
        assert data(run, "variants", "spring.txt")["variants"][0]["author"] == "model"
        for variant, mark in open_marks(run):
            assert (
                run(
                    "mark", "spring", variant, mark, "--waive", "Our May figures, Grace has them", stdin="y\n"
                ).exit_code
                == 0
            )
        assert run("approve", "spring", stdin="y\nn\ny\n").exit_code == 0
        exported = data(run, "export", "spring", "--format", "csv")
        assert len(server.requests) == sent
    assert exported["rejected"] == ["v2"]
    with Path(exported["folder"], "spring.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert any("Take a break" in cell for row in rows for cell in row)
    assert not any("Over 40%" in cell for row in rows for cell in row)


def test_an_edit_after_the_approval_is_noticed_at_the_door(run, tuesday):
    """Saved, edited, brought back: the export names the edited variant, and only its new text can be approved."""
    run("variants", "spring.txt", "--from", "written.csv")
    run("approve", "spring", "v2", "--reject", stdin="y\n")
    assert run("approve", "spring", stdin="y\ny\n").exit_code == 0
    digest = next(v["digest"] for v in data(run, *ASK)["variants"] if v["id"] == "v1")
    run("variants", "spring", "--save", "edit.csv")
    edited = (tuesday / "edit.csv").read_text(encoding="utf-8").replace("Tap the calendar", "Open the calendar")
    (tuesday / "edit.csv").write_text(edited, encoding="utf-8")
    assert run("variants", "spring", "--from", "edit.csv").exit_code == 0
    standing = {v["id"]: v["standing"] for v in data(run, *ASK)["variants"]}
    assert standing == {"v1": "edited", "v2": "rejected", "v3": "approved"}
    refused = run("export", "spring", "--json")
    assert refused.exit_code == 2
    assert [r["code"] for r in json.loads(refused.stdout)["refused"]] == ["copy.edited"]
    assert run("approve", "spring", "v1", "--digest", digest[:12]).exit_code == 2
    now = next(v["digest"] for v in data(run, *ASK)["variants"] if v["id"] == "v1")
    assert run("approve", "spring", "v1", "--digest", now[:12]).exit_code == 0
    assert run("export", "spring").exit_code == 0


def test_a_review_file_decides_many_at_once(run, tuesday):
    """Rows of other people's names count under them; a row for another text is refused and the others stand."""
    run("variants", "spring.txt", "--from", "written.csv")
    digests = {v["id"]: v["digest"] for v in data(run, *ASK)["variants"]}
    rows = [
        f"spring,v1,{digests['v1']},yes,Grace,",
        f"spring,v2,{digests['v2']},no,Grace,Too loud",
        f"spring,v3,{'0' * 64},yes,Grace,",
    ]
    (tuesday / "review.csv").write_text("brief,variant,digest,approve,by,reason\n" + "\n".join(rows) + "\n")
    read = run("approve", "review.csv")
    assert read.exit_code == 1
    assert "approve: 1; reject: 1; refused: 1" in seen(read)
    assert "Row 3" in seen(read)
    standing = {v["id"]: v["standing"] for v in data(run, *ASK)["variants"]}
    assert standing == {"v1": "approved", "v2": "rejected", "v3": "undecided"}
    assert '"by": "Grace"' in json.dumps(data(run, "log", "spring"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("variants", "nowhere"), "no copy for a brief"),
        (("variants", "nowhere.txt"), "cannot be read"),
        (("variants", "spring.txt"), "none is set up"),
        (("variants", "spring.txt", "--from", "nowhere.csv"), "cannot be read"),
        (("mark", "spring", "v1", "C1"), "Give one of"),
        (("mark", "spring", "v1", "C1", "--tick", "x"), "is waived"),
        (("mark", "spring", "v1", "C1", "--waive", "x", "--undo", "y"), "Give one of"),
        (("approve", "spring", "--digest", "abcdefgh"), "name its variant"),
        (("export", "spring", "--format", "fax"), "fax"),
    ],
)
def test_a_wrong_call_says_what_is_right(run, tuesday, words, says):
    """Every wrong call ends with exit code 2 and a sentence, never a traceback."""
    assert tuesday.is_dir()
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert says in " ".join((result.stdout + result.stderr).replace("│", " ").split())


def test_hostile_words_in_copy_are_shown_and_not_obeyed(run, tuesday):
    """Escapes, brackets and templates in a variant reach the screen as inert text, and the file for Braze as text."""
    hostile = "id,title,body\nv1,\x1b[31mRed {{ 7 | times: 7 }},[bold]\u202etext {% if 1 %}\n"
    (tuesday / "written.csv").write_text(hostile, encoding="utf-8")
    shown = run("variants", "spring.txt", "--from", "written.csv")
    assert shown.exit_code == 0, shown.output
    assert "\x1b[31m" not in shown.output
    assert "\u202e" not in shown.output
    assert "[bold]" in shown.output
    refused = run("approve", "spring", "v1", "--digest", data(run, *ASK)["variants"][0]["digest"])
    assert refused.exit_code == 2, "open merge tags are errors of the channel"
