"""``expcopilot claims``: files in, marks out, exit codes a repository can gate on; no workspace, no model."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from chatting import COMMAND, Chat
from copilot_tools.wording.claims.marks import CLAIM_KINDS
from expcopilot.surfaces.cli import claims_report

COPY = "Hello there.\r\nThe best tea, 👍 only 3 left.\r\nIt has 7 grades.\r\n"


@pytest.fixture
def copy(tmp_path):
    """A file of copy with two claims and one open sentence, none of them on the first line."""
    path = tmp_path / "copy.txt"
    path.write_bytes(COPY.encode())
    return path


def test_text_says_place_kind_and_reason(run, copy):
    """For people: file, line, column, kind, words and why, then a count by kind; exit code 1."""
    done = run("claims", copy.name)
    assert done.exit_code == 1
    assert "copy.txt:2:1 superlative: “The best tea”" in done.stdout
    assert "copy.txt:2:17 scarcity: “only 3 left”" in done.stdout
    assert "copy.txt:3:1 unclassified: “It has 7 grades.”" in done.stdout
    assert "3 open in 3 sentences" in done.stdout


def test_nothing_open_is_exit_code_0(run):
    """Clean copy on standard input passes, and says so."""
    done = run("claims", "-", stdin="Hello there. Thank you for your order.\n")
    assert done.exit_code == 0
    assert "No claim in 2 sentences" in done.stdout


def test_json_gives_offsets_of_the_file(run, copy):
    """For programs: every claim and sentence with offsets, line, column and its very text; --json is the same."""
    done = run("claims", copy.name, "--format", "json")
    assert done.stdout == run("claims", copy.name, "--json").stdout
    scan = json.loads(done.stdout)["scans"][0]
    for found in (*scan["claims"], *scan["sentences"]):
        assert COPY[found["start"] : found["end"]] == found["text"]
    assert json.loads(done.stdout)["summary"] == {"scarcity": 1, "superlative": 1, "unclassified": 1}


def test_sarif_is_what_code_scanning_reads(run, copy):
    """SARIF 2.1.0: one run, rules for every kind, results whose rule exists and whose region holds the words."""
    log = json.loads(run("claims", copy.name, "--format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert rules == [*(f"claim/{kind}" for kind in CLAIM_KINDS), "unclassified"]
    lines = COPY.split("\r\n")
    assert len(found["results"]) == 3
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        assert place["artifactLocation"]["uri"] == "copy.txt"
        assert region["startLine"] == region["endLine"]
        line = lines[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == region["snippet"]["text"]


def test_github_annotations_cannot_be_forged(run, tmp_path):
    """Workflow commands, one a finding; line breaks, percent and colons in file or copy stay inside their command."""
    (tmp_path / "a,b:c.txt").write_text("The best 100% ::error::tea\nonly\n3 left\n", encoding="utf-8")
    done = run("claims", "a,b:c.txt", "--format", "github")
    assert done.exit_code == 1
    for line in done.stdout.splitlines():
        assert re.match(r"::warning file=a%2Cb%3Ac\.txt,line=\d+,endLine=\d+,col=\d+(,endColumn=\d+)?,title=\S", line)
    assert "100%25" in done.stdout


def test_markdown_and_html_are_read_as_seen(run, tmp_path):
    """Code and scripts are not scanned; what a reader sees is, at its place in the source."""
    (tmp_path / "a.md").write_text("# The **best** tea in town\n\n`the best`\n", encoding="utf-8")
    (tmp_path / "a.html").write_text("<script>'the best'</script><p>Only <b>3</b> left</p>", encoding="utf-8")
    scans = json.loads(run("claims", "a.md", "a.html", "--json").stdout)["scans"]
    assert [c["text"] for c in scans[0]["claims"]] == ["The **best** tea in town"]
    assert [c["text"] for c in scans[1]["claims"]] == ["Only <b>3</b> left"]


def test_a_column_of_a_csv_is_scanned_row_by_row(run, tmp_path):
    """Each cell on its own, with its row and the line on which it begins, whatever line breaks the cells hold."""
    text = 'id,headline\n1,"Hello\nthere"\n2,Only 3 left\n3,Hi\n'
    (tmp_path / "ads.csv").write_text(text, encoding="utf-8")
    done = run("claims", "ads.csv", "--column", "headline")
    assert done.exit_code == 1
    assert "ads.csv:4:1 (row 2) scarcity: “Only 3 left”" in done.stdout
    assert "1 open in" in done.stdout
    assert run("claims", "ads.csv", "--column", "id").exit_code == 1  # bare figures must be looked at


def test_another_language(run, tmp_path):
    """German rules read German copy; what they do not know is left open."""
    (tmp_path / "a.txt").write_text("Jetzt kostenlos testen. Klimaneutral hergestellt.", encoding="utf-8")
    found = json.loads(run("claims", "a.txt", "--language", "de", "--json").stdout)
    assert found["summary"] == {"price": 1, "unclassified": 1}


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["none.txt"], "cannot be read"),
        (["ads.csv"], "which column"),
        (["ads.csv", "--column", "Headlin"], "no column"),
        (["twice.csv", "--column", "a"], "2 columns"),
        (["broken.csv", "--column", "b"], "not well-formed"),
        (["short.csv", "--column", "b"], "has 1 cells"),
        (["copy.txt", "--column", "a"], "not a CSV"),
        (["latin.txt"], "cannot be read"),
        (["."], "cannot be read"),
        ([], "Missing argument"),
        (["copy.txt", "--language", "it"], "Invalid value"),
    ],
)
@pytest.mark.usefixtures("copy")
def test_bad_input_is_refused(run, tmp_path, args, reason):
    """Every bad file or option is refused with its reason and exit code 2, never a traceback."""
    (tmp_path / "ads.csv").write_text("id,headline\n1,x\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text("a,a\n1,x\n", encoding="utf-8")
    (tmp_path / "broken.csv").write_text('a,b\n1,"x"y\n', encoding="utf-8")
    (tmp_path / "short.csv").write_text("a,b\n1\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    done = run("claims", *args)
    assert done.exit_code == 2
    assert reason in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""


def test_all_bad_files_are_named_at_once(run):
    """Two files that cannot be read are two reasons in one answer."""
    done = run("claims", "a.txt", "b.txt")
    assert done.exit_code == 2
    assert "a.txt" in done.output
    assert "b.txt" in done.output


def test_the_bar_moves_within_one_large_file(tmp_path):
    """A text file is one piece of copy: the characters told add up to it, sentence by sentence, in every format."""
    text = "\n\n".join(f"Put the box on hold in week {n}. Over {n}% come back." for n in range(60))
    for name in ("long.txt", "long.md", "long.html"):
        (tmp_path / name).write_text(text)
        told: list[int] = []
        claims_report.scan_file(str(tmp_path / name), None, "en", lambda _file, read, told=told: told.append(read))
        assert sum(told) == len(text)
        assert len(told) > 60
        assert max(told) < len(text) / 10
        assert min(told[1:]) > 0


def test_a_person_sees_how_far_a_long_scan_is(tmp_path):
    """In a real terminal a bar names the file and moves with its rows, and is gone in the end; programs see nothing."""
    # What is not read counts towards the bar's bytes and costs nothing: a few hundred rows make a long file.
    rows = "\n".join(f"Put the box on hold in week {n}.,{'x' * 300}" for n in range(400))
    (tmp_path / "long.csv").write_text(f"copy,note\n{rows}\n")
    with Chat(tmp_path, "claims", "long.csv", "--column", "copy", program=(COMMAND,)) as terminal:
        assert terminal.end() in {0, 1}
        seen, raw = terminal.text, terminal.raw
    assert "Scanning long.csv" in seen
    shares = {int(share) for share in re.findall(r"(\d+)% of 1\d\d kB", seen)}
    assert len(shares) > 1
    assert raw.count("\x1b[?25l") == raw.count("\x1b[?25h"), "the cursor is shown again"
    piped = subprocess.run(
        [COMMAND, "claims", "long.csv", "--column", "copy"], cwd=tmp_path, capture_output=True, check=False
    )
    assert piped.stderr == b""
