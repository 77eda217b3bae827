"""``variants --in --out`` run again: only what failed, with a model that reads claims, and as a person watches it."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from batches_of_briefs import MANY, rows
from chatting import COMMAND, Chat
from expcopilot.api import Copilot
from loopback.copywriting import copywriter
from loopback.replies import Said
from loopback.server import Loopback
from writing import variant


def refusing(*numbers: int) -> Any:
    """A copywriter that refuses briefs of these numbers."""

    def says(body: dict[str, Any]) -> Said:
        asked = json.dumps(body)
        refuses = any(re.search(rf"names reason {n}\b", asked) for n in numbers)
        return Said(text="No.", stop="refusal") if refuses else copywriter(body)

    return says


def checking(body: dict[str, Any]) -> Said:
    """A copywriter that also reads for claims: the first word of the first sentence is an implied claim."""
    system = " ".join(part["text"] for part in body["system"])
    if "Your role: the claim checker" not in system:
        return copywriter(body)
    told = body["messages"][-1]["content"]
    told = told if isinstance(told, str) else " ".join(block.get("text", "") for block in told)
    first = next(json.loads(line) for line in told.splitlines() if line.startswith('{"sentence"'))
    word = first["text"].split()[0]
    added = {"sentence": first["sentence"], "span": word, "kind": "implied", "why": "It says more than it shows."}
    return Said(text=json.dumps({"added": [added]}))


def answers(server: Loopback) -> int:
    """Requests answered to the end, one by one and in batches."""
    return len(server.completed) + sum(server.batches.answered.values())


def asked(server: Loopback) -> list[str]:
    """The number of the reason in each request, oldest first."""
    return [re.search(r"names reason (\d+)", json.dumps(body))[1] for body in server.requests]  # type: ignore[index]


@pytest.mark.parametrize("mode", [(), ("--batch", "--settle", "0.1")], ids=["live", "batch"])
def test_only_rows_that_failed_are_asked_again(at, mode):
    """A refusal stays until it is asked again with --retry, which asks for that row alone; what it brought stays."""
    with Loopback(refusing(2, 4)) as server:
        run = at(server, 6)
        first = run(*MANY, *mode)
        assert first.exit_code == 1
        before = rows(Path("variants.csv"))
        assert [row["code"] for row in before] == ["", "", "model.refused", "", "model.refused", ""]
        sent = answers(server)
        assert json.loads(run(*MANY, *mode).stdout)["sent"] == 0, "an answer of no use is an answer"
        server.script = server.batches.script = refusing(4)
        again = run(*MANY, *mode, "--retry")
        assert again.exit_code == 1
        assert json.loads(again.stdout)["sent"] == 2
        assert answers(server) == sent + 2
        after = rows(Path("variants.csv"))
        assert [row["code"] for row in after] == ["", "", "", "", "model.refused", ""]
        assert [r for n, r in enumerate(after) if n not in {2, 4}] == [
            r for n, r in enumerate(before) if n not in {2, 4}
        ]
        plain = json.loads(run(*MANY, *mode).stdout)
        assert (plain["sent"], plain["failed"]) == (0, 1)
        assert rows(Path("variants.csv")) == after, "what the second attempt brought is found without --retry"
        server.script = server.batches.script = copywriter
        done = run(*MANY, *mode, "--retry")
        assert (done.exit_code, json.loads(done.stdout)["sent"]) == (0, 1)
        assert json.loads(run(*MANY, *mode, "--retry").stdout)["sent"] == 0, "nothing is left to ask"


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "xlsx", "tsv"])
def test_errors_are_found_in_every_format(at, ending):
    """The file that came out says which rows failed, whatever its format."""
    with Loopback(refusing(1)) as server:
        run = at(server, 3)
        words = ("variants", "--in", "briefs.csv", "--out", f"out.{ending}", "--json")
        assert run(*words).exit_code == 1
        server.script = copywriter
        again = run(*words, "--retry")
        assert (again.exit_code, json.loads(again.stdout)["sent"]) == (0, 1)
        assert asked(server)[-1] == "1"


def test_what_did_not_fail_stays_as_it_stands(at):
    """With --retry a brief that was changed meanwhile keeps its variants, and so does one a person has edited."""
    with Loopback(refusing(2)) as server:
        run = at(server, 3)
        run(*MANY)
        before = rows(Path("variants.csv"))
        copilot = Copilot.open()
        stands = copilot.copy("b1").reviews[0].variant
        copilot.import_variants(
            copilot.copy("b1").brief,
            [stands.model_copy(update={"author": "person", "fields": variant("v1").fields})],
            model=None,
        )
        edited = copilot.copy("b1").reviews[0].digest
        copilot.workspace.close()
        text = Path("briefs.csv").read_text()
        Path("briefs.csv").write_text(text.replace("names reason 0", "names another reason 7"))
        server.script = copywriter
        done = run(*MANY, "--retry")
        assert (done.exit_code, json.loads(done.stdout)["sent"]) == (0, 1)
        after = rows(Path("variants.csv"))
        assert after[0]["digest"] == before[0]["digest"]
        assert "without --retry" in after[0]["note"]
        assert after[2]["status"] == "drafted"
        copilot = Copilot.open()
        assert copilot.copy("b1").reviews[0].digest == edited, "a person's edit is not overwritten"
        copilot.workspace.close()


@pytest.mark.parametrize("wrote", [None, "a,b\n1,2\n", b"\xff\xfe"])
def test_there_must_be_something_to_retry(at, wrote):
    """Without the file of an earlier run nothing is sent, and it says why."""
    with Loopback(copywriter) as server:
        run = at(server, 2)
        if wrote is not None:
            Path("variants.csv").write_bytes(wrote if isinstance(wrote, bytes) else wrote.encode())
        done = run(*MANY, "--retry")
        assert done.exit_code == 2
        assert json.loads(done.stdout)["refused"][0]["code"] == "batch.nothing_to_retry"
    assert server.requests == []


@pytest.mark.parametrize("mode", [(), ("--batch", "--settle", "0.1")], ids=["live", "batch"])
def test_a_model_reads_each_variant_for_claims(at, mode):
    """Its claims stand beside the scanner's in the file, the summary and the record; asked again, nothing is sent."""
    with Loopback(checking) as server:
        run = at(server, 3, k=2)
        plain = json.loads(run(*MANY, *mode).stdout)
        assert (plain["checked"], plain["added"]) == (0, 0)
        done = run(*MANY, *mode, "--check-claims")
        assert done.exit_code == 0, done.output
        summary = json.loads(done.stdout)
        assert (summary["checked"], summary["added"], summary["sent"]) == (6, 6, 6)
        assert summary["claims"]["implied"]["unsourced"] >= 6
        assert summary["cost"] > plain["cost"]
        assert all("implied" in row["marks"] for row in rows(Path("variants.csv")))
        if mode:
            assert len(server.batches.made) == 2, "all checks of all rows go into one batch"
        assert json.loads(run(*MANY, *mode, "--check-claims").stdout)["sent"] == 0
        copilot = Copilot.open()
        assert all(r.checked and r.open_marks for r in copilot.copy("b0").reviews)
        copilot.workspace.close()


def test_the_check_counts_against_the_budget(at):
    """Where the money ends before the checks, the variants stand, and it says which no model has read."""
    with Loopback(checking) as server:
        run = at(server, 2)
        first = json.loads(run(*MANY).stdout)
        done = run(*MANY, "--check-claims", "--budget", str(first["cost"]))
        assert done.exit_code == 3
        summary = json.loads(done.stdout)
        assert (summary["drafted"], summary["checked"], summary["sent"]) == (2, 0, 0)
        notes = [row["note"] for row in rows(Path("variants.csv"))]
    assert all("no model has read v1 beside it: The budget" in note for note in notes)


def test_a_check_that_fails_fails_no_row(at):
    """The scanner's marks stand, and the row says that no model has read it."""

    def says(body: dict[str, Any]) -> Said:
        drafts = "Your role: the variant generator" in " ".join(part["text"] for part in body["system"])
        return copywriter(body) if drafts else Said(text="No.", stop="refusal")

    with Loopback(says) as server:
        done = at(server, 2)(*MANY, "--check-claims")
        assert done.exit_code == 0, done.output
        found = rows(Path("variants.csv"))
    assert {row["status"] for row in found} == {"drafted"}
    assert all("no model has read v1 beside it" in row["note"] for row in found)


def test_a_person_watches_and_reviews(at, tmp_path):
    """In a real terminal a bar shows rows and cost and is gone in the end; the review file is there and can be used."""
    with Loopback(refusing(3)) as server:
        refuses = server.script

        def slow(body: dict[str, Any]) -> Said:
            time.sleep(0.2)
            return refuses(body)

        server.script = slow
        at(server, 8)
        words = ("variants", "--in", "briefs.csv", "--out", "variants.csv", "--review", "review.csv")
        with Chat(tmp_path / "lab", *words, program=(COMMAND,), ANTHROPIC_API_KEY="") as terminal:
            assert terminal.end() == 1
            seen, raw = terminal.text, terminal.raw
    assert re.search(r"Asking .*\d/8", seen)
    assert re.search(r"\$0\.\d{4}", seen)
    assert "7 of 8 briefs have variants" in seen
    assert "--retry" in seen
    assert "expcopilot approve review.csv" in seen
    assert raw.count("\x1b[?25l") == raw.count("\x1b[?25h"), "the cursor is shown again"
    with Path("review.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 7


def test_rows_belong_to_the_experiment_they_name(at):
    """Those that name none share one, named like their file; a ledger of ten thousand experiments serves nobody."""
    with Loopback(copywriter) as server:
        run = at(server, 3)
        head, *lines = Path("briefs.csv").read_text().splitlines()
        named = [f"{head},experiment", f"{lines[0]},season", *(f"{line}," for line in lines[1:])]
        Path("briefs.csv").write_text("\n".join(named))
        assert run(*MANY).exit_code == 0
        copilot = Copilot.open()
        homes = {brief: copilot.copy(brief).brief.experiment for brief in ("b0", "b1", "b2")}
        copilot.workspace.close()
    assert homes == {"b0": "season", "b1": "briefs", "b2": "briefs"}
