"""New copy and its evidence on the page: briefs typed, read or drafted, own variants, sources added and renewed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from copy_on_page import OnPage, brought, review
from expcopilot.memory.workspace import Workspace
from loopback.replies import Said
from loopback.server import Loopback
from webbing import Visitor
from writing import BRIEF, CSV, SOURCE, on_the_wire

TYPED = {
    "change": "The message names the pause instead of the discount",
    "audience": "Subscribers who have not ordered for a month",
    "because": "Many subscribers only want a break",
    "channel": "push",
    "language": "en",
    "k": "3",
}


def bring(visitor: Visitor, do: str, name: str = "", data: bytes = b"", **said: str):
    """The form of a new brief, sent with one of its buttons."""
    files = {"file": (name, data)} if name else {"file": ("", b"")}
    return visitor.post("/brief", {**TYPED, "do": do, **said}, files=files)


def kinds(folder: Path, name: str) -> list[str]:
    """What the record of an experiment holds."""
    with Workspace.open(folder) as workspace:
        return [entry.kind for entry in workspace.ledger.entries(name)]


def test_own_variants_are_brought_with_a_typed_brief(visitor):
    """A brief typed into the form and variants in a CSV file: the same copy as the terminal's, today's beside it."""
    control = "title: Come back and save 20%\nbody: It is waiting."
    answer = bring(visitor, "own", "own.csv", CSV.encode(), id="typed", control=control, notes="No\nshouting")
    assert (answer.status_code, answer.url.path) == (200, "/e/typed/copy/typed")
    copy = OnPage(visitor, "typed")
    assert copy.open_marks("v2") == ["C1", "C2"]
    assert "Come back and save 20%" in copy.markup.all("article", class_="is-control")[0].text


def test_what_is_missing_is_refused_together(visitor):
    """A form with holes names each; no file, a wrong column, no model: each is refused and nothing is recorded."""
    holes = bring(visitor, "own", "own.csv", CSV.encode(), id="holes", audience=" ", k="99")
    assert holes.status_code == 422
    assert "audience" in holes.text
    assert "99" in holes.text
    assert "columns id, mechanism, facts, title, body" in bring(visitor, "own", id="holes").text
    wrong = bring(visitor, "own", "own.csv", b"id,headline\nv1,Hello\n", id="holes")
    assert "the channel has no field" in wrong.text
    assert bring(visitor, "draft", id="holes").status_code == 422
    assert visitor.post("/brief", {**TYPED, "do": "read", "id": "holes"}).status_code == 422
    assert "drafted" not in kinds(visitor.web.folder, "holes")


def test_a_brief_file_is_read_into_the_form(visitor):
    """A brief file fills the form and records nothing; a broken one says what is wrong with it."""
    answer = bring(visitor, "read", "Spring pause.txt", f"Name: read-in\n{BRIEF.partition(chr(10))[2]}".encode())
    assert "was read into the form" in answer.text
    assert "Come back and save" in answer.text
    assert kinds(visitor.web.folder, "read-in") == []
    broken = bring(visitor, "read", "../../x.yaml", b"change: [")
    assert (broken.status_code, "x.yaml cannot be read" in broken.text) == (422, True)


def test_copy_is_edited_in_a_spreadsheet_and_brought_back(visitor):
    """The CSV file that is taken away comes back edited: that variant is replaced, the others stay as they were."""
    brought(visitor.web.folder, "sheet")
    copy = OnPage(visitor, "sheet")
    rows = list(csv.DictReader(io.StringIO(visitor.get(f"{copy.at}/variants.csv").text)))
    assert [row["id"] for row in rows] == ["v1", "v2", "v3"]
    before = {name: review(copy.folder, "sheet", name).digest for name in ("v1", "v3")}
    rows[1]["title"] = "Half come back"
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    path = f"{copy.at}/own-variants"
    assert visitor.post(path, files={"file": ("edited.csv", out.getvalue().encode())}).status_code == 200
    assert review(copy.folder, "sheet", "v2").variant.fields[0].text == "Half come back"
    assert {name: review(copy.folder, "sheet", name).digest for name in before} == before


def test_a_variant_is_written_in_place(visitor):
    """A new variant gets the next name; one without text is refused; a near-duplicate is left out and said to be."""
    brought(visitor.web.folder, "inplace")
    copy = OnPage(visitor, "inplace")
    texts = {"text.title": "Back when you like", "text.body": "Your kitchen,\r\nyour pace."}
    assert visitor.post(copy.at, {"do": "write", "mechanism": "autonomy", **texts}).status_code == 200
    made = review(copy.folder, "inplace", "v4").variant
    assert (made.mechanism, made.author, made.fields[1].text) == ("autonomy", "person", "Your kitchen,\nyour pace.")
    assert visitor.post(copy.at, {"do": "write", "text.title": " "}).status_code == 422
    same = visitor.post(copy.at, {"do": "write", **texts})
    assert "Left out: too near to another text" in same.text
    assert len(copy.markup.all("article")) == 5


def test_copy_is_drafted_and_drafted_afresh(serving):
    """The model drafts and checks, in the experiment's record; drafted afresh, what was decided is open again."""
    web = serving(script=on_the_wire())
    with web.enter() as ada:
        answer = bring(ada, "draft", id="spring")
        assert (answer.status_code, answer.url.path) == (200, "/e/spring/copy/spring")
        copy = OnPage(ada, "spring")
        assert kinds(web.folder, "spring").count("checked") == 3
        assert review(web.folder, "spring", "v1").variant.author == "model"
        other = bring(ada, "draft", id="spring", change="Another change")
        assert "Draft afresh with the button on its page" in other.text
        sent = len(web.model.requests)
        assert bring(ada, "draft", id="spring").status_code == 200
        assert len(web.model.requests) == sent, "what stands is not asked for again"
        copy.press("approve", "v1")
        web.model.script = on_the_wire(draft=lambda _: [])
        assert ada.post(copy.at, {"do": "again"}).status_code == 200
        assert len(web.model.requests) > sent


def test_a_model_that_fails_leaves_the_form(serving):
    """An answer of no use is refused where one looks, kept as an attempt, and the same form sent again is drafted."""
    web = serving(model=Loopback(lambda _: Said(text="No.", stop="refusal")))
    with web.enter() as ada:
        failed = bring(ada, "draft", id="spring")
        assert failed.status_code == 422
        assert "refused" in kinds(web.folder, "spring")
        assert "drafted" not in kinds(web.folder, "spring")
        web.model.script = on_the_wire()
        assert bring(ada, "draft", id="spring").status_code == 200
        assert "drafted" in kinds(web.folder, "spring")


def add(visitor: Visitor, name: str = "", data: bytes = b"", **said: str):
    """The form of a new source."""
    files = {"file": (name, data)} if name else {"file": ("", b"")}
    given = {"owner": "Ada", "kind": "terms", "expires": "2099-01-01", "title": "", "text": "", "language": "en"}
    return visitor.post("/sources", {**given, **said}, files=files)


def test_sources_are_added_read_and_renewed(visitor):
    """A file or pasted words count from then on; a later last day renews; every card is the terminal's."""
    assert add(visitor, "Pause terms (May).md", SOURCE.encode()).status_code == 200
    pasted = "In June, 3 of 4 readers\r\nopened it."
    assert add(visitor, title="June survey", text=pasted, kind="survey").status_code == 200
    folder = visitor.web.folder / "sources"
    assert (folder / "June survey.txt").read_text() == "In June, 3 of 4 readers\nopened it.\n"
    shown = visitor.markup("/sources?read=june-survey").all(id="source-june-survey")[0]
    assert "counts today" in shown.text
    assert "3 of 4 readers" in shown.all("pre")[0].text
    renewed = visitor.post(
        "/sources/renew", {"source": "June survey.txt", "owner": "Grace", "kind": "survey", "expires": "2098-01-01"}
    )
    assert "Grace answers for it · until 2098-01-01" in renewed.text
    (folder / "June survey.txt").write_text("In June, 4 of 4 readers opened it.\n")
    assert "changed since it was added" in visitor.get("/sources").text
    visitor.post("/sources/renew", {"source": "June survey.txt"})
    assert "changed since it was added" not in visitor.get("/sources").text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.exe", b"MZ", {}),
        ("empty.md", b" ", {}),
        ("terms.md", b"text", {"expires": "2020-01-01"}),
        ("terms.md", b"text", {"kind": "gossip"}),
        ("sources.toml", b"[x]", {}),
        ("", b"", {}),
        ("", b"", {"text": "words"}),
        ("bytes.txt", b"\xff\xfe\x00", {}),
    ],
)
def test_what_cannot_be_a_source_is_refused(visitor, name, data, said):
    """Another format, no text, a day that is over, no name: refused with what to do, and no file is left behind."""
    folder = visitor.web.folder / "sources"
    before = sorted(path.name for path in folder.iterdir())
    answer = add(visitor, name, data, **said)
    assert answer.status_code == 422
    assert "refused-cure" in answer.text
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "name", ["../../../etc/evil.md", "..\\..\\evil2.md", ".hidden.md", "a/b/evil3.md", "\u202eevil4.md"]
)
def test_a_source_lies_in_its_folder_whatever_it_is_called(visitor, name):
    """A name that leads elsewhere, hides or turns: only its last part is taken."""
    assert add(visitor, name, SOURCE.encode()).status_code == 200
    lying = list(visitor.web.folder.parent.rglob("*evil*")) + list(visitor.web.folder.rglob("*hidden*"))
    assert {path.parent for path in lying} <= {visitor.web.folder / "sources"}
    assert not [path for path in lying if path.name.startswith((".", "\u202e"))]
