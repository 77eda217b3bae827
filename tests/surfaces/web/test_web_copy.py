"""Copy on the page: marks in the text, evidence beside them, decisions that the record holds as the terminal's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from copy_on_page import HOSTILE, LOUD, OnPage, brought, review
from expcopilot.api import Copilot
from expcopilot.memory.workspace import Workspace
from expcopilot.surfaces.cli.main import cli
from web_markup import Markup
from webbing import Visitor, workspace_for_web
from writing import FACT, TEXT, brief, variant


@pytest.fixture
def copy(visitor: Visitor, request: pytest.FixtureRequest) -> OnPage:
    """Ada before a brief of this test's own: v1 and v3 claim nothing, v2 claims twice."""
    name = request.node.name.removeprefix("test_")[:40]
    brought(visitor.web.folder, name)
    return OnPage(visitor, name)


def terminal(folder: Path, *words: str) -> None:
    """A command as typed in the workspace."""
    done = CliRunner().invoke(cli, ["-C", str(folder), *words], prog_name="expcopilot")
    assert done.exit_code == 0, done.output


def kept(folder: Path, name: str) -> list[tuple[str, str, str]]:
    """Every entry: kind, actor, payload; without what hangs on its moment, as the basis of an approval does."""
    with Workspace.open(folder) as workspace:
        entries = [(e.kind, e.actor, dict(e.payload)) for e in workspace.ledger.entries(name)]
    for kind, _, payload in entries:
        if kind == "proposed" and payload["gate"] == "variants":
            payload["content"] = {key: value for key, value in payload["content"].items() if key != "basis"}
        elif kind == "decided":
            payload["digest"] = ""
        elif kind == "exported":
            payload["files"] = [file for file, _ in payload["files"]]
    return [(kind, actor, json.dumps(payload, sort_keys=True)) for kind, actor, payload in entries]


def refused(copy: OnPage) -> list[str]:
    """Codes of the refusals on record, in order."""
    with Workspace.open(copy.folder) as workspace:
        found = [e.payload for e in workspace.ledger.entries(copy.name) if e.kind == "refused"]
    return [r["code"] for entry in found for r in entry["refusals"]]


def test_marks_stand_in_the_text(copy):
    """Each claim is a mark in its words, says its kind as text, and leads to what stands behind it."""
    page = copy.markup
    card = page.all("article", id="v2")[0]
    title = " ".join(card.all("dd", class_="exact")[0].text.split())
    assert title == "Over [C1 statistic:40%]C1 statistic come back"
    for mark in card.all("a", class_="mark-label"):
        target = page.all(id=mark.attributes["href"].removeprefix("#"))
        assert len(target) == 1
        assert "open" in target[0].parent.all("summary")[0].text
    assert [dd.text for dd in page.all("article", id="v3")[0].all("dd", class_="exact")] == list(TEXT["v3"])
    assert "Come back and save 20%" in page.all("article", class_="is-control")[0].text
    row = next(tr for tr in page.all("table", class_="distances")[0].all("tr") if tr.all("th")[0].text == "v1")
    assert [cell.text.strip() == "–" for cell in row.all("td")] == [False, True, False, False]
    panel = copy.visitor.markup(f"/e/{copy.name}").all("section", id="copy")[0]
    assert "2 open" in panel.text
    assert panel.all("a")[0].attributes["href"] == copy.at


def test_every_decision_is_the_terminals(copy, tmp_path):
    """The same decisions by mouse and by command leave the same entries, but for their moment."""
    folder, twin, name = copy.folder, workspace_for_web(tmp_path / "twin"), copy.name
    brought(twin, name)
    assert kept(folder, name) == kept(twin, name)
    mark, exact = ("mark", name, "v2"), ("--digest", review(twin, name, "v2").digest)
    copy.press("source", "v2", "C2", source="pause-terms", quotation=FACT)
    terminal(twin, *mark, "C2", "--source", "pause-terms", "--quote", FACT, *exact)
    copy.press("waive", "v2", "C1", reason="Our May figures")
    terminal(twin, *mark, "C1", "--waive", "Our May figures", *exact)
    copy.press("undo", "v2", "C2", reason="The terms change")
    terminal(twin, *mark, "C2", "--undo", "The terms change", *exact)
    copy.press("waive", "v2", "C2", reason="Legal agreed")
    terminal(twin, *mark, "C2", "--waive", "Legal agreed", *exact)
    for one in ("v2", "v1"):
        copy.press("approve", one, reason="Reads well")
        terminal(twin, "approve", name, one, "--digest", review(twin, name, one).digest, "--reason", "Reads well")
    copy.press("reject", "v3", reason="Too loud")
    terminal(
        twin, "approve", name, "v3", "--reject", "--reason", "Too loud", "--digest", review(twin, name, "v3").digest
    )
    assert copy.hand_over("growthbook").status_code == 200
    terminal(twin, "export", name, "--format", "growthbook")
    assert kept(folder, name) == kept(twin, name)
    (theirs,) = (twin / "handover").rglob("*.growthbook.json")
    assert copy.visitor.get(copy.handed()[0]).content == (folder / theirs.relative_to(twin)).read_bytes()


def test_evidence_is_shown_in_its_source(copy):
    """A sourced claim shows the quotation with what stands around it, where, and until when; a waiver its name."""
    copy.press("source", "v2", "C2", source="pause-terms", quotation=FACT)
    copy.press("waive", "v2", "C1", reason="Our May figures")
    page = copy.markup
    quoted = page.all("figure", class_="quoted")[0]
    assert " ".join(quoted.all("mark")[0].text.split()) == FACT
    assert "not charged while paused. In May," in " ".join(quoted.all("blockquote")[0].text.split())
    assert "counts until 2099-01-01" in quoted.text
    waived = " ".join(page.all(id="v2-C1")[0].text.split())
    assert "Ada, 20" in waived
    assert "“Our May figures”" in waived


def test_what_is_not_there_is_refused_in_place(copy):
    """Words that do not stand in the source, a mark that is gone, a verb there is not: refused, and nothing settled."""
    bad = copy.press("source", "v2", "C1", source="pause-terms", quotation="Everybody comes back")
    assert (bad.status_code, "stays without a source" in bad.text) == (422, True)
    form = copy.form("waive", "v2", "C1")
    for said in ({"mark": "C9", "reason": "x"}, {"reason": "  "}, {"do": "publish"}, {"digest": "ed"}):
        assert copy.send(form, **said).status_code == 422, said
    assert copy.visitor.get(f"/e/{copy.name}/copy/autumn").status_code == 422
    assert copy.visitor.get(f"/e/nobody/copy/{copy.name}").status_code == 404
    assert copy.open_marks("v2") == ["C1", "C2"]


def test_another_text_than_the_one_seen_is_not_decided(copy):
    """Opened in one window and edited in another: what was seen is refused, by mark, approval and edit alike."""
    waive, approve, edit = copy.form("waive", "v2", "C1"), copy.form("approve", "v1"), copy.form("write", "v1")
    copy.press("write", "v2", **{"text.title": "Half of them come back"})
    copy.press("write", "v1", **{"text.title": "Take a rest"})
    for form, said in ((waive, {"reason": "ours"}), (approve, {}), (edit, {"text.title": "Take a nap"})):
        answer = copy.send(form, **said)
        assert answer.status_code == 422
        assert "is not the text that was seen" in answer.text
    assert refused(copy) == ["copy.changed"] * 3
    assert review(copy.folder, copy.name, "v1").variant.fields[0].text == "Take a rest"


def test_a_double_click_decides_once(copy):
    """The same form sent twice leaves one decision."""
    form = copy.form("approve", "v1")
    assert [copy.send(form).status_code for _ in range(2)] == [200, 200]
    assert copy.visitor.web.kinds(copy.name).count("decided") == 1


def test_nothing_leaves_while_anything_is_open(copy):
    """A hand-over is refused naming each open place, in the words of the page, and no file is there."""
    answer = copy.hand_over("csv")
    assert answer.status_code == 422
    assert "v2, title, characters 6 to 8" in answer.text
    assert "v1 is not approved by anybody" in answer.text
    assert "expcopilot mark" not in answer.text
    assert copy.name not in [path.name for path in (copy.folder / "handover").glob("*")]
    assert copy.hand_over("telegram").status_code == 422


def test_a_file_that_was_changed_is_not_passed_off(copy):
    """What was handed over is downloaded only as it left; a changed file, or another path, is refused."""
    for one in ("v1", "v3"):
        copy.press("approve", one)
    copy.press("reject", "v2", reason="no")
    assert copy.hand_over("csv").status_code == 200
    (link,) = copy.handed()
    assert "Take a break" in copy.visitor.get(link).text
    (file,) = (copy.folder / "handover" / copy.name).glob("*.csv")
    file.write_text("something else")
    assert copy.visitor.get(link).status_code == 422
    assert copy.handed() == []
    assert copy.visitor.get(f"{copy.at}/handed/..%2f..%2f..%2fexpcopilot.toml").status_code == 422


def test_hostile_copy_is_inert_and_exact(visitor):
    """Script, turned text, templates: shown letter by letter, hidden characters visible, nothing of it an element."""
    brought(visitor.web.folder, "hostile", v1=HOSTILE, v2=LOUD)
    copy = OnPage(visitor, "hostile")
    page, said = copy.markup, copy.visitor.get(copy.at).text
    exact = page.all("article", id="v1")[0].all("dd", class_="exact")
    assert {e.tag for dd in exact for e in dd.walk()} <= {"dd", "mark", "span", "a"}
    assert not page.all("svg") + page.all("img")
    assert all(e.attributes.get("src", "").startswith("/assets/") for e in page.all("script"))
    assert not [name for e in page.walk() for name in e.attributes if name.startswith("on")]
    assert "\u202e" not in "".join(dd.text for dd in exact)
    assert "Two  blanks, &lt;b&gt; and {% raw %} 9 in 10." in exact[1].text
    assert "{{7*7}}" in said
    values = copy.form("write", "v1").values
    assert (values["text.title"], values["text.body"]) == HOSTILE


def test_names_with_slashes_lead_to_their_own_page(visitor):
    """A brief and an experiment may be called anything: the panel's link opens exactly that copy."""
    name, own = "Q3/Q4 50% off?", "a/../b#1"
    copilot = Copilot.open(visitor.web.folder)
    with copilot.workspace:
        copilot.import_variants(brief(id=own, experiment=name), [variant("v1", brief=own)], model=None)
    panel = visitor.markup("/e/Q3%2FQ4%2050%25%20off%3F").all("section", id="copy")[0]
    page = visitor.markup(panel.all("a")[0].attributes["href"])
    assert page.all("h1")[0].text == f"Copy: {own}"
    form = next(f for f in page.forms if f.values.get("do") == "approve")
    assert visitor.client.post(form.action, data=form.values).status_code == 200
    assert visitor.web.kinds(name).count("decided") == 1


def test_only_a_page_of_the_session_decides(copy):
    """Without the session's token nothing is decided; a page is only looked at by whoever is in."""
    form = copy.form("approve", "v1")
    assert copy.send(form, csrf="0" * 64).status_code == 403
    with Visitor(copy.visitor.web) as stranger:
        assert stranger.get(copy.at).status_code == 401
    assert copy.visitor.web.kinds(copy.name).count("decided") == 0
    assert "Approve this text" in Markup(copy.visitor.get(copy.at).text).visible
