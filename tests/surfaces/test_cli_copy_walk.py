"""A walk along the copy path, slips and all: what is named, what is next, and what is said where nothing happens."""

from __future__ import annotations

import csv
import json
import shlex

import pytest

from writing import BRIEF, CSV, FACT, SOURCE

REST = BRIEF.partition("\n")[2]


@pytest.fixture
def desk(run, place):
    """A workspace with a brief, a file of variants and the terms as a source."""
    (place / "spring.txt").write_text(BRIEF, encoding="utf-8")
    (place / "written.csv").write_text(CSV, encoding="utf-8")
    (place / "terms.md").write_text(SOURCE, encoding="utf-8")
    assert run("sources", "add", "terms.md", "--kind", "terms", "--expires", "2099-01-01").exit_code == 0
    return place


@pytest.fixture
def spring(run, desk):
    """Three variants of the brief, two claims in the second."""
    assert run("variants", "spring.txt", "--from", "written.csv").exit_code == 0
    return desk


@pytest.fixture
def namesakes(run, desk):
    """A brief ``same`` of an experiment of that name, and another one of ``winter``."""
    (desk / "one.csv").write_text("id,title,body\nv1,Over 40% come back,See the menu.\n", encoding="utf-8")
    for name, of in (("same", ""), ("winter", "Experiment: winter\n")):
        (desk / f"{name}.txt").write_text(f"Name: same\n{of}{REST}", encoding="utf-8")
    assert run("variants", "same.txt", "--from", "one.csv").exit_code == 0
    return desk


def seen(result):
    return " ".join((result.stdout + result.stderr).replace("│", " ").split())


def steps(result):
    return [line.strip() for line in result.stdout.splitlines() if line.strip().startswith("expcopilot ")]


def copy_of(run, *words):
    return json.loads(run("variants", *words, "--json").stdout)


def standing(run, *words):
    return {v["id"]: v["standing"] for v in copy_of(run, *words)["variants"]}


def digest_of(run, variant, *words):
    return next(v["digest"] for v in copy_of(run, *words)["variants"] if v["id"] == variant)


def settle(run, brief, *whose):
    for found in copy_of(run, brief, *whose)["variants"]:
        for mark in found["marks"]:
            verb = "--tick" if mark["kind"] == "unclassified" else "--waive"
            given = (verb, "We stand by it", "--digest", found["digest"], *whose)
            assert run("mark", brief, found["id"], mark["mark"], *given).exit_code == 0


def test_every_command_named_next_is_about_the_same_copy(run, namesakes):
    """Where a file's brief shares its id, each step says --experiment, and typed as shown it leaves the namesake be."""
    shown = run("variants", "winter.txt", "--from", "one.csv")
    assert "This is the copy of 'winter'; 'same' has a brief 'same', too." in seen(shown)
    assert steps(shown)
    assert all("--experiment winter" in step for step in steps(shown))
    waive = next(step for step in steps(shown) if "--waive" in step)
    assert run(*shlex.split(waive.replace("REASON", "Our figures"))[1:]).exit_code == 0
    settle(run, "same", "--experiment", "winter")
    assert copy_of(run, "same")["variants"][0]["open"] > 0, "the namesake's claim is open still"
    approved = run("approve", "same", "--experiment", "winter", stdin="y\n")
    assert "This is the copy of 'winter'" in seen(approved)
    (export,) = steps(approved)
    assert run(*shlex.split(export)[1:]).exit_code == 0
    assert standing(run, "same") == {"v1": "undecided"}
    assert namesakes.is_dir()


@pytest.mark.parametrize(
    "words",
    [
        ("export", "same"),
        ("approve", "same", "v1", "--digest", "0" * 8),
        ("mark", "same", "v1", "C9", "--waive", "x", "--digest", "0" * 8),
    ],
)
def test_every_cure_is_about_the_same_copy(run, namesakes, words):
    """The commands a refusal names carry --experiment on, and those without it are the namesake's."""
    run("variants", "winter.txt", "--from", "one.csv")
    refused = seen(run(*words, "--experiment", "winter"))
    assert "--experiment winter same" in refused
    assert refused.count("`expcopilot") == refused.count("--experiment winter")
    assert "This is the copy of 'same'; 'winter' has a brief 'same', too." in seen(run("variants", "same"))
    assert namesakes.is_dir()


def test_an_experiment_that_is_not_there_is_named_itself(run, spring):
    """A slip in --experiment blames the experiment, not the brief; a slip in the brief names the one it may be."""
    for words in (("export", "spring"), ("variants", "spring"), ("approve", "spring")):
        refused = run(*words, "--experiment", "sprng")
        assert refused.exit_code == 2
        assert "no copy of an experiment 'sprng'" in seen(refused)
        assert "Did you mean 'spring'?" in seen(refused)
    assert "Did you mean 'spring'?" in seen(run("export", "sprin"))
    other = run("export", "sprin", "--experiment", "spring", "--json")
    (refusal,) = json.loads(other.stdout)["refused"]
    assert refusal["code"] == "experiment.unknown_brief"
    assert "in the experiment 'spring'" in refusal["reason"]
    assert spring.is_dir()


def test_what_was_decided_before_is_said_and_not_repeated(run, spring):
    """A second waiver, quotation or approval of the same adds no entry, and a sentence says who settled it and how."""
    read = digest_of(run, "v2", "spring")
    waive = ("mark", "spring", "v2", "C1", "--waive", "Our May figures", "--digest", read)
    quote = ("mark", "spring", "v2", "C2", "--source", "terms", "--quote", FACT, "--digest", read)
    approve = ("approve", "spring", "v1", "--digest", digest_of(run, "v1", "spring"))
    for words in (waive, quote, approve):
        first = run(*words)
        assert "nothing was added" not in seen(first)
        before = len(json.loads(run("log", "--json").stdout))
        again = run(*words)
        assert again.exit_code == 0
        assert len(json.loads(run("log", "--json").stdout)) == before
        assert "already" in seen(again)
        assert "nothing was added" in seen(again)
        assert ("Ada" if words is not quote else "terms") in seen(again)
    asked = run("approve", "spring", "v1")
    assert "v1 is approved already (Ada decided so on " in seen(asked), "and nobody is asked"
    assert json.loads(run(*approve, "--json").stdout)["already"].keys() == {"v1"}
    assert json.loads(run(*waive, "--json").stdout)["already"].startswith("C1, “40%”, is waived already (Ada: Our")
    assert spring.is_dir()


def test_a_quotation_taken_back_reads_so_in_the_log(run, spring):
    """No source stands in the line, but that it was taken back, and why."""
    read = digest_of(run, "v2", "spring")
    run("mark", "spring", "v2", "C1", "--source", "terms", "--quote", FACT, "--digest", read)
    run("mark", "spring", "v2", "C1", "--undo", "The terms are rewritten", "--digest", read)
    log = seen(run("log", "spring"))
    assert "quotation from terms for v2 title" in log
    assert "quotation for v2 title taken back: The terms are rewritten" in log
    assert spring.is_dir()


def test_a_source_that_is_not_there_or_ran_out_says_what_to_do_about_it(run, spring):
    """A mistyped source is named with the nearest; one that ran out with the command that renews it."""
    read = digest_of(run, "v2", "spring")
    mark = ("mark", "spring", "v2", "C1", "--quote", FACT, "--digest", read)
    refused = run(*mark, "--source", "trems")
    assert "There is no source 'trems'. What to do: Did you mean 'terms'?" in seen(refused)
    assert "word for word" not in seen(refused)
    cards = spring / "sources" / "sources.toml"
    cards.write_text(cards.read_text().replace("2099-01-01", "2020-01-01"))
    assert "expcopilot sources add sources/terms.md --expires YYYY-MM-DD" in seen(run(*mark, "--source", "terms"))


def test_one_expired_source_is_one_problem_with_all_its_places(run, spring):
    """Three claims and two approvals fall with it: two problems, in which every place stands."""
    csv_text = CSV.replace("Open the app and see the menu.", "Soup, stew, seven salads. 41.3% came back on their own.")
    (spring / "facts.txt").write_text(BRIEF, encoding="utf-8")
    (spring / "facts.csv").write_text(csv_text, encoding="utf-8")
    assert run("variants", "facts.txt", "--from", "facts.csv").exit_code == 0
    for found in copy_of(run, "facts")["variants"]:
        for mark in found["marks"]:
            given = ("--source", "terms", "--quote", FACT, "--digest", found["digest"])
            settled = run("mark", "facts", found["id"], mark["mark"], *given)
            assert settled.exit_code == 0, settled.output
        assert run("approve", "facts", found["id"], "--digest", found["digest"]).exit_code == 0
    assert run("export", "facts").exit_code == 0
    cards = spring / "sources" / "sources.toml"
    cards.write_text(cards.read_text().replace("2099-01-01", "2020-01-01"))
    refused = json.loads(run("export", "facts", "--json").stdout)["refused"]
    assert [r["code"] for r in refused] == ["copy.unsourced", "copy.reopened"]
    assert refused[0]["reason"].startswith("3 claims have no source, for one reason. 'terms.md' counted until 2020-01")
    for place in ("C1 in v2, title, characters 6 to 8", "C2 in v2, body, characters", "C1 in v3, body, characters"):
        assert place in refused[0]["reason"]
    assert refused[1]["reason"].startswith("v2, v3: what their approvals rest on")
    assert "`expcopilot approve facts`" in refused[1]["cure"]
    one = json.loads(run("approve", "facts", "v3", "--digest", found["digest"], "--json").stdout)["refused"]
    assert [r["code"] for r in one] == ["copy.unsourced"]


def test_what_was_left_for_later_is_read_later(run, spring):
    """After s nothing is said to be open; what waits is named, and the command that goes on."""
    settle(run, "spring")
    left = run("approve", "spring", stdin="s\ny\ny\n")
    assert "See what is open" not in left.stdout
    assert "Read v1 and decide" in left.stdout
    assert steps(left)[0] == "expcopilot approve spring"
    one = run("approve", "spring", "v2", "--digest", digest_of(run, "v2", "spring"))
    assert steps(one)[0] == "expcopilot approve spring", "v1 waits still: nothing is handed over"
    assert spring.is_dir()


def test_where_all_were_rejected_nothing_is_handed_over(run, spring):
    """Neither approve nor export offers a file of nothing; both name what brings new copy."""
    for name in ("v1", "v2", "v3"):
        last = run("approve", "spring", name, "--reject", "--digest", digest_of(run, name, "spring"))
    for shown in (last, run("approve", "spring"), run("variants", "spring")):
        assert "Hand it over" not in shown.stdout
        assert steps(shown) == ["expcopilot variants spring --again", "expcopilot approve spring v1"]
    refused = seen(run("export", "spring"))
    assert "all of them were rejected" in refused
    assert "`expcopilot variants spring --again`" in refused
    assert spring.is_dir()


def test_a_saved_file_is_named_with_the_command_that_brings_it_back(run, spring):
    """The step after --save is the way back, and works as it is shown, whatever the file is called."""
    (back,) = steps(run("variants", "spring", "--save", "my edit.csv"))
    assert back == 'expcopilot variants spring --from "my edit.csv"'
    before = copy_of(run, "spring")["variants"]
    assert run(*shlex.split(back)[1:]).exit_code == 0
    assert copy_of(run, "spring")["variants"] == before
    assert (spring / "my edit.csv").is_file()


def test_a_review_file_is_refused_row_by_row_and_read_again_adds_nothing(run, spring):
    """No name, no decision; the row is named by its own number; what stood already is counted as such."""
    rows = [("row", "brief", "variant", "digest", "approve", "by", "reason")]
    rows += [(number, "spring", f"v{v}", digest_of(run, f"v{v}", "spring"), "yes", by, "") for number, v, by in
             ((7, 1, "Grace"), (9, 3, ""))]  # fmt: skip
    with (spring / "review.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    first = run("approve", "review.csv")
    assert first.exit_code == 1
    assert "approve: 1; reject: 0; refused: 1" in seen(first)
    assert "Row 9, spring v3: Nobody stands in its column `by`" in seen(first)
    assert standing(run, "spring") == {"v1": "approved", "v2": "undecided", "v3": "undecided"}
    again = json.loads(run("approve", "review.csv", "--json").stdout)
    assert [row["already"] for row in again["decided"]] == [True]
    assert "1 of them was decided so already: nothing was added." in seen(run("approve", "review.csv"))


def test_a_review_file_of_namesakes_takes_a_column(run, namesakes):
    """A file has no options: the cure is a column, and with it each row is of the copy it names."""
    run("variants", "winter.txt", "--from", "one.csv")
    (namesakes / "autumn.txt").write_text(f"Name: both\nExperiment: autumn\n{REST}", encoding="utf-8")
    (namesakes / "late.txt").write_text(f"Name: both\nExperiment: late\n{REST}", encoding="utf-8")
    for name in ("autumn", "late"):
        run("variants", f"{name}.txt", "--from", "one.csv")
    read = digest_of(run, "v1", "both", "--experiment", "late")
    head, row = "brief,variant,digest,approve,by,reason", f"both,v1,{read},no,Grace,"
    (namesakes / "review.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    refused = seen(run("approve", "review.csv"))
    assert "Add a column `experiment`" in refused
    assert "--experiment" not in refused
    (namesakes / "review.csv").write_text(f"{head},experiment\n{row},lat\n", encoding="utf-8")
    assert "Did you mean 'late'?" in seen(run("approve", "review.csv"))
    (namesakes / "review.csv").write_text(f"{head},experiment\n{row.replace(',no,', ',yes,')},late\n", encoding="utf-8")
    assert "expcopilot mark --experiment late both v1 C1" in seen(run("approve", "review.csv"))
    (namesakes / "review.csv").write_text(f"{head},experiment\n{row},late\n", encoding="utf-8")
    assert run("approve", "review.csv").exit_code == 0
    assert standing(run, "both", "--experiment", "late") == {"v1": "rejected"}
    assert standing(run, "both", "--experiment", "autumn") == {"v1": "undecided"}
