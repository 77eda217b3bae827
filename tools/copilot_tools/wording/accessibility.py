"""What makes copy hard to read or to hear: capitals, emoji, exclamation marks, empty link texts, images without a text.

References:
    W3C, Web Content Accessibility Guidelines 2.2: 1.1.1 (text alternatives), 2.4.4 (link purpose).
    Unicode Technical Standard 51, Unicode Emoji.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from wcwidth import iter_graphemes

from copilot_tools.wording.text import fold, tokens

__all__ = ["Link", "emoji", "empty_link", "exclamations", "images", "links", "shouted", "shouts", "visible_text"]

# Each tag ends before the next "<", so that a text of nothing but "<" is read once.
_ATTRIBUTES = r"(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*"
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<rest>{_ATTRIBUTES})>|(?P<comment><!--|-->)")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_MARKDOWN = re.compile(r"(?P<image>!?)\[(?P<text>[^\[\]]{0,500})\]\((?P<to>[^()\s]{0,2000})(?:\s[^()]{0,500})?\)")
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "<!--"})
_BLOCK = frozenset(
    ("p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "td", "th", "table", "section", "hr")
)

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1"
    "\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c"
    "\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\ufe0f\u20e3]"
)


class Link(NamedTuple):
    """A link's text, and where it leads."""

    text: str
    to: str


class _Tag(NamedTuple):
    """A tag that is not inside a comment, a script or the like; or, without a name, the whole of such a place."""

    name: str
    end: bool
    rest: str
    span: tuple[int, int]


def _tags(text: str) -> Iterator[_Tag]:
    inside, begun = "", 0
    for match in _TAG.finditer(text):
        name, ends = (match["name"] or match["comment"]).casefold(), bool(match["end"]) or match["comment"] == "-->"
        if inside:
            if ends and (name == inside or (name == "-->" and inside == "<!--")):
                yield _Tag("", False, "", (begun, match.end()))
                inside = ""
        elif name in _UNSEEN and not ends:
            inside, begun = name, match.start()
        elif not match["comment"]:
            yield _Tag(name, ends, match["rest"], match.span())
    if inside:
        yield _Tag("", False, "", (begun, len(text)))


def _attribute(rest: str, name: str) -> str | None:
    for match in _ATTRIBUTE.finditer(rest):
        if match[1].casefold() == name:
            return html.unescape(match[2] or match[3] or match[4] or "")
    return "" if name in _ATTRIBUTE.sub(" ", rest).casefold().split() else None


def links(text: str) -> tuple[Link, ...]:
    """The links of HTML and of Markdown, in that order; an image's alternative text counts as text of its link."""
    found: list[Link] = []
    to, start = "", -1
    for tag in _tags(text):
        if tag.name != "a":
            continue
        if tag.end:
            if start >= 0:
                inside = text[start : tag.span[0]]
                heard = " ".join(alt for alt in images(inside) if alt)
                found.append(Link(" ".join(f"{visible_text(inside)} {heard}".split()), to))
            start = -1
        else:
            to, start = _attribute(tag.rest, "href") or "", tag.span[1]
    found += [Link(m["text"].strip(), m["to"]) for m in _MARKDOWN.finditer(text) if not m["image"]]
    return tuple(found)


def images(text: str) -> tuple[str | None, ...]:
    """The alternative texts of the images of HTML and of Markdown; None where an image has none at all.

    An empty alternative text is right for an image that only decorates, in HTML; Markdown cannot say so.
    """
    found = [_attribute(tag.rest, "alt") for tag in _tags(text) if tag.name == "img" and not tag.end]
    return (*found, *(m["text"].strip() or None for m in _MARKDOWN.finditer(text) if m["image"]))


def visible_text(text: str) -> str:
    """What a reader of HTML or Markdown sees: no tags, scripts or addresses of links; characters instead of entities.

    Example:
        >>> visible_text('<p>Fast &amp; <b>safe</b></p><script>x()</script> [Try it](https://example.com)').split()
        ['Fast', '&', 'safe', 'Try', 'it']
    """
    parts: list[str] = []
    last = 0
    for tag in _tags(text):
        parts.append(text[last : tag.span[0]])
        if tag.name in _BLOCK:
            parts.append("\n\n")
        last = tag.span[1]
    parts.append(text[last:])
    plain = "".join(parts)
    plain = html.unescape(plain) if last or "&" in plain else plain
    return _MARKDOWN.sub(lambda m: m["text"], plain)


@cache
def _empty_links(language: str) -> frozenset[str]:
    data = tomllib.loads((files("copilot_tools.wording") / "lexicon" / "screened.toml").read_text(encoding="utf-8"))
    return frozenset(fold(text) for text in (*data["links"]["en"], *data["links"].get(language, ())))


def empty_link(link: Link, language: str = "en") -> bool:
    """Whether a link's text says nothing by itself: empty, a bare address, or the like of "click here"."""
    words = " ".join(token.norm for token in tokens(link.text))
    return not words or words in _empty_links(language) or link.text.startswith(("http://", "https://", "www."))


def emoji(text: str) -> tuple[str, ...]:
    """The emoji of a text, in order, each as readers see it: a family or a flag is one.

    Example:
        >>> emoji("Ready 👨‍👩‍👧? ★ ✓ 🇩🇪"), emoji("Plain ™ text")
        (('👨\u200d👩\u200d👧', '🇩🇪'), ())
    """
    return () if text.isascii() else tuple(g for g in iter_graphemes(text) if _EMOJI.search(g))


def exclamations(text: str) -> int:
    """How many exclamation marks stand there, in any script; Spanish opening ones are not counted."""
    return sum(c in "!！﹗‼⁉❗❕" for c in text)


def shouted(text: str) -> tuple[str, ...]:
    """Words of at least four letters written in capitals alone; short ones may be abbreviations."""
    found = (text[t.start : t.end] for t in tokens(text) if t.kind == "word")
    return tuple(word for word in found if sum(c.isalpha() for c in word) >= 4 and word.isupper())


def shouts(text: str) -> bool:
    """Whether a text shouts: at least two words of four letters or more, and most of them, in capitals alone."""
    long = [t for t in tokens(text) if t.kind == "word" and t.end - t.start >= 4]
    loud = len(shouted(text))
    return loud >= 2 and loud * 2 > len(long)
