"""``expcopilot variants --in --out`` against a real server: rows, exit codes, budget, resuming, review, batches."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from batches_of_briefs import MANY, rows, start
from loopback.batches import CALL_FAULTS
from loopback.copywriting import copywriter
from loopback.replies import Faults, Said
from loopback.server import Loopback


def say(text: str, *, everywhere: bool = False) -> Any:
    """A copywriter who says the same in the first field, or in every one, as often as asked."""

    def says(body: dict[str, Any]) -> Said:
        answer = json.loads(copywriter(body).text)
        for variant in answer["variants"]:
            for field in variant["fields"] if everywhere else variant["fields"][:1]:
                field["text"] = text
        return Said(text=json.dumps(answer))

    return says


def test_every_brief_has_its_variants(at):
    """Rows come out in order, k of each brief, with summary, cost and exit code 0; asked again, nothing is sent."""
    with Loopback(copywriter) as server:
        run = at(server, 6, k=2)
        done = run(*MANY)
        assert done.exit_code == 0, done.output
        summary = json.loads(done.stdout)
        found = rows(Path("variants.csv"))
        assert [(row["brief"], row["variant"]) for row in found] == [
            (f"b{n}", v) for n in range(6) for v in ("v1", "v2")
        ]
        assert all(row["digest"] and row["nearest"] and 0 < float(row["distance"]) <= 1 for row in found)
        assert (summary["drafted"], summary["variants"], summary["sent"]) == (6, 12, 6)
        assert summary["cost"] > 0
        assert summary["distances"]["variants"] == 12
        again = json.loads(run(*MANY).stdout)
        assert (again["sent"], again["found"], again["cost"]) == (0, 6, summary["cost"])
        assert rows(Path("variants.csv")) == found
    assert len(server.requests) == 6


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "xlsx"])
def test_other_formats(at, ending):
    """The ending of the file says its format."""
    with Loopback(copywriter) as server:
        run = at(server, 3)
        assert run("variants", "--in", "briefs.csv", "--out", f"out.{ending}", "--json").exit_code == 0
        assert Path(f"out.{ending}").stat().st_size > 500


def test_claims_are_marked_and_counted(at):
    """What the copywriter claims is marked at its place, and counted by kind and status."""
    with Loopback(say("Saves 40% of time")) as server:
        run = at(server, 2)
        summary = json.loads(run(*MANY).stdout)
        first = rows(Path("variants.csv"))[0]
    assert summary["claims"]["statistic"]["unsourced"] >= 2
    assert summary["open_marks"] >= 2
    assert int(first["open_marks"]) >= 1
    assert "statistic, unsourced" in first["marks"]


def test_a_bad_row_never_stops_the_rest(at):
    """A broken row, an unknown channel and a refusal of the model each stand in their place; exit code 1."""

    def says(body: dict[str, Any]) -> Said:
        refuses = "names reason 4" in json.dumps(body)
        return Said(text="No.", stop="refusal") if refuses else copywriter(body)

    with Loopback(says) as server:
        run = at(server, 6)
        lines = Path("briefs.csv").read_text().splitlines()
        lines[2] = "b1,carrier pigeon,c,a,b,1"
        lines[3] = "b2,email,,a,b,1"
        Path("briefs.csv").write_text("\n".join(lines))
        done = run(*MANY)
        assert done.exit_code == 1
        found = rows(Path("variants.csv"))
    assert [row["brief"] for row in found] == [f"b{n}" for n in range(6)]
    assert [row["status"] for row in found] == ["drafted", "failed", "failed", "drafted", "failed", "drafted"]
    assert found[2]["code"] == "briefs.row"
    assert found[4]["code"] == "model.refused"
    assert "carrier pigeon" in found[1]["error"]
    assert json.loads(done.stdout)["failed"] == 3


@pytest.mark.parametrize(
    ("mode", "budget"), [((), "0.095"), (("--batch", "--settle", "0.1"), "0.06")], ids=["live", "batch"]
)
def test_the_budget_is_never_passed(at, mode, budget):
    """The run stops before its budget, says which rows were not come to, and goes on when it is raised."""
    with Loopback(copywriter) as server:
        run = at(server, 12)
        stopped = run(*MANY, *mode, "--budget", budget, "--concurrency", "2")
        assert stopped.exit_code == 3, stopped.output
        summary = json.loads(stopped.stdout)
        found = rows(Path("variants.csv"))
        assert summary["cost"] <= float(budget)
        assert 0 < summary["drafted"] < 12
        assert summary["not_done"] == 12 - summary["drafted"]
        assert {row["code"] for row in found} == {"", "batch.budget"}
        more = run(*MANY, *mode, "--budget", "5")
        assert more.exit_code == 0
        assert json.loads(more.stdout)["sent"] == summary["not_done"]


def test_no_money_at_all(at):
    """A budget that not one request fits under writes every row as not done, and sends nothing."""
    with Loopback(copywriter) as server:
        done = at(server, 3)(*MANY, "--budget", "0")
    assert done.exit_code == 3
    assert server.requests == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("claude-sonnet-5-5", "unknown-model"), "model.unknown_model"),
        (('key_env = ""', 'key_env = "NO_SUCH_KEY"'), "model.key_missing"),
    ],
)
def test_what_every_request_would_share(at, change, code):
    """A model that cannot be used stops the run at once, with exit code 2 and nothing written."""
    with Loopback(copywriter) as server:
        run = at(server, 40)
        settings = Path("expcopilot.toml")
        settings.write_text(settings.read_text().replace(*change))
        done = run(*MANY, "--concurrency", "2")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["refused"][0]["code"] == code
    assert not Path("variants.csv").exists()
    assert len(server.requests) <= 2


def test_a_server_that_fails_every_time(at):
    """A server that is overloaded every time is given up after a while, not once for each of the rows."""
    with Loopback(copywriter, faults=Faults(rate=1.0, among=["overloaded"])) as server:
        done = at(server, 100)(*MANY, "--concurrency", "4")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["refused"][0]["code"] == "model.overloaded"
    assert len({json.dumps(body) for body in server.requests}) < 40


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--in", "absent.csv", "--out", "o.csv"), "briefs.missing"),
        (("--in", "briefs.csv", "--out", "o.txt"), "rows.format"),
        (("--in", "briefs.csv", "--out", "briefs.csv"), "batch.same_file"),
        (("--in", "briefs.csv", "--out", "o.csv", "--review", "r.xlsx"), "rows.format"),
        (("--in", "briefs.csv", "--out", "o.csv", "--concurrency", "0"), "batch.concurrency"),
        (("--in", "briefs.csv", "--out", "o.csv", "--budget", "-1"), "batch.budget"),
        (("--in", "briefs.csv", "--out", "o.csv", "--budget", "nan"), "batch.budget"),
        (("--in", "briefs.csv"), "call.usage"),
        (("--in", "briefs.csv", "--out", "o.csv", "--again"), "call.usage"),
    ],
)
def test_wrong_calls(at, words, code):
    """What cannot be done is refused before anything is sent."""
    with Loopback(copywriter) as server:
        done = at(server, 2)("variants", *words, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["refused"][0]["code"] == code
    assert server.requests == []


def test_the_same_brief_twice_is_asked_once(at):
    """Two rows that ask for the same send one request, and both have its variants."""
    with Loopback(copywriter) as server:
        run = at(server, 1)
        Path("briefs.csv").write_text(
            "id,channel,change,audience,because,k\n" + "".join(f"b{n},email,c,a,b,1\n" for n in "xyz")
        )
        done = run(*MANY)
        assert done.exit_code == 0
        found = rows(Path("variants.csv"))
    assert len({row["text.subject"] for row in found}) == 1
    assert len(server.requests) == 1


def test_a_review_file_is_decided_in_and_read_back(at):
    """Approved as shown, rejected, left, and edited in the file: each counts for what it is."""
    with Loopback(say("Tap the calendar and choose a day", everywhere=True)) as server:
        run = at(server, 4)
        assert run(*MANY, "--review", "review.csv").exit_code == 0
        with Path("review.csv").open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert len(lines) == 4
        assert all(line["approve"] == line["by"] == line["reason"] == "" for line in lines)
        for line, answer in zip(lines, ("yes", "no", "", "yes"), strict=True):
            line["approve"], line["by"] = answer, "Grace"
        field = next(name for name in lines[3] if name.startswith("text.") and lines[3][name])
        lines[3][field] += " now"
        with Path("review.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(lines[0]))
            writer.writeheader()
            writer.writerows(lines)
        done = run("approve", "review.csv", "--json")
        answer = json.loads(done.stdout)
        assert done.exit_code == 1
        assert [(row["brief"], row["action"]) for row in answer["decided"]] == [("b0", "approve"), ("b1", "reject")]
        (refused,) = answer["refused"]
        assert refused["brief"] == "b3"
        assert refused["refusals"][0]["code"] == "review.edited"


@pytest.mark.parametrize("fault", CALL_FAULTS)
def test_a_batch_is_made_once(at, fault):
    """Whatever happens while a batch is handed in, every request is in one batch, at half the price."""
    with Loopback(copywriter) as server:
        server.batches.calls = [fault]
        done = at(server, 5)(*MANY, "--batch", "--settle", "0.1")
        assert done.exit_code == 0, done.output
        summary = json.loads(done.stdout)
        assert len(server.batches.made) == 1
        assert set(server.batches.holders.values()) == {1}
        assert summary["drafted"] == 5
        assert server.requests == []


def test_a_batch_costs_half(at):
    """The same briefs cost half in a batch."""
    with Loopback(copywriter, cache_minimum=10**9) as server:
        run = at(server, 4)
        live = json.loads(run(*MANY).stdout)["cost"]
        Path("batches/requests.sqlite").rename("batches/before.sqlite")
        for beside in Path("batches").glob("requests.sqlite-*"):
            beside.unlink()
        batch = json.loads(run(*MANY, "--batch").stdout)["cost"]
    assert batch == pytest.approx(live / 2)


def test_open_batches_are_canceled(at):
    """A run that was killed while its batch went on can be ended: what was not done is said to be so."""
    with Loopback(copywriter) as server:
        server.batches.seconds = 600
        run = at(server, 3)
        process = start(Path.cwd(), "--batch")
        until = time.monotonic() + 60
        while not server.batches.made and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.3)
        process.kill()
        process.communicate()
        done = run(*MANY, "--cancel", "--settle", "0.1")
        summary = json.loads(done.stdout)
    assert done.exit_code == 1
    assert summary["not_done"] == 3
    assert len(server.batches.made) == 1


def test_ctrl_c_waits_for_what_is_under_way(at):
    """Stopped by hand, what is under way is answered and kept; exit code 130; the next run goes on."""

    def slow(body: dict[str, Any]) -> Said:
        time.sleep(0.3)
        return copywriter(body)

    with Loopback(slow) as server:
        run = at(server, 40)
        process = start(Path.cwd(), "--concurrency", "4")
        until = time.monotonic() + 60
        while len(server.completed) < 4 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
        assert process.returncode == 130, (out, error)
        assert json.loads(out)["stopped"] == "interrupted"
        server.script = copywriter
        done = json.loads(run(*MANY, "--concurrency", "16").stdout)
    assert (done["lost"], done["drafted"]) == (0, 40)
    assert server.sent_twice() == []


def test_people_see_a_summary(at):
    """Without --json a person reads what came of it, and what to do next."""
    with Loopback(copywriter) as server:
        done = at(server, 3)("variants", "--in", "briefs.csv", "--out", "variants.csv", "--review", "review.csv")
    assert done.exit_code == 0
    assert "3 of 3 briefs have variants" in done.output
    assert "expcopilot approve review.csv" in done.output


def test_what_is_wrong_in_a_row_is_named_by_row_and_column(at):
    """A mistyped channel, and a row whose channel stands under a column no brief has."""
    with Loopback(copywriter) as server:
        run = at(server, 3)
        head = "id,channel,change,audience,because,k,medium"
        Path("briefs.csv").write_text(f"{head}\nb0,emial,c,a,b,1,\nb1,,c,a,b,1,email\nb2,sms,c,a,b,1,\n")
        assert run(*MANY).exit_code == 1
        typo, missing, fine = rows(Path("variants.csv"))
    assert typo["error"] == "Row 1, column channel: There is no channel 'emial'."
    assert typo["cure"] == "Did you mean email?"
    assert missing["error"] == "Row 2: channel is missing. Left alone, because no brief has them: the columns 'medium'."
    assert fine["status"] == "drafted"


@pytest.mark.parametrize("budget", [(), ("--budget", "5")])
def test_without_a_model_it_is_the_model_that_is_named(run, place, budget):
    """With a budget, too: not a price of a model without a name; and no folder is left behind."""
    (place / "briefs.csv").write_text("id,channel,change,audience,because\na,email,x,y,z\n")
    refused = run(*MANY, *budget)
    assert refused.exit_code == 2
    assert "No model is configured." in refused.stdout
    assert "price" not in refused.stdout
    assert not (place / "batches").exists()
