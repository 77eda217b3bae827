"""Text made harmless: nothing invisible, nothing that does anything."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_tools.wording.plain import REPLACEMENT, chat, markdown, shortened, visible


@pytest.mark.parametrize(
    "hidden", ["\x1b", "\x00", "\x7f", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u3164", "\ue000"]
)
def test_hidden_characters_are_shown_as_replaced(hidden):
    """Control, bidirectional, zero-width, private and blank characters each leave a visible mark."""
    assert visible(f"a{hidden}b") == f"a{REPLACEMENT}b"


@given(st.text())
def test_visible_text_holds_nothing_hidden(text):
    """Whatever goes in, one line without hidden characters comes out, and doing it twice changes nothing."""
    seen = visible(text)
    assert not {unicodedata.category(c) for c in seen} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(seen) == seen


def test_ordinary_text_is_untouched():
    """Accents, other scripts, emoji, currency and typography pass as they are."""
    text = "Größe – 价格 ↑ 12,5 € “neu” 🎉 עברית −0.82"
    assert visible(text) == text


def test_line_breaks_become_spaces():
    """A name cannot begin a new line."""
    assert visible("one\r\ntwo\u2028three\tfour ") == "one two three four"


@pytest.mark.parametrize("width", [1, 5, 30])
def test_shortened_text_keeps_its_width(width):
    """No more characters than asked, the cut shown."""
    long = "a name that goes on and on and on"
    assert len(shortened(long, width)) <= width
    assert shortened(long, width).endswith("…")
    assert shortened("short", 5) == "short"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<script>", "&lt;script&gt;"),
        ("a & b", "a &amp; b"),
        ("![x](http://e.x)", r"!\[x\](http\://e.x)"),
        ("WWW.evil.example", r"WWW\.evil.example"),
        ("`x`", r"\`x\`"),
        ("{{7*7}}", r"\{\{7\*7\}\}"),
        ("# title", r"\# title"),
        ("- item", r"\- item"),
        ("---", r"\---"),
        ("=cmd()", r"\=cmd()"),
        ("1. one", r"1\. one"),
        ("+1.00 points", "+1.00 points"),
        ("12.5% of 3", "12.5% of 3"),
        ("gate_40", r"gate\_40"),
    ],
)
def test_markdown_shows_the_text_and_does_nothing(given_text, shown):
    """Each mark of Markdown is escaped where it would act, and only there."""
    assert markdown(given_text) == shown


@given(st.text(alphabet="<>`{}%# ab"))
def test_chat_text_holds_no_tag_no_code_no_template(text):
    """What cannot be escaped is swapped for something that looks like it."""
    seen = chat(text)
    assert not set("<>`") & set(seen)
    assert not any(mark in seen for mark in ("{{", "{%", "{#", "}}", "%}", "#}"))
