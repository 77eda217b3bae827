"""``mark``, ``approve``, ``variants`` and ``export`` in a terminal: asked, told what is next, and named exactly."""

from __future__ import annotations

import csv
import json
import shlex

import pytest

from writing import BRIEF, CSV, FACT, SOURCE, TEXT

REST = BRIEF.partition("\n")[2]


@pytest.fixture
def spring(run, place):
    """A brief with three variants, two claims in the second."""
    (place / "spring.txt").write_text(BRIEF, encoding="utf-8")
    (place / "written.csv").write_text(CSV, encoding="utf-8")
    (place / "terms.md").write_text(SOURCE, encoding="utf-8")
    assert run("variants", "spring.txt", "--from", "written.csv").exit_code == 0
    return place


def seen(result):
    return " ".join((result.stdout + result.stderr).replace("│", " ").split())


def data(run, *words):
    return json.loads(run("variants", *words, "--json").stdout)["variants"]


def opened(run, *words):
    """How many marks are open in the second variant."""
    return data(run, *(words or ("spring",)))[1]["open"]


def settle(run, brief, *whose):
    """Everything open in a brief, waived or ticked by the digest of what was read."""
    for found in data(run, brief, *whose):
        for mark in found["marks"]:
            verb = "--tick" if mark["kind"] == "unclassified" else "--waive"
            given = (verb, "We stand by it", "--digest", found["digest"], *whose)
            assert run("mark", brief, found["id"], mark["mark"], *given).exit_code == 0


def steps(result):
    """The commands named under "Next"."""
    return [line.strip() for line in result.stdout.splitlines() if line.strip().startswith("expcopilot ")]


def test_a_person_is_shown_the_text_and_asked(run, spring):
    """Answered no, nothing is settled; answered yes, the mark is, in exactly the text that was shown."""
    words, before = ("mark", "spring", "v2", "C1", "--waive", "Our May figures"), opened(run)
    left = run(*words, stdin="n\n")
    assert "Over 40% come back" in left.stdout
    assert "Settle C1 of exactly this text?" in left.stdout
    assert "Left as it was" in left.stdout
    assert opened(run) == before
    assert "waived" in run(*words, stdin="y\n").stdout
    assert opened(run) == before - 1
    assert spring.is_dir()


def test_a_script_names_the_text_by_its_digest(run, spring):
    """With the digest nobody is asked; that of another text is refused; with --json there must be one."""
    digest, before = data(run, "spring")[1]["digest"], opened(run)
    words = ("mark", "spring", "v2", "C1", "--waive", "Our May figures", "--json")
    assert "give the --digest" in seen(run(*words))
    stale = run(*words, "--digest", "0" * 12)
    assert (stale.exit_code, json.loads(stale.stdout)["refused"][0]["code"]) == (2, "copy.changed")
    assert json.loads(run(*words, "--digest", digest[:12]).stdout)["open"] == before - 1
    (spring / "edit.csv").write_text(CSV.replace("Over 40% come", "Half come"), encoding="utf-8")
    run("variants", "spring", "--from", "edit.csv")
    assert run("mark", "spring", "v2", "C2", "--waive", "Also", "--digest", digest[:12]).exit_code == 2


def test_what_is_next_is_said_and_can_be_typed(run, spring):
    """The command named for an open mark settles it without a question; rejecting is named beside it."""
    only = CSV.splitlines()
    (spring / "two.csv").write_text("\n".join([only[0], only[2]]), encoding="utf-8")
    (spring / "two.txt").write_text(BRIEF, encoding="utf-8")
    shown = run("variants", "two.txt", "--from", "two.csv")
    before = data(run, "two")[0]["open"]
    quote, waive, save, reject = steps(shown)
    assert "--quote" in quote
    assert save == "expcopilot variants two --save edit.csv"
    assert run(*shlex.split(waive.replace("REASON", "Our May figures"))[1:]).exit_code == 0
    assert data(run, "two")[0]["open"] == before - 1
    assert reject == 'expcopilot approve two v2 --reject --reason "WHY"'
    assert steps(run("approve", "two")) == ["expcopilot variants two", reject]
    settle(run, "two")
    assert steps(run("variants", "two")) == ["expcopilot approve two", reject]
    assert run(*shlex.split(reject)[1:], stdin="y\n").exit_code == 0
    assert data(run, "two")[0]["standing"] == "rejected"


def test_a_quotation_is_taken_back_on_the_command_line(run, spring):
    """--undo of a quoted claim opens it again; of one that nobody settled it is refused."""
    run("sources", "add", spring / "terms.md", "--kind", "terms", "--expires", "2099-01-01")
    before = opened(run)
    mark = next(m["mark"] for m in data(run, "spring")[1]["marks"] if m["kind"] == "statistic")
    quoted = run("mark", "spring", "v2", mark, "--source", "terms", "--quote", FACT, stdin="y\n")
    assert "sourced" in quoted.stdout
    assert opened(run) == before - 1
    undone = run("mark", "spring", "v2", mark, "--undo", "The terms change", stdin="y\n")
    assert undone.exit_code == 0
    assert opened(run) == before
    again = run("mark", "spring", "v2", mark, "--undo", "The terms change", stdin="y\n")
    assert again.exit_code == 2
    assert "settled by nobody" in seen(again)


@pytest.mark.parametrize("option", ["--waive", "--undo"])
def test_an_empty_reason_is_an_empty_reason(run, spring, option):
    """It is not taken for an option that was left out."""
    assert spring.is_dir()
    refused = run("mark", "spring", "v2", "C1", option, "", stdin="y\n")
    assert refused.exit_code == 2
    assert "this one is empty" in seen(refused)


@pytest.mark.parametrize("name", ["spring sale 🌷", "it's spring", "-5%", "a$b"])
def test_any_name_can_be_typed_as_it_is_shown(run, spring, name):
    """A name with blanks, emoji, apostrophes or a hyphen stands in quotes, and the command shown works."""
    (spring / "odd.txt").write_text(f"Name: {name}\n{REST}", encoding="utf-8")
    (spring / "one.csv").write_text("id,title,body\nv 1,Take a break,Put the box on hold.\n", encoding="utf-8")
    shown = run("variants", "odd.txt", "--from", "one.csv")
    assert shown.exit_code == 0, shown.output
    assert ": 1 variant for push" in shown.stdout
    reject = steps(shown)[-1]
    rejected = run(*shlex.split(reject)[1:], stdin="y\n")
    assert rejected.exit_code == 0, rejected.output
    assert "v 1: rejected" in rejected.stdout
    afresh, read = steps(rejected)
    assert "none is set up" in seen(run(*shlex.split(afresh)[1:]))
    assert "v 1: approved" in run(*shlex.split(read)[1:], stdin="y\n").stdout


def test_whose_copy_is_said_where_two_share_a_name(run, spring):
    """A brief of two experiments is not guessed at; each verb takes --experiment, and commands shown carry it on."""
    for season in ("autumn", "winter"):
        (spring / f"{season}.txt").write_text(f"Name: same\nExperiment: {season}\n{REST}")
        (spring / "one.csv").write_text(f"id,title,body\nv1,Cook with us,See the menu in {season} light.\n")
        assert run("variants", f"{season}.txt", "--from", "one.csv").exit_code == 0
    refused = run("approve", "same", "v1", stdin="y\n")
    assert refused.exit_code == 2
    assert "--experiment NAME" in seen(refused)
    shown = run("variants", "same", "--experiment", "winter")
    assert "winter light" in shown.stdout
    assert all("--experiment winter" in step for step in steps(shown))
    settle(run, "same", "--experiment", "winter")
    shown = run("variants", "same", "--experiment", "winter")
    assert run(*shlex.split(steps(shown)[0])[1:], stdin="y\n").exit_code == 0
    exported = json.loads(run("export", "same", "--experiment", "winter", "--json").stdout)
    assert exported["folder"].endswith("handover/winter/same")
    assert run("export", "same", "--experiment", "autumn").exit_code == 2
    assert "a brief's id" in seen(run("variants", "winter.txt", "--experiment", "winter"))
    undone = run("mark", "same", "v1", "S1", "--tick", "x", "--experiment", "winter", "--digest", "0" * 8)
    assert undone.exit_code == 2


def test_a_saved_file_runs_nothing_and_comes_back_word_for_word(run, spring):
    """A formula in a variant is guarded where a spreadsheet would run it, and is itself again once brought back."""
    texts = {"v1": ("=1+1", "'=quoted"), "v2": ("Take a break", "One\n=two()"), "v3": ("'Tis spring", "@you -5")}
    with (spring / "odd.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "mechanism", "title", "body"])
        writer.writerows([name, "own", *text] for name, text in texts.items())
    (spring / "odd.txt").write_text(BRIEF, encoding="utf-8")
    run("variants", "odd.txt", "--from", "odd.csv")
    before = {v["id"]: v["fields"] for v in data(run, "odd")}
    assert run("variants", "odd", "--save", "edit.csv").exit_code == 0
    with (spring / "edit.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip("' \t\r\n").startswith(("=", "+", "-", "@")) and cell[0] != "'"]
    digests = {v["id"]: v["digest"] for v in data(run, "odd")}
    assert run("variants", "odd", "--from", "edit.csv").exit_code == 0
    assert {v["id"]: v["fields"] for v in data(run, "odd")} == before
    assert {v["id"]: v["digest"] for v in data(run, "odd")} == digests
    assert set(TEXT) == set(texts)
