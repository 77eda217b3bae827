"""The words a reader sees of HTML, or a screen reader says: in a page, an e-mail, or as Outlook reads it.

Texts of drawings, preformatted text, fields, what stands for scripts that do not run, framed documents given in place
and Outlook's conditional comments are words, and what ``content`` shows of a style; scripts, code, tags are not.

References:
    WHATWG HTML, 13.2 (tags, attributes, character references, comments).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from copilot_tools.wording.style_words import style_words
from copilot_tools.wording.visible import BREAK, Visible

__all__ = ["visible_html"]

_INLINE = frozenset({
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "em", "font", "i", "ins", "kbd"),
    *("label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var"),
    *("wbr", "tspan", "textpath"),
})  # fmt: skip
_UNSEEN = frozenset({"script", "code", "template", "iframe", "xml", "metadata"})
"""Elements whose text nobody sees: a frame's is for browsers without frames, ``xml`` holds Outlook's settings."""
_KEPT = frozenset({"pre", "textarea"})
"""Elements that show line breaks as they stand."""
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,40})")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'/])(?P<name>[^\s\"'<>/=]{1,60})\s{0,8}=\s{0,8}"
    r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'<>=`][^\s>]*))"
)
_STOP = re.compile(r">|=\s*(?P<quote>[\"'])")
_READ_OUT = frozenset({
    *("alt", "title", "label", "placeholder", "aria-label", "aria-description", "aria-valuetext", "aria-placeholder"),
})  # fmt: skip
_META = re.compile(
    r"(?:name|property)\s{0,8}=\s{0,8}[\"']?(?:description|og:title|og:description|twitter:\w{1,20})(?=[\"'\s/>])",
    re.IGNORECASE,
)
_SUBMIT = re.compile(r"type\s{0,8}=\s{0,8}[\"']?(?:submit|button|reset)", re.IGNORECASE)
_MOVED = re.compile(r"\s(?:x|y|dx|dy)\s{0,8}=", re.IGNORECASE)
_CONDITION = re.compile(r"<!--\s{0,8}\[if [^\]\n]{1,200}\]>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_FRAMES = 3
"""How deep framed documents are read; what is framed deeper is taken as it stands."""


def visible_html(source: str, *, paragraphs: bool = False) -> Visible:
    """What a reader sees (or a screen reader says) of HTML.

    Args:
        source: The HTML.
        paragraphs: Whether an empty line sets paragraphs apart, as where HTML stands in Markdown.
    """
    return _Reader(source, paragraphs=paragraphs).read()


class _Reader:
    """One pass over a document; every scan moves forward only."""

    def __init__(self, source: str, *, paragraphs: bool, depth: int = 0) -> None:
        self._source = source
        self._seen = Visible(paragraphs=paragraphs)
        self._paragraphs = paragraphs
        self._depth = depth

    def read(self) -> Visible:
        source, seen = self._source, self._seen
        at = 0
        while at < len(source):
            tag = source.find("<", at)
            if tag < 0:
                tag = len(source)
            _words(source, at, tag, seen)
            if tag == len(source):
                break
            at = self._tag(tag)
        return seen

    def _tag(self, at: int) -> int:
        """Read what begins with "<" and return where to go on."""
        source, seen = self._source, self._seen
        name = _NAME.match(source, at)
        if name is None:
            return self._no_tag(at)
        end = _tag_end(source, name.end())
        called, opens = name[1].lower(), source[at + 1] != "/" and source[end - 2 : end] != "/>"
        if called not in _INLINE:
            seen.put(BREAK, at, at)
        elif called == "tspan" and _MOVED.search(source, at, end):
            seen.put(" ", at, at)  # it stands apart from the words before it
        self._attributes(at, end, called)
        if called in _KEPT:
            seen.paragraphs = opens or self._paragraphs
        if not opens or called not in {*_UNSEEN, "style", "textarea"}:
            return end
        closing = re.compile(rf"</{called}(?=[\s/>])", re.IGNORECASE).search(source, end)
        beyond = closing.start() if closing else len(source)
        if called == "style":
            style_words(source, end, beyond, seen)
        elif called == "textarea":
            _words(source, end, beyond, seen)  # tags in it are shown as they stand
            seen.paragraphs = self._paragraphs
            seen.put(BREAK, beyond, beyond)
        return _tag_end(source, closing.end()) if closing else len(source)

    def _no_tag(self, at: int) -> int:
        """A comment, a declaration, or a "<" that is one."""
        source = self._source
        if source.startswith("<!--", at):
            if condition := _CONDITION.match(source, at):
                return condition.end()  # what it holds is read as Outlook reads it
            end = source.find("-->", at + 2)
            return len(source) if end < 0 else end + 3
        if source[at + 1 : at + 2] in {"!", "?"}:
            end = source.find(">", at)
            return len(source) if end < 0 else end + 1
        self._seen.take(source, at, at + 1)
        return at + 1

    def _attributes(self, at: int, end: int, called: str) -> None:
        """Take what is shown or read out of a tag's attributes, each as a block of its own."""
        source, seen = self._source, self._seen
        if source.find("=", at, end) < 0:
            return
        shown = set(_READ_OUT)
        if called == "meta" and _META.search(source, at, end):
            shown = {"content"}
        elif called == "input" and _SUBMIT.search(source, at, end):
            shown.add("value")
        elif called == "iframe":
            shown.add("srcdoc")
        for match in _ATTRIBUTE.finditer(source, at, end):
            name = match["name"].lower()
            if name not in shown:
                continue
            start, beyond = match.span(match.lastgroup or 0)
            if match["bare"] and source[beyond - 1] == "/" and beyond == end - 1:
                beyond -= 1  # the slash of "/>"
            seen.put(BREAK, start, start)
            if name == "srcdoc" and self._depth < _FRAMES:
                self._framed(start, beyond)
            else:
                _words(source, start, beyond, seen)
            seen.put(BREAK, beyond, beyond)

    def _framed(self, start: int, end: int) -> None:
        """The document in a frame: its references are read first, then its tags."""
        written = Visible()
        _references(self._source, start, end, written, lambda a, b: written.take(self._source, a, b))
        found = _Reader(written.text, paragraphs=False, depth=self._depth + 1).read()
        if written.parts:
            self._seen.add(found.through(written))


def _tag_end(source: str, at: int) -> int:
    """Where the tag is over; a quotation mark opens a value behind "=" alone."""
    while True:
        stop = _STOP.search(source, at)
        if stop is None:
            return len(source)
        if stop["quote"] is None:
            return stop.end()
        at = source.find(stop["quote"], stop.end()) + 1
        if at == 0:
            return len(source)


def _words(source: str, start: int, end: int, seen: Visible) -> None:
    """Take text between tags: references as what they stand for, line breaks as spaces."""
    _references(source, start, end, seen, lambda a, b: _flat(source, a, b, seen))


def _references(source: str, start: int, end: int, seen: Visible, take: Callable[[int, int], None]) -> None:
    at = start
    for match in _REFERENCE.finditer(source, start, end):
        take(at, match.start())
        seen.put(html.unescape(match.group()), match.start(), match.end())
        at = match.end()
    take(at, end)


def _flat(source: str, start: int, end: int, seen: Visible) -> None:
    at = start
    for match in _SPACE.finditer(source, start, end):
        if match.group() != " " and not (seen.paragraphs and match.group().count("\n") > 1):
            seen.take(source, at, match.start())
            seen.put(" ", match.start(), match.end())
            at = match.end()
    seen.take(source, at, end)
