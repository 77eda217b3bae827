"""What a reader sees of Markdown and HTML, and the way back to the source."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.wording.markup import visible_html, visible_markdown, visible_text

PAGE = """<!doctype html><title>Best tea</title><meta name="description" content="Only 3 left">
<style>.best{}</style><script>var x = "the best";</script><!-- the best -->
<h1>Save <b>5</b>0%</h1><p>Bar&eacute; a &lt; b
goes on</p><ul><li>One</li><li>Two <code>best()</code></li></ul>
<img alt='No. 1 tea' src="best.png"><a href="/best" title="A gift">here</a><p data-x="a > b">Gua<em>ran</em>teed</p>
<input type="submit" value="Buy now"><input value="typed"><p>5 < 6</p>"""


def seen(source: str, form: str) -> list[str]:
    return [part for part in (p.strip() for p in visible_text(source, form).text.split("\n\n")) if part]


def test_html_is_read_as_a_reader_does():
    """Titles, alternative texts, labels and link text are text; scripts, styles, code, comments, attributes are not."""
    assert seen(PAGE, "html") == [
        *("Best tea", "Only 3 left", "Save 50%", "Baré a < b goes on", "One", "Two", "No. 1 tea", "A gift", "here"),
        *("Guaranteed", "Buy now", "5 < 6"),
    ]


def test_markdown_is_read_as_a_reader_does():
    """Front matter, code, addresses, definitions are no text; headings, items, links, images, cells are."""
    source = (
        "---\ntitle: best\n---\n# The **be**st\n\nSave <b>50</b>%\n"
        'of `best` [our tea](http://x.y/best "t") \\*now\\*\n\n'
        "```js\nbest\n```\n\n- [x] one_two _three_\n1. ![Only 2 left](best.png)\n"
        "> quoted\n\n| a | b |\n|---|---|\n| c | 5 * 3 |\n\n"
        "[id]: http://best.com\n<https://best.com>\n\n    indented best\n"
    )
    assert seen(source, "markdown") == [
        *("The best", "Save 50% of our tea *now*", "one_two three", "Only 2 left", "quoted", "a", "b", "c", "5 * 3"),
    ]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@given(st.text(alphabet="ab5% <>&;\"'/!-*_`[]()#|\n\r👍\u0301=", max_size=120))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_every_place_leads_back(form, source):
    """Each visible code point has a place in the source, in order; a letter stands there as it is shown."""
    found = visible_text(source, form)
    assert len(found.text) == len(found.starts) == len(found.ends)
    assert found.starts == sorted(found.starts)
    for letter, start, end in zip(found.text, found.starts, found.ends, strict=True):
        assert 0 <= start <= end <= len(source)
        if letter.isalnum() and end - start == 1:
            assert source[start] == letter


def test_a_word_with_markup_inside_is_one_word():
    """The span of a word leads back to all of it, markup included."""
    found = visible_html("<p>Gua<em>ran</em>teed &amp; sold</p>")
    at = found.text.index("Guaranteed")
    assert found.span(at, at + 10) == (3, 22)
    found = visible_markdown("Save **50**% now")
    at = found.text.index("50%")
    assert found.span(at, at + 3) == (7, 12)


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!--",
        "<script>",
        "&",
        '<a b="',
        "[",
        "](",
        "`a``",
        "*a ",
        "_",
        "![",
        "\\",
        "> ",
        "|",
        "```\n",
        "]((",
        "<http://",
    ],
)
def test_what_is_left_open_costs_nothing(unit):
    """A hundred thousand characters of anything left open are read, in either format."""
    source = unit * (100_000 // len(unit))
    for form in ("html", "markdown"):
        found = visible_text(source, form)
        assert len(found.text) <= 2 * len(source) + 2
