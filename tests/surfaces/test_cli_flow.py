"""One experiment from plan to readout on the command line, for people and for programs."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from tests_plan import FINISHED

ENOUGH = ("--arm", "control=10000:520", "--arm", "one-page=10100:700")
EARLY = ("--arm", "control=1000:52", "--arm", "one-page=1010:70")


def data(result):
    """What a program gets; whatever else stood on standard output would break it."""
    return json.loads(result.stdout)


def test_init_makes_a_workspace_once(run, tmp_path):
    """A second init in the same folder is refused and changes nothing."""
    first = run("init", "lab", "--name", "Ada", "--email", "ada@example.com", "--json")
    assert data(first) == {"actor": "Ada <ada@example.com>", "workspace": str(tmp_path / "lab")}
    before = (tmp_path / "lab" / "expcopilot.toml").read_bytes()
    second = run("init", "lab", "--name", "Eve")
    assert second.exit_code == 2
    assert "already a workspace" in second.stderr
    assert second.stdout == ""
    assert (tmp_path / "lab" / "expcopilot.toml").read_bytes() == before


def test_init_needs_a_name_from_a_script(run):
    """Without a terminal to ask in, a missing name is refused with the option that gives it."""
    result = run("init")
    assert result.exit_code == 2
    assert "--name" in result.stderr


def test_a_command_outside_a_workspace_says_how_to_make_one(run):
    """Without a workspace the refusal names init; with --json it is data on standard output."""
    people, program = run("log"), run("log", "--json")
    assert (people.exit_code, program.exit_code) == (2, 2)
    assert people.stdout == ""
    assert "Cannot do this, because:" in people.stderr
    assert "What to do:" in people.stderr
    assert "expcopilot init" in people.stderr
    assert program.stderr == ""
    assert [r["code"] for r in data(program)["refused"]] == ["workspace.not_found"]
    assert set(data(program)["refused"][0]) == {"code", "reason", "cure", "name", "value"}


def test_workspace_option_names_the_place(run, checkout):
    """-C works from anywhere inside the workspace."""
    assert data(run("-C", checkout.parent, "log", "--json"))[0]["experiment"] == "checkout"


def test_plan_check_asks_and_stops(run, place):
    """A vague plan gets questions and exit code 2; a whole one may be registered."""
    plan = place / "plans" / "vague.yaml"
    plan.write_text(FINISHED.replace("A third of all carts are left on the second page.", "TBD"), encoding="utf-8")
    vague = run("plan", "check", plan)
    assert vague.exit_code == 2
    assert "hypothesis.because" in vague.stdout
    assert data(run("plan", "check", plan, "--json"))["ready"] is False
    assert run("register", plan).exit_code == 2
    plan.write_text(FINISHED, encoding="utf-8")
    assert run("plan", "check", plan).exit_code == 0


def test_plan_show_knows_file_and_experiment(run, checkout):
    """The plan shown by name is the one registered, by file the one that stands there."""
    named, filed = run("plan", "show", "checkout", "--json"), run("plan", "show", checkout, "--json")
    assert data(named)["digest"] == data(filed)["digest"]
    assert (data(named)["registered"], data(filed)["registered"]) == (True, False)
    assert "Registered on" in run("plan", "show", "checkout").stdout


def test_broken_plan_names_every_problem(run, place):
    """All problems of a plan file come together."""
    plan = place / "plans" / "broken.yaml"
    broken = FINISHED.replace("kind: proportion", "kind: share").replace("size: 0.1", "size: -0.1")
    plan.write_text(broken, encoding="utf-8")
    found = data(run("register", plan, "--json"))["refused"]
    assert len(found) >= 2
    assert len({r["name"] for r in found}) == len(found)


def test_analyze_before_the_end_shows_no_outcome(run, checkout):
    """Below the committed size neither terminal nor JSON nor documents hold an outcome, and the look is counted."""
    people = run("analyze", "checkout", *EARLY)
    program = run("analyze", "checkout", *EARLY, "--json")
    assert (people.exit_code, program.exit_code) == (0, 0), people.stderr
    assert "Not yet" in people.stdout
    assert "Units by arm so far: " in people.stdout
    look = data(program)["look"]
    assert look["reading"]["comparisons"] == []
    assert look["evidence"]["cells"] == []
    written = [checkout.parents[1] / f for f in data(program)["files"]]
    assert written
    for text in (people.stdout, program.stdout, *(f.read_text(encoding="utf-8") for f in written)):
        assert not re.search(r"5\.20?%|6\.93%|33\.\d%", text)
    assert [e["kind"] for e in data(run("log", "checkout", "--json"))].count("looked") == 2


def test_analyze_at_the_end_says_the_verdict_first(run, checkout):
    """At the committed size the verdict comes first, then the number against what matters, then the case against it."""
    result = run("analyze", "checkout", *ENOUGH)
    assert result.exit_code == 0, result.stderr
    places = [result.stdout.index(t) for t in ("Supported", "+33.3%", "What would matter", "The case for the null")]
    assert places == sorted(places)
    assert "●" in result.stdout
    assert "Every look taken" in result.stdout
    page = re.search(r"\S+look-1\.html", result.stdout)
    assert page is not None
    assert "Supported" in (checkout.parents[1] / page.group()).read_text(encoding="utf-8")


def test_no_readout_writes_nothing(run, checkout):
    """--no-readout takes the look and leaves no document."""
    assert data(run("analyze", "checkout", *ENOUGH, "--no-readout", "--json"))["files"] == []
    assert not list((checkout.parents[1] / "readouts").rglob("*.html"))


@pytest.mark.usefixtures("checkout")
def test_out_folder_gets_the_documents(run, tmp_path):
    """--out names where the documents go."""
    result = run("analyze", "checkout", *ENOUGH, "--out", tmp_path / "board", "--json")
    assert {f.suffix for f in (tmp_path / "board").iterdir()} == {".html", ".md", ".json", ".txt"}
    assert all("board" in f for f in data(result)["files"])


def test_plan_file_altered_after_registration_is_refused(run, checkout):
    """Analyzing by plan file holds the file to the registered digest."""
    checkout.write_text(FINISHED.replace("size: 0.1", "size: 0.01"), encoding="utf-8")
    result = run("analyze", checkout, *ENOUGH, "--json")
    assert result.exit_code == 2
    assert data(result)["refused"][0]["code"] == "plan.altered"
    assert run("analyze", "checkout", *ENOUGH, "--no-readout").exit_code == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("analyze", "checkout"), "data.one_source"),
        (("analyze", "checkout", "no-such.csv"), "counts.file_missing"),
        (("analyze", "nothing", *ENOUGH), "experiment.unknown"),
        (("analyze", "checkout", *ENOUGH, "--unblind"), "look.no_reason"),
        (("analyze", "checkout", "--arm", "control=10:11", "--arm", "one-page=10:1"), "counts.successes_above_n"),
        (("analyze", "checkout", "--arm", "control"), "counts.arm_format"),
        (("readout", "checkout"), "readout.no_look"),
        (("close", "checkout"), "close.not_read"),
        (("close", "checkout", "--early"), "close.no_reason"),
        (("register", "no-such.yaml"), "plan.no_file"),
        (("register", "plans/checkout.yaml"), "plan.registered"),
        (("plan", "show", "nothing"), "experiment.unknown"),
        (("look",), "data.one_source"),
        (("look", "--arm", "a=10:1", "--arm", "b=10:2"), "look.no_control"),
        (("tool", "no_such_tool", "--json", "{}"), "tool.unknown"),
    ],
)
@pytest.mark.usefixtures("checkout")
def test_refusals_name_value_and_cure(run, args, code):
    """Each bad call is refused with exit code 2, a reason and a cure, in both languages."""
    people, program = run(*args), run(*args, *([] if args[0] == "tool" else ["--json"]))
    assert (people.exit_code, program.exit_code) == (2, 2)
    refused = data(program)["refused"]
    assert refused[0]["code"] == code
    assert all(r["reason"] and r["cure"] for r in refused)
    assert args[0] == "tool" or refused[0]["reason"].split()[0] in people.stderr


def test_wrong_call_is_two_not_a_traceback(run):
    """A mistyped option or command ends with exit code 2 and a hint, as JSON when asked for it."""
    unknown = run("analyse")
    assert unknown.exit_code == 2
    assert "'analyze'" in unknown.stderr
    program = run("size", "--basline", "4%", "--json")
    assert program.exit_code == 2
    assert data(program)["refused"][0]["code"] == "call.usage"


@pytest.mark.usefixtures("checkout")
def test_unblinding_is_stamped(run):
    """Outcomes opened early are shown, stamped, and no conclusion."""
    result = run("analyze", "checkout", *EARLY, "--unblind", "--reason", "The board meets tomorrow")
    assert result.exit_code == 0
    assert "Opened early" in result.stdout
    assert "The board meets tomorrow" in result.stdout
    assert "Supported" not in result.stdout


@pytest.mark.usefixtures("checkout")
def test_readout_in_every_form(run):
    """The readout comes as page, Markdown, JSON, brief and terminal text, all with the same verdict."""
    run("analyze", "checkout", *ENOUGH, "--no-readout")
    brief = run("readout", "checkout", "--brief").stdout
    assert len(brief.splitlines()) == 5
    assert run("readout", "checkout", "--format", "html").stdout.startswith("<!doctype html>")
    assert run("readout", "checkout", "--format", "md").stdout.startswith("# Does one page")
    assert data(run("readout", "checkout", "--format", "json"))["experiment"] == "checkout"
    own = data(run("readout", "checkout", "--format", "json"))
    assert data(run("readout", "checkout", "--json")) == {**own, "files": []}
    whole = run("readout", "checkout").stdout
    assert "Ledger head" in whole
    for text in (brief, whole):
        assert "Supported: at least what matters" in text or "Supported: size unresolved" in text
    assert run("readout", "checkout", "--brief", "--json").exit_code == 2


@pytest.mark.usefixtures("checkout")
def test_printing_a_readout_adds_nothing_to_the_ledger_and_writing_it_does(run):
    """Only documents that leave as files are recorded: showing what is recorded already is reading."""
    run("analyze", "checkout", *ENOUGH, "--no-readout")
    before = data(run("log", "--json"))
    for form in ((), ("--brief",), ("--format", "html"), ("--format", "md"), ("--json",)):
        assert run("readout", "checkout", *form).exit_code == 0
    assert data(run("log", "--json")) == before
    run("readout", "checkout", "--out", "board")
    assert [e["kind"] for e in data(run("log", "--json"))[len(before) :]] == ["readout"]


def test_the_settings_say_for_whom_and_in_which_currency(run, tmp_path):
    """The organisation stands in the head of written and printed pages, the currency in new plans; neither in JSON."""
    run("init", "--name", "Ada", "--organisation", "Analytical & Sons")
    settings = tmp_path / "expcopilot.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('currency = ""', 'currency = "EUR"'), "utf-8")
    made = data(
        run("new", "--change", "A short form", "--audience", "Everybody", "--because", "Nine fields tire",
            "--metric", "orders", "--matters", "+5%", "--json")
    )  # fmt: skip
    assert made["plan"]["analysis"]["dialect"]["currency"] == "EUR"
    (tmp_path / "plans" / "checkout.yaml").write_text(FINISHED, encoding="utf-8")
    run("register", "plans/checkout.yaml")
    run("analyze", "checkout", *ENOUGH)
    (page,) = (tmp_path / "readouts").rglob("*.html")
    assert "for Analytical &amp; Sons" in page.read_text(encoding="utf-8")
    assert run("readout", "checkout", "--format", "html").stdout == page.read_text(encoding="utf-8")
    assert "Analytical" in run("readout", "checkout", "--format", "md").stdout
    assert "Analytical" not in run("readout", "checkout", "--json").stdout
    assert run("verify").exit_code == 0


def test_amend_needs_a_reason_and_is_listed(run, checkout):
    """An amendment without reason is refused; with one it stands in log and readout."""
    checkout.write_text(FINISHED.replace("committed_units: 20000", "committed_units: 30000"), encoding="utf-8")
    assert run("register", checkout, "--amend").exit_code == 2
    assert run("register", checkout, "--reason", "why not").exit_code == 2
    amended = data(run("register", checkout, "--amend", "--reason", "More traffic than expected", "--json"))
    assert amended["amended"] == ["design.committed_units"]
    assert "More traffic than expected" in run("log", "checkout").stdout


@pytest.mark.usefixtures("checkout")
def test_close_early_then_read(run):
    """After an early end the estimate is shown with its stamp, never as supported."""
    closed = run("close", "checkout", "--early", "--reason", "The provider was down")
    assert closed.exit_code == 0, closed.stderr
    result = run("analyze", "checkout", *ENOUGH)
    assert "Stopped early" in result.stdout
    assert "Supported" not in result.stdout


@pytest.mark.usefixtures("place")
def test_quick_look_is_exploratory_and_counted(run):
    """A quick look says what it is, never "supported", and stands in the ledger."""
    result = run("look", "--arm", "control=10000:520", "--arm", "b=10100:700")
    assert result.exit_code == 0, result.stderr
    assert "Quick look" in result.stdout
    assert "upported:" not in result.stdout
    mean = run("look", "--arm", "control=1000:mean=3.2:sd=30", "--arm", "b=1000:mean=4.2:sd=31", "--json")
    assert data(mean)["look"]["spec"]["metrics"][0]["kind"] == "mean"
    assert data(mean)["look"]["number"] == 2


def test_quick_look_at_blinded_counts_is_refused(run, checkout):
    """The same arms and metric as a blinded experiment stay closed to a quick look, and the attempt is recorded."""
    plan = checkout.parents[1] / "plans" / "running.yaml"
    running = FINISHED.replace("experiment: checkout", "experiment: running").split("attested:")[0]
    plan.write_text(running.replace("committed_units: 20000", "committed_units: 20000\n  first_exposure: 2100-01-01"))
    assert run("register", plan).exit_code == 0
    result = run("look", *EARLY, "--metric", "orders", "--json")
    assert result.exit_code == 2
    assert data(result)["refused"][0]["code"] == "look.blinded"
    assert [e["kind"] for e in data(run("log", "running", "--json"))] == ["registered", "refused"]


def test_quick_look_at_rows(run, place):
    """A file of rows is looked at by the columns named."""
    rows = "\n".join(f"{i},{'control' if i % 2 else 'b'},{int(i % 7 == 0)}" for i in range(400))
    (place / "rows.csv").write_text(f"id,arm,bought\n{rows}\n", encoding="utf-8")
    args = ("look", "rows.csv", "--arm-column", "arm", "--metric", "bought", "--kind", "proportion", "--unit", "id")
    assert run(*args).exit_code == 0
    missing = data(run("look", "rows.csv", "--arm-column", "arm", "--json"))["refused"][0]
    assert missing["code"] == "look.no_metric"
    assert "id, arm, bought" in missing["cure"]
    assert data(run("look", "rows.csv", *args[4:], "--json"))["refused"][0]["code"] == "look.no_arm_column"


def test_verify_finds_a_tampered_ledger(run, checkout):
    """A sound workspace verifies with exit code 0; one changed by hand with 2 and the difference named."""
    run("analyze", "checkout", *ENOUGH)
    sound = run("verify", "--json")
    assert sound.exit_code == 0
    assert (data(sound)["sound"], data(sound)["looks"]) == (True, 1)
    with sqlite3.connect(checkout.parents[1] / "ledger.sqlite") as ledger:
        for (trigger,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f'DROP TRIGGER "{trigger}"')
        ledger.execute("UPDATE entries SET payload = replace(payload, '520', '521') WHERE kind = 'looked'")
    ledger.close()
    broken = run("verify")
    assert broken.exit_code == 2
    assert "Not sound" in broken.stdout
    assert "Differences" in broken.stdout


@pytest.mark.usefixtures("checkout")
def test_log_tells_who_did_what(run):
    """The log names every entry's kind and person, refused commands too."""
    run("close", "checkout")
    text = run("log").stdout
    assert "registered plan" in text
    assert "refused close" in text
    assert text.count("Ada") >= 2


def test_doctor_finds_what_is_wrong(run, checkout):
    """The doctor passes a sound workspace and names a damaged ledger."""
    sound = run("doctor", "--json")
    assert sound.exit_code == 0
    assert {c["what"] for c in data(sound)["checks"]} >= {"Python", "duckdb", "Data engine", "Workspace", "Ledger"}
    ledger = checkout.parents[1] / "ledger.sqlite"
    for file in ledger.parent.glob("ledger.sqlite-*"):
        file.unlink()
    ledger.write_bytes(b"no database at all" * 100)
    damaged = run("doctor")
    assert damaged.exit_code == 2
    assert "Ledger" in damaged.stdout


@pytest.mark.usefixtures("checkout")
def test_narrow_terminal_loses_nothing(run, monkeypatch):
    """In 40 columns no line is wider and every number of the wide log is still there."""
    run("analyze", "checkout", *ENOUGH, "--no-readout")
    wide = set(re.findall(r"\d[\d.,]*\d", run("readout", "checkout").stdout))
    monkeypatch.setenv("COLUMNS", "40")
    narrow = run("readout", "checkout").stdout
    lines = [line for line in narrow.splitlines() if not line.startswith("  expcopilot")]
    assert max(map(len, lines)) <= 40
    joined = re.sub(r"\s+", "", narrow)
    assert all(number in joined for number in wide)


@pytest.mark.usefixtures("checkout")
def test_no_color_is_respected(run, monkeypatch):
    """With NO_COLOR not even a forced terminal gets a colour."""
    run("analyze", "checkout", *ENOUGH, "--no-readout")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert re.search(r"\x1b\[[0-9;]*3[1-6]", run("readout", "checkout").stdout)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[1-6]", run("readout", "checkout").stdout)


@pytest.mark.usefixtures("checkout")
def test_first_screen_names_what_was_not_assessable(run):
    """The first screen names every attack that could not be assessed; the readout says why."""
    look = data(run("analyze", "checkout", *ENOUGH, "--json"))["look"]
    missing = [o["title"] for o in look["objections"] if o["severity"] == "not assessable"]
    assert len(missing) > 3
    first = " ".join(run("analyze", "checkout", *ENOUGH).stdout.split()).lower()
    whole = " ".join(run("readout", "checkout").stdout.split()).lower()
    assert all(title.lower() in first for title in missing)
    assert "does not name its units" in whole
    assert "does not name its units" not in first


@pytest.mark.usefixtures("checkout")
def test_a_head_that_was_kept_shows_a_ledger_rolled_back(run):
    """The head printed on a readout is enough to tell that the ledger is not the one it stood in."""
    head = json.loads(run("verify", "--json").stdout)["head"]
    assert run("verify", "--head", f"1:{head[:12]}").exit_code == 0
    assert run("verify", "--head", "1:" + "0" * 12).exit_code == 2
    assert run("verify", "--head", "first").exit_code == 2


def test_typed_counts_under_a_plan_with_a_guardrail_say_what_to_give_instead(run, place):
    """They are of one metric; the file named in the cure is read as it says, and the attempt is on record."""
    guarded = FINISHED.replace(
        "  minimum_effect:",
        "    - name: refund rate\n      role: guardrail\n      kind: proportion\n      column: refunds\n"
        "      direction: decrease\n      margin: {size: 0.01, scale: absolute}\n  minimum_effect:",
    )
    (place / "plans" / "checkout.yaml").write_text(guarded, encoding="utf-8")
    assert run("register", "plans/checkout.yaml").exit_code == 0
    (refusal,) = data(run("analyze", "checkout", *ENOUGH, "--json"))["refused"]
    assert refusal["code"] == "counts.one_metric"
    assert "the plan reads 2: 'orders' and 'refund rate'" in refusal["reason"]
    header, command = re.findall(r"`([^`]+)`", refusal["cure"])[:2]
    assert header == "arm,n,orders,refunds"
    (place / "COUNTS.csv").write_text(f"{header}\ncontrol,10000,520,30\none-page,10100,700,31\n", encoding="utf-8")
    assert run(*command.split()[1:]).exit_code == 0
    kinds = [entry["kind"] for entry in data(run("log", "checkout", "--json"))]
    assert kinds[:3] == ["registered", "refused", "looked"]


def test_typed_counts_under_a_plan_with_a_mean_beside_ask_for_a_row_a_metric(run, place):
    """The form that holds both kinds is named, and read."""
    both = FINISHED.replace(
        "  minimum_effect:", "    - name: basket\n      kind: mean\n      column: basket\n  minimum_effect:"
    )
    (place / "plans" / "checkout.yaml").write_text(both, encoding="utf-8")
    assert run("register", "plans/checkout.yaml").exit_code == 0
    (refusal,) = data(run("analyze", "checkout", *ENOUGH, "--json"))["refused"]
    header, command = re.findall(r"`([^`]+)`", refusal["cure"])[:2]
    assert header == "arm,metric,n,successes,mean,sd"
    rows = [
        "control,orders,10000,520,,",
        "one-page,orders,10100,700,,",
        "control,basket,10000,,20,9",
        "one-page,basket,10100,,21,9",
    ]
    (place / "COUNTS.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    assert run(*command.split()[1:]).exit_code == 0
