"""The history on the page: the ledger in plain words, by pages, and the button that finds what was tampered with."""

from __future__ import annotations

import itertools
import json
import sqlite3

import pytest
from click.testing import CliRunner

from checkout_rows import write_rows
from expcopilot.records.entry import Draft
from expcopilot.records.events import Said
from expcopilot.surfaces.cli.main import cli
from tests_plan import plan
from web_markup import Markup
from webbing import GRACE


def said(number: int, actor: str = "Ada <ada@example.com>", experiment: str = "checkout") -> Draft:
    record = Said(turn=f"t{number}", speaker="person", text=f"Line {number} <script>alert(1)</script>")
    return Draft(experiment=experiment, kind="said", actor=actor, payload=record.to_json(), key=f"said/{number}")


def texts(page: Markup, class_: str) -> list[str]:
    return [" ".join(e.text.split()) for e in page.all(class_=class_)]


@pytest.fixture(scope="module", autouse=True)
def long(web):
    """Two and a half thousand entries: a plan, lines of two people, and a refused attempt."""
    copilot = web.copilot()
    copilot.register(plan("checkout", units=2_000))
    copilot.ledger.append(*(said(i, GRACE if i % 10 == 0 else "Ada <ada@example.com>") for i in range(2_499)))
    copilot.workspace.close()


def test_thousands_of_entries_by_pages(visitor):
    """The newest fifty stand first, each in a line; older ones are a link away, down to the first."""
    page = visitor.markup("/history")
    assert "2,500 entries." in page.visible
    assert texts(page, "position") == [f"#{n}" for n in range(2_500, 2_450, -1)]
    assert texts(page, "what")[0].endswith("person: Line 2498 <script>alert(1)</script>")
    assert not [s for s in page.all("script") if not s.attributes.get("src")]
    (older,) = (a for a in page.all("a") if a.text == "Older entries")
    assert texts(visitor.markup(older.attributes["href"]), "position")[0] == "#2450"
    last = visitor.markup("/history?before=3")
    assert texts(last, "position") == ["#2", "#1"]
    assert "registered plan" in texts(last, "what")[-1]
    assert not [a for a in last.all("a") if a.text == "Older entries"]


def test_by_kind_and_person(visitor):
    """Only looks, only refused attempts, only one person's: each with its number; nonsense shows all or nothing."""
    grace = visitor.markup("/history?kind=said&person=" + GRACE.replace("<", "%3C").replace(">", "%3E"))
    assert "250 entries." in grace.visible
    assert set(texts(grace, "who-did")) == {GRACE}
    assert "1 entry." in visitor.markup("/e/checkout/history?kind=registered").visible
    assert "0 entries." in visitor.markup("/history?kind=looked").visible
    assert "2,500 entries." in visitor.markup("/history?kind=%3Cscript%3E&before=x").visible
    assert visitor.get("/e/nobody/history").status_code == 404


def test_refused_attempts_stand_with_every_reason(visitor, tmp_path):
    """A refused look is in the history, with all its reasons in the page's own words."""
    path = write_rows(tmp_path / "wrong.csv", (5, 5), 40, header="visitor,group,bought,device")
    with path.open("rb") as stream:
        visitor.post("/e/checkout/data", files={"data": ("wrong.csv", stream)})
    assert visitor.post("/e/checkout/look", {"file": "wrong.csv", "key": "k"}).status_code == 422
    page = visitor.markup("/e/checkout/history?kind=refused")
    (entry,) = page.all("li", class_="refused-entry")
    assert "refused analyze" in entry.text
    assert len(entry.all("li")) >= 2


def test_the_download_is_what_the_terminal_prints(visitor, web, monkeypatch):
    """JSON lines, an entry a line: of everything, or of one experiment, as `expcopilot log --json` has them."""
    answer = visitor.get("/e/checkout/history.jsonl")
    assert answer.headers["content-disposition"] == 'attachment; filename="checkout.jsonl"'
    monkeypatch.chdir(web.folder)
    printed = CliRunner().invoke(cli, ["log", "checkout", "--json"], prog_name="expcopilot")
    assert [json.loads(line) for line in answer.text.splitlines()] == json.loads(printed.stdout)
    assert visitor.get("/history.jsonl").text.count("\n") == len(web.kinds())
    assert visitor.get("/e/nobody/history.jsonl").status_code == 404


def test_what_was_learned(visitor):
    """Without a look nothing was learned, and the page says so."""
    assert "Nothing was read yet" in visitor.markup("/learned").visible
    assert "No earlier tests share words" in visitor.markup("/learned?idea=a+short+form").visible


def test_verify_finds_a_tampered_ledger(serving):
    """Sound at first; after one stored word was changed behind its back, not sound; nor by heads kept elsewhere."""
    web = serving()
    copilot = web.copilot()
    copilot.register(plan("checkout", units=2_000))
    copilot.ledger.append(*(said(i) for i in range(5)))
    copilot.workspace.close()
    with web.enter() as visitor:
        assert visitor.get("/history/verified").status_code == 422
        page = visitor.submit("/history", "/history/verify")
        assert page.url.path == "/history/verified"
        assert "Sound: no difference found" in Markup(page.text).visible
        head = visitor.markup("/history").all("code")[0].text
        assert "Sound" in visitor.submit("/history", "/history/verify", heads=head).text
        other = visitor.submit("/history", "/history/verify", heads=f"3:{'a' * 64}")
        assert "Not sound" in other.text
        assert visitor.submit("/history", "/history/verify", heads="nonsense").status_code == 422
        with sqlite3.connect(web.folder / "ledger.sqlite") as ledger:
            ledger.execute("DROP TRIGGER entries_no_update")
            ledger.execute("UPDATE entries SET payload = replace(payload, 'Line 3', 'Line 4') WHERE position = 5")
        ledger.close()
        page = visitor.submit("/history", "/history/verify")
        shown = Markup(page.text)
        assert "Not sound" in shown.visible
        assert any("5" in fault for fault in texts(shown, "gone"))
        assert "not sound" in visitor.get("/history").text


def test_readable_without_a_style_or_a_script(visitor):
    """The history needs no script: headings in order, labels on every field, forms that are plain forms."""
    page = visitor.markup("/history")
    levels = [int(e.tag[1]) for e in page.walk() if e.tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    labelled = {e.attributes.get("for") for e in page.all("label")}
    for form in page.forms:
        for element in form.element.walk():
            if element.tag in {"select", "textarea", "input"} and element.attributes.get("type") != "hidden":
                assert element.attributes.get("id") in labelled
