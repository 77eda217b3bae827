"""What a reader sees of Markdown and HTML, and the way back to the source."""

from __future__ import annotations

import re

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
    """Code, addresses, definitions and keys are no text; titles, headings, items, links, images, cells are."""
    source = (
        "---\ntitle: Tea\nlayout: best\n---\n# The **be**st\n\nSave <b>50</b>%\n"
        'of `best` [our tea](http://x.y/best "t") \\*now\\*\n\n'
        "```js\nbest\n```\n\n- [x] one_two _three_\n1. ![Only 2 left](best.png)\n"
        "> quoted\n\n| a | b |\n|---|---|\n| c | 5 * 3 |\n\n"
        "[id]: http://best.com\n<https://best.com>\n\n    indented best\n"
    )
    assert seen(source, "markdown") == [
        *(
            "Tea",
            "The best",
            "Save 50% of our tea *now*",
            "one_two three",
            "Only 2 left",
            "quoted",
            "a",
            "b",
            "c",
            "5 * 3",
        ),
    ]


ODD_HTML = {
    "<svg><path d='M0'/><text>Save <tspan>50</tspan>%</text><title>Half</title></svg>": "Save 50%|Half",
    "<svg><text><tspan x='0'>Best</tspan><tspan x='0' dy='9'>tea</tspan></text></svg>": "Best tea",
    "<pre>Only 3\nleft\n\nNow</pre><p>a\n\nb</p>": "Only 3 left|Now|a b",
    "<textarea>The <b>best</b> &amp; only\n\nNow</textarea><p>a\n\nb</p>": "The <b>best</b> & only|Now|a b",
    "<noscript><p>No. 1</p></noscript><template>best</template>": "No. 1",
    '<iframe srcdoc="<p>&amp;lt;3&amp;gt; &quot;left&quot;</p>" title=Frame>old</iframe>': '<3> "left"|Frame',
    "<!--[if mso]><p>Save 50%</p><xml><o:P>96</o:P></xml><![endif]-->after": "Save 50%|after",
    "<!--[if !mso]><!--><p>Save 60%</p><!--<![endif]--><!-- best --><!-->after": "Save 60%|after",
    "<img alt=Best src=best.png><i title=it's-ours>x</i>": "Best|it's-ours|x",
    "<input type=submit value=Buy /><p>y": "Buy|y",
    '<b aria-label = "Top"data-x="alt=best" data-alt=best>1</b><option label=Gift>': "Top|1|Gift",
    "<meta name=description content=Cheap><meta name=viewport content=best>": "Cheap",
    "<style>p{content-visibility:auto}/* content:'best' */.b{justify-content:'best'}</style>z": "z",
    "<style>a::after { content: \"Only \\201C 3\\22  left\" / 'alt' }</style>z": 'Only \u201c3" left|alt|z',
    "<style>.c{content:'\\201C' url('best.png') attr(x) 'New'; font:'best'}</style>z": "New|z",
}


@pytest.mark.parametrize("source", ODD_HTML)
def test_what_is_shown_in_odd_places_is_read(source):
    """Drawings, kept line breaks, fields, frames, Outlook's comments, bare attributes, what a style shows."""
    assert seen(source, "html") == ODD_HTML[source].split("|")


ODD_MARKDOWN = {
    "# Fast ##\nShips today": "Fast|Ships today",
    "Fast\n-\nShips today": "Fast|Ships today",
    "Ships\n1. # Fast\n   and cheap": "Ships|Fast|and cheap",
    "```text\nSave 50% on *all* <tea> & more\n\nToday, honestly\n```\nx": (
        "Save 50% on *all* <tea> & more|Today, honestly|x"
    ),
    "> ~~~\n> The best tea ever made\n> ~~~\n> x": "The best tea ever made|x",
    "```\n$ pip install best tea now\nx = best()\n```\nx": "x",
    "```js\n// The best tea ever made\n```\nx": "x",
    "```none\nbest\n```\n`the best tea ever made` x": "x",
    "\\<b>5\\</b> &amp; x": "<b>5</b> & x",
    "<style>\n.a{}\n\n    .b::before { content: 'No_1_tea *' }\n</style>\nx": "No_1_tea *|x",
    "Now <!--[if mso]><b>50%</b> off<![endif]--> x": "Now 50% off x",
    "---\ntitle: 'It''s best' # note\ndescription: >-\n  Only 3\n  left\nlayout: best\n---\nx": (
        "It''s best|Only 3 left|x"
    ),
    "---\nlayout: best\nsubject: Save\n  50% # x\ntags: best\n---\nx": "Save 50%|x",
    '---\n# c\nlayout: best\nog:\n  title: "Best: \\"tea\\" # 1" # x\n---\nx': 'Best: \\"tea\\" # 1|x',
    "---\nOnly 3 left: buy\n---\nx": "x",
    "---\n\nThe best tea!\n\n---\nx": "The best tea!|x",
    "---\ntitle: The best tea\n\nx": "title: The best tea|x",
}


@pytest.mark.parametrize("source", ODD_MARKDOWN)
def test_markdown_of_odd_shapes_is_read(source):
    """Headings end; a fence of prose is copy, of code not; front matter's titles are copy, below a rule is text."""
    assert seen(source, "markdown") == ODD_MARKDOWN[source].split("|")


KINDS = {
    "html": (
        "<p>{0}</p>",
        "<svg><text>{0}<tspan>\n{1}</tspan></text></svg>",
        "<pre>{0}\n\n{1}</pre>",
        "<b title={0}>{1}</b>",
        "<textarea>{0} &amp; {1}</textarea>",
        "<iframe srcdoc=\"<p title='{0}'>&amp;eacute; {1}</p>\">x</iframe>",
        "<!--[if mso]><td>{0}</td><![endif]-->",
        "<style>a::before{{content:'{0} \\2014 {1}'}}</style>",
        "<!-- x -->&#65;",
    ),
    "markdown": (
        "# {0}\n{1}",
        "{0}\n==\n{1}",
        "- **{0}** &amp; {1}",
        "```text\n{0} is the best {0} < {1}\n```",
        "<img alt={0}>",
        "| {0} | {1} |",
        "![{0}](x.png)",
        "<style>\na{{content:'{0}'}}\n</style>",
        "\\<{0}> `x` _{1}_",
    ),
}


@pytest.mark.parametrize("form", ["html", "markdown"])
@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_word_is_found_where_it_stands(form, data):
    """Whatever order the pieces of a document come in, each word is seen once, and its place holds exactly it."""
    pieces = data.draw(st.lists(st.sampled_from(KINDS[form]), min_size=1, max_size=8))
    words: list[str] = []
    source = data.draw(st.sampled_from(["", "---\ntitle: front\nlayout: x\n---\n"])) if form == "markdown" else ""
    for number, piece in enumerate(pieces):
        mine = [f"word{number}a", f"word{number}b"]
        source += piece.format(*mine) + "\n\n"
        words += [m for m in re.findall(r"\{(\d)\}", piece) for m in [mine[int(m)]]]
    found = visible_text(source, form)
    places = [m.span() for m in re.finditer(r"word\d+[ab]|front", found.text)]
    assert [found.text[a:b] for a, b in places] == [*(["front"] if "front" in source else []), *words]
    for start, end in places:
        first, last = found.span(start, end)
        assert source[first:last] == found.text[start:end]


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
        "<!--[if mso]>",
        "<iframe srcdoc='",
        "<style>content:'",
        "<svg><text>",
        "<a b=c ",
        "---\ntitle: '\n",
        "=   ",
        "<textarea>",
        "/*",
    ],
)
@pytest.mark.parametrize("length", [40_000, pytest.param(300_000, marks=pytest.mark.torture)])
def test_what_is_left_open_costs_nothing(unit, length):
    """Tens of thousands of characters of anything left open are read, in either format."""
    source = unit * (length // len(unit))
    for form in ("html", "markdown"):
        found = visible_text(source, form)
        assert len(found.text) <= 2 * len(source) + 2
