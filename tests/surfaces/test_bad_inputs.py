"""Bad inputs through the command line: each a refusal with its cure, exit code 2, no entry but the refusal's own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests_plan import FINISHED

ROWS = (
    FINISHED.replace("experiment: checkout", "experiment: rows")
    .replace("committed_units: 20000", "committed_units: 400")
    .replace("analysis:\n", "analysis:\n  unit: id\n  arm_column: arm\n", 1)
)
"""The same plan for a file with one row a unit, 400 of them."""

ENOUGH = ("--arm", "control=10000:520", "--arm", "one-page=10000:610")


def rows(header: str = "id,arm,orders", *, change: Callable[[int, list[str]], list[str]] | None = None) -> str:
    """A clean file of 400 units, each row changed as asked."""
    lines = []
    for i in range(400):
        cells = [f"u{i}", "control" if i % 2 else "one-page", str(int(i % 7 == 0))]
        lines.append(",".join(change(i, cells) if change else cells))
    return "\n".join([header, *lines]) + "\n"


def cell(at: int, text: str) -> str:
    """The clean file with one cell of its third row replaced."""
    return rows(change=lambda i, cells: [text if (i, j) == (2, at) else c for j, c in enumerate(cells)])


def counts(*lines: str) -> str:
    return "\n".join(["arm,n,orders", *lines]) + "\n"


FILES: dict[str, tuple[str | bytes, str]] = {
    "missing column": (rows("id,arm,bought"), "data.column_missing"),
    "missing arm column": (rows("id,variant,orders"), "data.column_missing"),
    "missing unit column": (rows("who,arm,orders"), "data.column_missing"),
    "unknown arm": (cell(1, "two-page"), ""),
    "arm in another case": (rows(change=lambda _, c: [c[0], c[1].upper(), c[2]]), ""),
    "one arm": (rows(change=lambda _, c: [c[0], "control", c[2]]), ""),
    "empty file": ("", ""),
    "header only": ("id,arm,orders\n", "data.no_rows"),
    "nan": (cell(2, "NaN"), ""),
    "infinity": (cell(2, "inf"), ""),
    "negative share": (cell(2, "-1"), ""),
    "share above one": (cell(2, "2"), ""),
    "half a success": (cell(2, "0.5"), ""),
    "words for a number": (cell(2, "many"), ""),
    "empty outcome": (cell(2, ""), ""),
    "date for a number": (cell(2, "2025-01-07"), ""),
    "decimal comma": (rows("id;arm;orders").replace(",", ";").replace(";1\n", ";1,0\n"), ""),
    "duplicate header": (rows("id,arm,arm"), ""),
    "ragged line": (rows().replace("u3,control,0", "u3,control,0,9,9"), ""),
    "short line": (rows().replace("u3,control,0", "u3"), ""),
    "another delimiter": (rows().replace(",", "\t"), ""),
    "latin-1": (rows(change=lambda _, c: [f"{c[0]}é", *c[1:]]).encode("latin-1"), ""),
    "utf-16": (rows().encode("utf-16"), ""),
    "binary": (bytes(range(256)) * 40, ""),
    "zeros": (b"\x00" * 5000, ""),
    "a web page": ("<!doctype html><title>Sign in</title><p>Please sign in, again</p>\n", ""),
    "unclosed quote": (rows().replace("u3,", '"u3,'), ""),
    "excel that is none": (b"no workbook", ""),
    "parquet that is none": (b"no columns", ""),
}
SUFFIX = {"excel that is none": ".xlsx", "parquet that is none": ".parquet"}

COUNTS: dict[str, tuple[tuple[str, ...], str]] = {
    "successes above n": (("control=100:101", "one-page=100:5"), "counts.successes_above_n"),
    "negative n": (("control=-100:10", "one-page=100:5"), ""),
    "negative successes": (("control=100:-10", "one-page=100:5"), ""),
    "nothing seen": (("control=0:0", "one-page=100:5"), ""),
    "not a number": (("control=nan:5", "one-page=100:5"), ""),
    "infinite": (("control=inf:5", "one-page=100:5"), ""),
    "half a unit": (("control=100.5:5", "one-page=100:5"), ""),
    "half a success": (("control=100:5.5", "one-page=100:5"), ""),
    "decimal comma": (("control=100,5:5", "one-page=100:5"), ""),
    "no colon": (("control=100", "one-page=100:5"), "counts.value_missing"),
    "no name": (("=100:5", "one-page=100:5"), ""),
    "one arm": (("control=100:5",), ""),
    "the same arm twice": (("control=100:5", "control=100:6", "one-page=100:5"), ""),
    "unknown arm": (("control=100:5", "two-page=100:6"), ""),
    "a mean for a share": (("control=100:mean=3:sd=1", "one-page=100:mean=3:sd=1"), ""),
}

PLANS: dict[str, tuple[str, str]] = {
    "no yaml": (FINISHED.replace("experiment: checkout", "experiment: [checkout"), "plan.not_yaml"),
    "a tab": (FINISHED.replace("  change:", "\tchange:"), "plan.not_yaml"),
    "a list": ("- one\n- two\n", "plan.not_a_plan"),
    "empty": ("", "plan.not_a_plan"),
    "unknown key": (FINISHED + "winner: one-page\n", ""),
    "unknown key inside": (FINISHED.replace("  control: control", "  control: control\n  aplha: 0.05"), ""),
    "the same key twice": (FINISHED + "experiment: again\n", "plan.not_yaml"),
    "alpha of one": (FINISHED.replace("  control: control", "  control: control\n  alpha: 1"), ""),
    "alpha of zero": (FINISHED.replace("  control: control", "  control: control\n  alpha: 0"), ""),
    "negative effect": (FINISHED.replace("size: 0.1", "size: -0.1"), ""),
    "endless effect": (FINISHED.replace("size: 0.1", "size: .inf"), ""),
    "an effect that is none": (FINISHED.replace("size: 0.1", "size: .nan"), ""),
    "effect in words": (FINISHED.replace("size: 0.1", "size: ten percent"), ""),
    "no minimum effect": (FINISHED.replace("  minimum_effect:\n    size: 0.1\n    scale: relative\n", ""), ""),
    "guardrail without margin": (
        FINISHED.replace(
            "  minimum_effect", "    - {name: l, role: guardrail, kind: mean, column: l}\n  minimum_effect"
        ),
        "",
    ),
    "two primaries": (
        FINISHED.replace("  minimum_effect", "    - {name: l, role: primary, kind: mean, column: l}\n  minimum_effect"),
        "",
    ),
    "no primary": (FINISHED.replace("role: primary", "role: secondary"), ""),
    "control unknown": (FINISHED.replace("  control: control", "  control: kontrol"), ""),
    "one arm": (FINISHED.replace("    - name: one-page\n      label: One page\n", ""), ""),
    "two arms of one name": (FINISHED.replace("name: one-page", "name: control"), ""),
    "covariate after assignment": (
        FINISHED.replace("  control: control", "  control: control\n  covariates: [p]\n  after_assignment: [p]"),
        "",
    ),
    "segment by the outcome": (
        FINISHED.replace("  control: control", "  control: control\n  segments: [{column: orders}]"),
        "plan.outcome_shown",
    ),
    "ratio without denominator": (FINISHED.replace("kind: proportion", "kind: ratio"), ""),
    "weight of zero": (FINISHED.replace("label: One page", "weight: 0"), ""),
    "one unit committed": (FINISHED.replace("committed_units: 20000", "committed_units: 1"), ""),
    "units in words": (FINISHED.replace("committed_units: 20000", "committed_units: enough"), ""),
    "no day of this world": (FINISHED.replace("when: 2025-01-07", "when: 2025-02-30"), ""),
    "a decision still to come": (FINISHED.replace("when: 2025-01-07", "when: 2999-01-07"), "plan.attested_to_come"),
    "a name no file can have": (FINISHED.replace("experiment: checkout", "experiment: ../../etc"), ""),
    "a vague reason": (
        FINISHED.replace("A third of all carts are left on the second page.", "TBD"),
        "plan.open_question",
    ),
}

CALLS: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown experiment": (("analyze", "nothing", *ENOUGH), "experiment.unknown"),
    "no data": (("analyze", "checkout"), "data.one_source"),
    "two kinds of data": (("analyze", "checkout", "plans/checkout.yaml", *ENOUGH), "data.one_source"),
    "file missing": (("analyze", "checkout", "no-such.csv"), "counts.file_missing"),
    "rows file missing": (("look", "no-such.csv", "--arm-column", "a", "--metric", "m", "--kind", "mean"), ""),
    "unknown cut": (("analyze", "checkout", *ENOUGH, "--cut", "device"), ""),
    "early without a reason": (("analyze", "checkout", *ENOUGH, "--unblind"), "look.no_reason"),
    "registered twice": (("register", "plans/checkout.yaml"), "plan.registered"),
    "amended without a reason": (("register", "plans/checkout.yaml", "--amend"), ""),
    "amended without a change": (("register", "plans/checkout.yaml", "--amend", "--reason", "so"), "plan.unchanged"),
    "closed unread": (("close", "checkout"), "close.not_read"),
    "closed early without a reason": (("close", "checkout", "--early"), "close.no_reason"),
    "readout of nothing": (("readout", "checkout"), "readout.no_look"),
    "plan of nothing": (("plan", "show", "nothing"), "experiment.unknown"),
    "log of nothing": (("log", "nothing"), "experiment.unknown"),
    "no plan file": (("register", "no-such.yaml"), "plan.no_file"),
    "a folder for a plan": (("register", "plans"), ""),
    "a folder for data": (("analyze", "checkout", "plans"), ""),
    "a workspace twice": (("init", "--name", "Eve"), "workspace.exists"),
    "unknown command": (("analyse", "checkout"), "call.usage"),
    "unknown option": (("analyze", "checkout", "--peek"), "call.usage"),
    "no control": (("look", "--arm", "a=10:1", "--arm", "b=10:2"), "look.no_control"),
    "unknown control": (("look", "--arm", "a=10:1", "--arm", "b=10:2", "--control", "c"), "look.unknown_control"),
    "group without a range": (("look", "plans/checkout.yaml", "--by", "x", "--in", "week"), ""),
    "baseline above all": (("size", "--baseline", "140%", "--effect", "5%"), ""),
    "effect of nothing": (("size", "--baseline", "4%", "--effect", "0%"), ""),
}

TOOLS: dict[str, tuple[str, str, str]] = {
    "unknown tool": ("no_such_tool", "{}", "tool.unknown"),
    "no json": ("compare_proportions", "{not json", ""),
    "a list": ("compare_proportions", "[1, 2]", ""),
    "nothing": ("compare_proportions", "", ""),
    "unknown argument": ("compare_proportions", '{"winner": "b"}', ""),
    "not a number": ("compare_proportions", '{"n": NaN}', ""),
}


def entries(run) -> list[dict[str, object]]:
    return list(json.loads(run("log", "--json").stdout))


def refused(run, *args: object, code: str = "", json_option: bool = True) -> list[dict[str, object]]:
    """The call in both languages: exit code 2, reasons and cures, nothing recorded but the refusals."""
    before = entries(run)
    people = run(*args)
    program = run(*args, *(["--json"] if json_option else []))
    assert (people.exit_code, program.exit_code) == (2, 2), people.stdout + people.stderr
    found = json.loads(program.stdout)["refused"]
    assert found
    assert all(r["reason"].strip() and r["cure"].strip() for r in found), found
    assert not code or code in {r["code"] for r in found}, found
    assert "Traceback" not in people.stderr + program.stderr
    if json_option:
        shown = "".join(people.stderr.split())
        # Boxes are drawn around lines: compare letters only.
        assert "".join(found[0]["reason"].split())[:30] in shown.replace("│", ""), people.stderr
    after = entries(run)
    assert after[: len(before)] == before
    assert {e["kind"] for e in after[len(before) :]} <= {"refused"}
    assert json.loads(run("verify", "--json").stdout)["sound"] is True
    return list(found)


@pytest.mark.parametrize("name", FILES)
def test_files(run, place, name):
    """A file that does not fit its plan is refused before any number of it is used."""
    content, code = FILES[name]
    (place / "plans" / "rows.yaml").write_text(ROWS, encoding="utf-8")
    assert run("register", "plans/rows.yaml").exit_code == 0
    data = place / f"data{SUFFIX.get(name, '.csv')}"
    data.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(run, "analyze", "rows", data.name, code=code)


def test_the_clean_file(run, place):
    """The file of which the bad ones are made is none of them."""
    (place / "plans" / "rows.yaml").write_text(ROWS, encoding="utf-8")
    run("register", "plans/rows.yaml")
    (place / "data.csv").write_text(rows(), encoding="utf-8")
    assert run("analyze", "rows", "data.csv", "--no-readout").exit_code == 0


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("name", COUNTS)
def test_counts_typed_by_hand(run, name):
    """Counts that cannot be are refused."""
    arms, code = COUNTS[name]
    refused(run, "analyze", "checkout", *(part for arm in arms for part in ("--arm", arm)), code=code)


@pytest.mark.parametrize("name", PLANS)
def test_plans(run, place, name):
    """A plan that contradicts itself, or leaves open what must be decided, is not frozen."""
    text, code = PLANS[name]
    (place / "plans" / "bad.yaml").write_text(text, encoding="utf-8")
    refused(run, "register", "plans/bad.yaml", code=code)


def test_plan_in_another_encoding(run, place):
    """A plan file that is no UTF-8 is refused."""
    (place / "plans" / "bad.yaml").write_bytes(FINISHED.replace("page", "pagé").encode("latin-1"))
    refused(run, "register", "plans/bad.yaml", code="plan.unreadable")


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("name", CALLS)
def test_calls(run, name):
    """A call that cannot be meant is refused."""
    args, code = CALLS[name]
    refused(run, *args, code=code)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("name", TOOLS)
def test_tools(run, name):
    """A tool refuses in JSON, with its reason and cure."""
    tool, text, code = TOOLS[name]
    refused(run, "tool", tool, "--json", text, code=code, json_option=False)


@pytest.mark.usefixtures("checkout")
def test_closing_twice_and_reading_after(run):
    """What is closed stays closed: no second close, no look, no amendment."""
    assert run("analyze", "checkout", *ENOUGH, "--no-readout").exit_code == 0
    assert run("close", "checkout").exit_code == 0
    refused(run, "close", "checkout", code="close.closed")
    refused(run, "analyze", "checkout", *ENOUGH, code="look.closed")
    refused(run, "register", "plans/checkout.yaml", "--amend", "--reason", "again", code="plan.closed")


def test_plan_altered_by_hand(run, checkout):
    """A plan file that is no longer the registered plan is refused."""
    checkout.write_text(FINISHED.replace("size: 0.1", "size: 0.01"), encoding="utf-8")
    refused(run, "analyze", "plans/checkout.yaml", *ENOUGH, code="plan.altered")


def test_data_altered_after_analysis(run, place):
    """``verify`` ends with exit code 2 and names the file."""
    (place / "plans" / "rows.yaml").write_text(ROWS, encoding="utf-8")
    (place / "data.csv").write_text(rows(), encoding="utf-8")
    run("register", "plans/rows.yaml")
    assert run("analyze", "rows", "data.csv", "--no-readout").exit_code == 0
    (place / "data.csv").write_text(cell(2, "1"), encoding="utf-8")
    found = run("verify", "--json")
    assert found.exit_code == 2
    assert "has changed since it was read" in " ".join(json.loads(found.stdout)["faults"])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("log",), "workspace.not_found"),
        (("analyze", "checkout", *ENOUGH), "workspace.not_found"),
        (("verify",), "workspace.not_found"),
    ],
)
def test_no_workspace(run, command, code):
    """Outside a workspace every command says how to make one."""
    result = run(*command, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["refused"][0]["code"] == code
    assert "expcopilot init" in json.loads(result.stdout)["refused"][0]["cure"]


@pytest.mark.parametrize("settings", ["[person\n", "", "[person]\nname = 7\n", "nobody = 1\n", "\x00"])
def test_broken_settings(run, checkout, settings):
    """A settings file that cannot be read is named, with what is wrong."""
    (checkout.parents[1] / "expcopilot.toml").write_text(settings)
    result = run("log", "--json")
    assert result.exit_code == 2
    assert all(r["code"].startswith("settings.") and r["cure"] for r in json.loads(result.stdout)["refused"])


@pytest.mark.parametrize("how", ["garbage", "empty", "newer", "gone", "another", "folder"])
def test_broken_ledger(run, checkout, how):
    """A ledger that is damaged, newer, gone or no ledger is refused, and never begun anew."""
    place: Path = checkout.parents[1]
    path = place / "ledger.sqlite"
    whole = path.read_bytes()
    if how == "newer":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
    for file in place.glob("ledger.sqlite-*"):
        file.unlink()
    match how:
        case "garbage":
            path.write_bytes(whole[:50] + b"garbage" * 2000)
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case "folder":
            path.unlink()
            path.mkdir()
        case "another":
            path.unlink()
            with sqlite3.connect(path) as connection:
                connection.execute("CREATE TABLE cookies (a)")
            connection.close()
        case _:
            pass
    before = path.read_bytes() if path.is_file() else None
    for command in (("log",), ("analyze", "checkout", *ENOUGH), ("register", "plans/checkout.yaml")):
        result = run(*command, "--json")
        assert result.exit_code == 2, result.stdout
        assert all(r["code"].startswith("ledger.") and r["cure"] for r in json.loads(result.stdout)["refused"])
    assert (path.read_bytes() if path.is_file() else None) == before
