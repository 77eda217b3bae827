"""The source library: every format's text, who answers for it, what may be used, and files that mean harm."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from copilot.memory.making_pdfs import write_pdf
from copilot_tools.refusals import Refused
from expcopilot.memory import source_text
from expcopilot.memory.adding_sources import add_source
from expcopilot.memory.source_text import read_source
from expcopilot.memory.sources import SourceLibrary, text_digest

TODAY = date(2026, 11, 22)
STUDY = """\
---
owner: Ada
kind: study
expires: 2027-06-30
---
# Checkout study

41.3% of shoppers finished within a minute. They liked it.
We asked 2,113 shoppers in May.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sources"
    made.mkdir()
    return made


def library(folder: Path, today: date = TODAY) -> SourceLibrary:
    return SourceLibrary(folder, today)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def code_of(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    assert all(r.reason and r.cure for r in refused.value.refusals)
    return refused.value.refusals[0].code


def test_front_matter_describes_a_source(folder):
    """A Markdown file says itself who answers for it; its text begins after that."""
    put(folder, "study.md", STUDY)
    (source,) = library(folder).sources
    assert (source.id, source.standing, source.problems) == ("study", "usable", ())
    assert source.card is not None
    assert (source.card.owner, source.card.expires) == ("Ada", date(2027, 6, 30))
    text = library(folder).text("study")
    assert text.startswith("# Checkout study")
    assert source.digest == text_digest(text)


def test_sentences_with_numbers_are_facts_where_none_is_declared(folder):
    """Each stands verbatim at its place; sentences without a number are none."""
    put(folder, "study.md", STUDY)
    found = library(folder)
    facts = found.facts()
    assert [(f.id, f.quotation) for f in facts] == [
        ("study.1", "41.3% of shoppers finished within a minute."),
        ("study.2", "We asked 2,113 shoppers in May."),
    ]
    text = found.text("study")
    assert all(text[f.start : f.end] == f.quotation for f in facts)
    assert found.fact("study.2") == facts[1]
    assert found.fact("study.9") is None


def test_declared_facts_must_stand_there(folder):
    """A declared fact that stands verbatim may be used; one that does not is named and may not."""
    put(folder, "terms.txt", "Returns are free for 30 days. Shipping costs €5.")
    put(
        folder,
        "sources.toml",
        '["terms.txt"]\nowner = "Bo"\nkind = "terms"\n["terms.txt".facts]\n'
        'returns = "Returns are free for 30 days."\nwrong = "Returns are free for 60 days."\n',
    )
    (source,) = library(folder).sources
    assert [p.code for p in source.problems] == ["source.fact_not_verbatim"]
    assert [f.id for f in library(folder).facts()] == ["terms.returns"]


def test_internal_notes_are_for_hypotheses(folder):
    """A session-replay note offers no facts for copy."""
    put(folder, "note.md", STUDY.replace("study", "session-replay note", 1))
    assert library(folder).facts() == ()
    assert len(library(folder).facts(purpose="hypothesis")) == 2


def test_a_claim_is_bound_by_code(folder):
    """A quotation that carries the claim gives evidence with place and digest; anything else gives the reason."""
    put(folder, "study.md", STUDY)
    found = library(folder)
    bound = found.bind("Over 40% finish", "41.3% of shoppers finished", "study")
    assert bound.evidence is not None
    text = found.text("study")
    assert text[bound.evidence.start : bound.evidence.end] == bound.evidence.quotation
    assert bound.evidence.digest == text_digest(text)
    assert bound.evidence.expires == "2027-06-30"
    for claim, quotation, source, why in (
        ("Half finish", "41.3% of shoppers finished", "study", "not what"),
        ("Over 40% finish", "41.3% of buyers finished", "study", "does not stand"),
        ("Over 40% finish", "41.3% of shoppers finished", "studie", "Did you mean 'study'"),
    ):
        refused = found.bind(claim, quotation, source)
        assert refused.evidence is None
        assert why in refused.why


def test_expiry_and_change_reopen(folder):
    """Evidence stops counting when its source expires, changes or goes; on its last day it still counts."""
    path = put(folder, "study.md", STUDY)
    evidence = library(folder).bind("Over 40%", "41.3% of shoppers", "study").evidence
    assert evidence is not None
    assert library(folder, date(2027, 6, 30)).why_stale(evidence) == ""
    late = library(folder, date(2027, 7, 1))
    assert late.sources[0].standing == "expired"
    assert "2027-06-30" in late.why_stale(evidence)
    assert late.facts() == ()
    assert late.bind("Over 40%", "41.3% of shoppers", "study").evidence is None
    path.write_text(STUDY.replace("They liked it", "They loved it"), encoding="utf-8")
    assert "changed" in library(folder).why_stale(evidence)
    path.unlink()
    assert "no longer" in library(folder).why_stale(evidence)


def test_a_changed_source_must_be_confirmed(folder, tmp_path):
    """What was added by digest stops counting when its text changes, until it is added again."""
    path = put(tmp_path, "prices.csv", "plan,price\nPro,€29 per month\n")
    name = add_source(folder, path, {"owner": "Bo", "kind": "price list", "expires": "2027-01-01"})
    assert library(folder).find(name).standing == "usable"
    put(folder, "prices.csv", "plan,price\nPro,€39 per month\n")
    changed = library(folder)
    assert changed.find("prices").standing == "changed"
    assert changed.facts() == ()
    assert changed.bind("€39 a month", "price: €39 per month", "prices").evidence is None
    add_source(folder, folder / "prices.csv", {"owner": "Bo", "kind": "price list"})
    again = library(folder)
    assert again.bind("€39 a month", "price: €39 per month", "prices").evidence is not None
    card = again.find("prices").card
    assert card is not None
    assert card.expires == date(2027, 1, 1)  # kept from before


def test_an_undeclared_file_counts_for_nothing(folder):
    """A file nobody answers for is listed with what to do, and carries no claim."""
    put(folder, "data.csv", "user,arm\n1,control\n")
    found = library(folder)
    assert [s.standing for s in found.sources] == ["undeclared"]
    assert found.bind("1", "user: 1", "data").evidence is None
    assert found.facts() == ()


def test_an_absent_folder_is_an_empty_library(tmp_path):
    """No folder, no sources, no failure."""
    assert library(tmp_path / "none").sources == ()


def test_html_is_its_visible_text(folder):
    """Scripts, styles, comments and hidden elements carry no claim; blocks become lines, entities characters."""
    path = put(
        folder,
        "page.html",
        "<html><head><title>T</title><style>p{}</style></head><body>"
        "<h1>Plans &amp; prices</h1><p>Pro costs <b>€29</b>\n"
        "per month.</p><!-- 99% --><script>var a='99%'</script><p hidden>98%</p>"
        "<div style='display: none'><div>97%</div>96%</div>"
        "<ul><li>30 days<li>free</ul>after</body></html>",
    )
    assert read_source(path, "page.html") == "Plans & prices\nPro costs €29 per month.\n30 days\nfree\nafter"


def test_csv_is_a_line_a_row_with_its_headers(folder):
    """Each cell stands after its column's name; semicolons and quoted cells are read."""
    path = put(folder, "p.csv", 'plan;price\nPro;"€29; monthly"\n\nBasic;€5\n')
    assert read_source(path, "p.csv") == "plan: Pro; price: €29; monthly\nplan: Basic; price: €5"


def test_pdf_is_read_page_by_page(folder):
    """The text of a PDF is the same each time, a form feed between pages, and carries claims."""
    path = write_pdf(folder / "study.pdf", ["41.3% of shoppers (n = 2,113) finished.", "Page two."])
    text = read_source(path, "study.pdf")
    assert text.split("\f")[0].strip() == "41.3% of shoppers (n = 2,113) finished."
    assert read_source(path, "study.pdf") == text
    add_source(folder, path, {"owner": "Ada", "kind": "study"})
    assert library(folder).bind("Over 40%", "41.3% of shoppers", "study").evidence is not None


def test_ligatures_of_a_pdf_are_their_letters(folder):
    """A glyph that draws two letters is read as the two that were written."""
    path = write_pdf(folder / "set.pdf", ["41.3% ﬁnished ﬁrst."])
    assert read_source(path, "set.pdf").strip() == "41.3% finished first."


def test_an_encrypted_pdf_is_refused(folder):
    """A password is not guessed, not even the empty one."""
    path = write_pdf(folder / "secret.pdf", ["41.3% of shoppers"])
    writer = PdfWriter(clone_from=path)
    writer.encrypt("", "owner", algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)
    assert code_of(lambda: read_source(path, "secret.pdf")) == "source.encrypted"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.exe", b"MZ", "source.unknown_format"),
        ("a.txt", b"\xff\xfe\x00", "source.not_text"),
        ("a.txt", b"a\0b", "source.not_text"),
        ("a.txt", b"  \n", "source.empty"),
        ("a.html", b"<script>x</script>", "source.empty"),
        ("a.csv", b'a,b\n"1,2\n', "source.not_text"),
        ("a.pdf", b"not a pdf", "source.broken_pdf"),
        ("a.pdf", b"%PDF-1.4\ntrailer<</Root 1 0 R>>", "source.broken_pdf"),
        ("a.pdf", b"", "source.broken_pdf"),
    ],
)
def test_what_cannot_be_read_is_refused(folder, name, data, code):
    """Each file that is no source gets a typed refusal with a cure, and is listed as unreadable."""
    (folder / name).write_bytes(data)
    assert code_of(lambda: read_source(folder / name, name)) == code
    (source,) = library(folder).sources
    assert source.standing == "unreadable"
    assert source.problems[0].code == code


def test_too_large_files_are_refused_unread(folder, monkeypatch):
    """A file above the bound is not opened; a text above the bound is no source."""
    with (folder / "big.txt").open("wb") as file:
        file.truncate(source_text.MOST_BYTES + 1)
    assert code_of(lambda: read_source(folder / "big.txt", "big.txt")) == "source.too_large"
    monkeypatch.setattr(source_text, "MOST_TEXT", 10)
    put(folder, "long.txt", "a" * 11)
    assert code_of(lambda: read_source(folder / "long.txt", "long.txt")) == "source.too_large"


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_called_pdf_are_answered(tmp_path, data):
    """However broken, a file called PDF is text or a refusal, never an error of the program."""
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.4\n" + data)
    with suppress(Refused):
        assert read_source(path, "x.pdf").strip()


@pytest.mark.parametrize("cut", [40, 120, 300, 500, 640])
def test_a_pdf_cut_off_is_answered(folder, cut):
    """A PDF that was cut anywhere is text or a refusal."""
    path = write_pdf(folder / "cut.pdf", ["41.3% of shoppers finished."])
    path.write_bytes(path.read_bytes()[:cut])
    (source,) = library(folder).sources
    assert source.standing in {"unreadable", "undeclared"}


def test_links_and_tricks_are_refused(folder, tmp_path):
    """A link out of the folder and a path that leaves it are named, never followed."""
    put(tmp_path, "secret.md", STUDY)
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "elsewhere").mkdir()
    put(tmp_path / "elsewhere", "deep.md", STUDY)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    tables = [
        "../secret.md",
        str(tmp_path / "secret.md"),
        "linked/deep.md",
        "a\\\\..\\\\..\\\\secret.md",
        "C:/secret.md",
        "gone.md",
    ]
    put(folder, "sources.toml", "".join(f'["{t}"]\nowner = "E"\nkind = "study"\n' for t in tables))
    found = library(folder)
    codes = {s.file: s.problems[0].code for s in found.sources}
    assert codes.pop("gone.md") == "source.no_file"
    assert set(codes.values()) == {"source.outside"}
    assert len(codes) == 7
    assert found.facts(purpose="hypothesis") == ()
    assert not any("41.3" in found.text(s.id) for s in found.sources)


def test_a_linked_folder_or_list_is_refused(folder, tmp_path):
    """Neither the folder of sources nor its list may be a link."""
    (tmp_path / "link").symlink_to(folder)
    assert code_of(lambda: library(tmp_path / "link")) == "source.folder_is_link"
    put(tmp_path, "cards.toml", "")
    (folder / "sources.toml").symlink_to(tmp_path / "cards.toml")
    assert code_of(lambda: library(folder)) == "source.bad_cards"


@pytest.mark.parametrize(
    "front",
    [
        "owner: [",
        "- a",
        "owner: Ada",
        "owner: Ada\nkind: gossip",
        "owner: Ada\nkind: study\nexpires: 2027-02-30",
        "a: &a [*a]",
    ],
)
def test_bad_front_matter_is_refused(folder, front):
    """What cannot be understood about a source is named at that source; the others are still read."""
    put(folder, "bad.md", f"---\n{front}\n---\n41%\n")
    put(folder, "good.md", STUDY)
    bad, good = library(folder).sources
    assert (bad.standing, good.standing) == ("unreadable", "usable")
    assert all(p.code == "source.bad_card" for p in bad.problems)


def test_two_cards_and_two_of_one_id_are_refused(folder):
    """A source described twice is not usable, and neither are two with one id: nobody can tell which is meant."""
    put(folder, "study.md", STUDY)
    put(folder, "study.txt", STUDY)
    put(folder, "twice.md", STUDY)
    put(folder, "sources.toml", '["twice.md"]\nowner = "E"\nkind = "study"\n')
    codes = [[p.code for p in s.problems] for s in library(folder).sources]
    assert codes == [["source.same_id"], ["source.same_id"], ["source.two_cards"]]


def test_a_file_beside_a_source_never_speaks_in_its_name(folder):
    """An undeclared file with a source's name replaces no text of it: both are named, and neither carries a claim."""
    put(folder, "study.md", STUDY)
    put(folder, "study.txt", "97% of shoppers finished within a minute.\n")
    found = library(folder)
    assert found.text("study") == ""
    assert not found.facts()
    for name in ("study", "study.md", "study.txt"):
        bound = found.bind("97% of shoppers finished within a minute.", "97% of shoppers finished", name)
        assert bound.evidence is None
        assert "study.md" in bound.why
        assert "study.txt" in bound.why


def test_adding_keeps_comments_and_never_overwrites(folder, tmp_path):
    """A new table goes to the end; another file of the same name is refused; the original stays where it is."""
    put(folder, "sources.toml", "# ours\n")
    first = put(tmp_path, "a.txt", "Free for 30 days.")
    add_source(folder, first, {"owner": 'A "B" \\', "kind": "terms", "facts": {"free": "Free for 30 days."}})
    assert (folder / "sources.toml").read_text(encoding="utf-8").startswith("# ours\n")
    assert [f.id for f in library(folder).facts()] == ["a.free"]
    (tmp_path / "b").mkdir()
    other = put(tmp_path / "b", "a.txt", "Other.")
    assert code_of(lambda: add_source(folder, other, {"owner": "A", "kind": "terms"})) == "source.exists"
    assert (folder / "a.txt").read_text(encoding="utf-8") == "Free for 30 days."
    assert first.exists()
    absent = {"owner": "A", "kind": "terms", "facts": {"x": "Free for 60 days."}}
    assert code_of(lambda: add_source(folder, first, absent)) == "source.fact_not_verbatim"
    assert code_of(lambda: add_source(folder, tmp_path / "no.txt", absent)) == "source.no_file"
    assert code_of(lambda: add_source(folder, put(tmp_path, "s.md", STUDY), {})) == "source.has_front_matter"


def test_what_html_strikes_out_is_no_text_of_the_source(tmp_path):
    """A price or promise taken back, by a tag or by its style, cannot be quoted; what stands beside it can."""
    path = tmp_path / "plan.html"
    path.write_text(
        "<p>The plan is <del>free</del> <s>for life</s> <strike>and ever</strike> €5 a month, "
        "<span style='text-decoration: line-through red'>no contract</span>"
        "<b style='font-size:0'>98%</b><i style='opacity: 0'>97%</i><u style='opacity:0.9'>cancel</u>.</p>",
        encoding="utf-8",
    )
    assert read_source(path, "plan.html") == "The plan is €5 a month, cancel."
