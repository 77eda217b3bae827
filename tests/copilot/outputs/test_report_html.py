"""The HTML document: one file, no script, no request, words beside every picture, inert whatever the names hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from copilot.outputs.reading_documents import Document
from copilot.outputs.sample_readouts import ALL, HOSTILE, harmful, hostile, three_arms
from expcopilot.outputs.report import html as html_module
from expcopilot.outputs.report import to_html

EVERY = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())


@EVERY
def test_document_is_whole(make):
    """Tags balance, there is one h1, one main, a header, a footer and a title, and ids are unique."""
    document = Document(to_html(make()))
    assert document.balanced, document.unbalanced
    for tag in ("h1", "main", "header", "footer", "nav"):
        assert len(document.all(tag)) == 1, tag
    pictures = [a for a in document.all("svg") if a.get("role") == "img"]
    assert len(document.all("title")) == 1 + len(pictures)
    ids = [a["id"] for _, a in document.tags if "id" in a]
    assert len(ids) == len(set(ids))


@EVERY
def test_nothing_runs_and_nothing_is_fetched(make):
    """No script, no event handler, no address but anchors of the page itself, and a policy that forbids the rest."""
    source = to_html(make())
    document = Document(source)
    assert not {name for name, _ in document.tags} & {"script", "img", "iframe", "link", "object", "form", "base"}
    for _, attrs in document.tags:
        assert not [k for k in attrs if k.startswith("on")]
        assert attrs.get("href", "#").startswith("#")
        assert not {"src", "xlink:href", "action", "style"} & set(attrs)
    policy = next(a for a in document.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")
    assert "url(" not in source
    assert "@import" not in source


@EVERY
def test_every_anchor_and_label_leads_somewhere(make):
    """Each link and each label of a region names an id that is on the page."""
    document = Document(to_html(make()))
    ids = {a["id"] for _, a in document.tags if "id" in a}
    for _, attrs in document.tags:
        if "href" in attrs:
            assert attrs["href"][1:] in ids
        for name in attrs.get("aria-labelledby", "").split():
            assert name in ids


@EVERY
def test_every_picture_has_its_words(make):
    """Each drawing is an image with a title and a description that says what it shows."""
    document = Document(to_html(make()))
    pictures = [a for a in document.all("svg") if a.get("role") == "img"]
    described = [text for tag, text in document.drawn_words if tag == "desc"]
    assert len(described) == len(pictures)
    assert all(len(text) > 20 for text in described)


@EVERY
def test_every_table_names_its_rows_and_columns(make):
    """A caption, scoped headers, as many cells in a row as columns."""
    document = Document(to_html(make()))
    assert len(document.all("caption")) == len(document.all("table"))
    assert {a.get("scope") for a in document.all("th")} <= {"col", "row"}
    for table in re.findall(r"<table>.*?</table>", to_html(make()), re.DOTALL):
        columns = len(re.findall(r'scope="col"', table))
        rows = re.findall(r"<tr>.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
        assert rows
        assert {len(re.findall(r"<t[hd][ >]", row)) for row in rows} == {columns}


def test_first_screen_says_it_all():
    """Question, verdict, why, number, interval, what matters, month and stamp stand before the first section."""
    first = to_html(harmful()).split("<nav")[0]
    text = " ".join(Document(first).text)
    for words in (
        "keep more players after a week?",
        "Refuted: harmful",
        "the whole interval lies on the harmful side of zero",
        "−0.82 points",
        "95% interval −1.33 to −0.31 points",
        "+0.50 points or more",
        "−492 units a month (−797 to −187)",
        "Attested",
    ):
        assert words in text
    assert "tone-harm" in first


def test_arms_that_differ_each_have_their_verdict():
    """Two treatment arms, two verdicts, each beside its arm's name, and one picture of both."""
    first = to_html(three_arms()).split("<nav")[0]
    assert "Two arms, two verdicts" in first
    for arm, verdict in (("Mens E-Mail", "at least what matters"), ("Womens E-Mail", "size unresolved")):
        assert re.search(rf"<bdi>{arm}</bdi>”: Supported: {verdict}", first)
    assert first.count('role="img"') == 1


def test_hostile_names_are_shown_as_text():
    """Tags, templates, escapes and controls come out as words; nothing is evaluated."""
    source = to_html(hostile())
    text = " ".join([*Document(source).text, *(words for _, words in Document(source).drawn_words)])
    assert "<script>alert(1)</script>" in text
    assert "{{7*7}}" in text
    assert "<script" not in source
    assert not set("\x1b\u202e") & set(source)
    assert "49}}" not in text
    for name in HOSTILE[5:]:
        assert name in text


def _channels(value):
    value = value.lstrip("#")
    value = "".join(c * 2 for c in value) if len(value) == 3 else value
    return [int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def _contrast(one, other):
    """WCAG 2.2 contrast ratio of two colours."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_read():
    """Every colour of text reaches contrast AA (4.5 to 1) on both grounds, in light, dark and print."""
    style = (Path(html_module.__file__).parent / "templates" / "blocks.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for colour in ("ink", "soft", "accent", "for", "against", "harm", "open", "waiting", "invalid"):
            for ground in ("paper", "raised"):
                assert _contrast(scheme[colour], scheme[ground]) >= 4.5, (colour, ground)
