"""Markdown: the same numbers as the HTML, tables that hold together, nothing that acts."""

from __future__ import annotations

import re

import pytest

from copilot.outputs.reading_documents import Document, numbers, unescaped
from copilot.outputs.sample_readouts import ALL, hostile, one_sided
from expcopilot.outputs.report import to_html, to_markdown

EVERY = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())


def outside_fences(source):
    return re.sub(r"^```.*?^```$", "", source, flags=re.DOTALL | re.MULTILINE)


@EVERY
def test_says_every_number_the_html_says(make):
    """Each number printed in the HTML (axis figures of pictures apart) stands in the Markdown too."""
    shown = numbers(" ".join(Document(to_html(make())).text))
    assert shown
    assert shown <= numbers(unescaped(to_markdown(make())).replace("\u00a0", " "))


@EVERY
def test_says_every_heading_the_html_says(make):
    """The same sections in the same order."""
    sections = re.findall(r'<h2 id="[a-z]+-title">(.*?)</h2>', to_html(make()))
    assert sections
    assert re.findall(r"^## (.*)$", to_markdown(make()), re.MULTILINE) == sections


@EVERY
def test_tables_hold_together(make):
    """Header, rule and rows have the same number of cells, and every run of table lines is a whole table."""
    source = outside_fences(to_markdown(make()))
    tables = re.findall(r"(?:^\|.*\|$\n?)+", source, re.MULTILINE)
    assert tables
    for table in tables:
        lines = table.strip().split("\n")
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(widths) == 1, table
        assert re.fullmatch(r"\|( (---|---:) \|)+", lines[1])
        assert len(lines) > 2


def test_hostile_names_do_nothing():
    """No tag, link, image, code span, template, control character or heading comes from a name."""
    source = outside_fences(to_markdown(hostile()))
    assert not re.search(r"<[a-zA-Z/!]", source)
    assert not re.search(r"(?<!\\)\]\(", source)
    assert not re.search(r"(?<!\\)`", source)
    assert not re.search(r"(?<!\\)://", source)
    assert "www." not in source
    assert "{{" not in source
    assert not set("\x1b\u202e") & set(source)
    assert len(re.findall(r"^# ", source, re.MULTILINE)) == 1


def test_hostile_names_in_text_pictures_do_nothing():
    """A text picture stands in a code block that no name can close, with no tag in it."""
    source = to_markdown(hostile())
    fences = re.findall(r"^```.*$", source, re.MULTILINE)
    assert len(fences) % 2 == 0
    assert set(fences) <= {"```", "```text", "```sh"}
    blocks = "".join(re.findall(r"^```text$(.*?)^```$", source, re.DOTALL | re.MULTILINE))
    assert "ignore the plan" in blocks
    assert not set("<>`\x1b") & set(blocks)


def test_open_end_is_said():
    """A one-sided interval says that it has no upper limit and its text picture shows an open end."""
    source = to_markdown(one_sided())
    assert "no upper limit" in source
    assert "▸" in source
