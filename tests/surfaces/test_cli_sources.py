"""``expcopilot sources``: the evidence library on the command line, for people and for programs."""

from __future__ import annotations

import json

import pytest

STUDY = "In May, 41.3% of shoppers finished within a minute.\n"


@pytest.fixture
def study(place):
    path = place / "study.txt"
    path.write_text(STUDY, encoding="utf-8")
    return path


def expire(place):
    """The card says a day long past, as it does once that day is over."""
    cards = place / "sources" / "sources.toml"
    cards.write_text(cards.read_text().replace('kind = "study"', 'kind = "study"\nexpires = 2020-01-01'))


def test_a_source_from_file_to_fact(run, study):
    """Added, listed, shown: the same source each time, with its fact and its text."""
    assert "no sources" in run("sources", "list").stdout
    added = run("sources", "add", study, "--kind", "study", "--expires", "2999-12-31", "--json")
    assert added.exit_code == 0, added.stdout
    data = json.loads(added.stdout)
    assert (data["id"], data["owner"], data["standing"]) == ("study", "Ada", "usable")
    assert data["facts"][0]["quotation"] == STUDY.strip()
    (listed,) = json.loads(run("sources", "list", "--json").stdout)
    assert (listed["id"], listed["facts"], listed["expires"]) == ("study", 1, "2999-12-31")
    shown = run("sources", "show", "study")
    assert "study.1" in shown.stdout
    assert "41.3% of shoppers" in shown.stdout
    assert json.loads(run("sources", "show", "study", "--json").stdout)["text"] == STUDY
    assert run("sources", "check").exit_code == 0
    for words in (("list",), ("add", study, "--kind", "study")):
        people = run("sources", *words)
        assert people.exit_code == 0, people.stderr
        assert "study" in people.stdout


def test_check_fails_while_a_declared_source_does_not_count(run, place, study):
    """An expired or changed source is named with exit code 2; a file nobody answers for stops nothing."""
    (place / "sources" / "data.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    loose = run("sources", "check")
    assert loose.exit_code == 0
    assert "data.csv" in loose.stdout
    run("sources", "add", study, "--kind", "study")
    expire(place)
    late = run("sources", "check", "--json")
    assert late.exit_code == 2
    assert json.loads(late.stdout)["sound"] is False
    run("sources", "add", study, "--kind", "study", "--expires", "2999-01-01")
    assert run("sources", "check").exit_code == 0
    (place / "sources" / "study.txt").write_text("41.4%", encoding="utf-8")
    changed = run("sources", "check")
    assert changed.exit_code == 2
    assert "not the one that was added" in " ".join(changed.stdout.split())


@pytest.mark.parametrize(
    "words",
    [
        ("add", "none.txt", "--kind", "study"),
        ("add", "study.txt"),
        ("add", "study.txt", "--kind", "gossip"),
        ("add", "study.txt", "--kind", "study", "--expires", "soon"),
        ("add", "study.txt", "--kind", "study", "--expires", "2026-02-30"),
        ("add", "study.txt", "--kind", "study", "--expires", "2020-01-01"),
        ("add", "study.txt", "--kind", "study", "--fact", "nothing"),
        ("add", "study.txt", "--kind", "study", "--fact", "a=41.4% of shoppers"),
        ("add", "study.txt", "--kind", "study", "--id", "../x"),
        ("show", "none"),
    ],
)
def test_bad_calls_are_refused(run, study, words):
    """What cannot be done comes back as reasons with exit code 2, and nothing is added."""
    assert study.exists()
    result = run("sources", *words, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["refused"]
    assert json.loads(run("sources", "list", "--json").stdout) == []


def test_an_expired_source_is_renewed_by_the_command_it_names(run, place, study):
    """Added again as it was, it is said to be expired, why, and what renews it; that command renews it."""
    run("sources", "add", study, "--kind", "study")
    expire(place)
    again = run("sources", "add", study, "--kind", "study")
    said = " ".join(again.stdout.split())
    assert "study: expired" in said
    assert "counted until 2020-01-01" in said
    assert f"expcopilot sources add {study} --expires YYYY-MM-DD" in said
    assert "Read its text" not in said
    assert "sources add sources/study.txt --expires" in " ".join(run("sources", "check").stdout.split())
    assert "study: usable" in run("sources", "add", study, "--expires", "2999-01-01").stdout


def test_a_day_no_calendar_has_is_named_where_it_stands(run, place):
    """In the front matter of a file, too, it is the date that is called wrong, and not the whole of it."""
    text = "---\nowner: Ada\nkind: terms\nexpires: 2026-13-40\n---\nPause is free.\n"
    (place / "sources" / "terms.md").write_text(text, encoding="utf-8")
    said = " ".join(run("sources", "check").stdout.split())
    assert "expires is '2026-13-40', but must be a date" in said
