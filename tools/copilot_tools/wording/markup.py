"""The text a reader sees of Markdown or HTML, and where each of its code points stands in the source.

Headings, list items, link text, alternative texts, titles, labels and placeholders are text; scripts, styles, code,
comments, addresses and tags are not. Blocks are set apart by an empty line, so that no sentence runs across them.
Every scan moves forward only, so the time is linear in the source, whatever is left open in it.

References:
    CommonMark 0.31.2 (what decides what is visible). WHATWG HTML, 13.2 (tags, attributes, character references).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Format", "Visible", "visible_html", "visible_markdown", "visible_text"]

Format = Literal["text", "markdown", "html"]


@dataclass
class Visible:
    """Visible text with its way back.

    Attributes:
        parts: The text, in pieces.
        starts: For each of its code points, where it begins in the source.
        ends: And where it ends; a character reference such as ``&amp;`` is one code point here and five there.
        paragraphs: Whether an empty line of the source sets paragraphs apart: in Markdown, not in HTML.
    """

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    paragraphs: bool = False

    @property
    def text(self) -> str:
        """The text as it is read."""
        return "".join(self.parts)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the source of a stretch of the text that is not empty."""
        return self.starts[start], self.ends[end - 1]

    def take(self, source: str, start: int, end: int) -> None:
        """Take ``source[start:end]`` as it stands."""
        self.parts.append(source[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))

    def put(self, written: str, start: int, end: int) -> None:
        """Put ``written`` for ``source[start:end]``."""
        self.parts.append(written)
        self.starts.extend([start] * len(written))
        self.ends.extend([end] * len(written))

    def through(self, inner: Visible) -> Visible:
        """This text, made from ``inner.text``, with places in the source that ``inner`` was made from."""
        starts = [inner.starts[s] if s < len(inner.starts) else _end(inner) for s in self.starts]
        ends = [inner.ends[e - 1] if e > 0 else 0 for e in self.ends]
        return Visible(self.parts, starts, [max(s, e) for s, e in zip(starts, ends, strict=True)])


def _end(visible: Visible) -> int:
    return visible.ends[-1] if visible.ends else 0


def visible_text(source: str, form: Format) -> Visible:
    r"""What a reader sees of ``source``, whatever its format.

    Example:
        >>> seen = visible_text("# **50**% off\n[Buy](http://x.y) &amp; save", "markdown")
        >>> seen.text.split()
        ['50%', 'off', 'Buy', '&', 'save']
    """
    if form == "html":
        return visible_html(source)
    if form == "markdown":
        return visible_markdown(source)
    plain = Visible()
    plain.take(source, 0, len(source))
    return plain


_BREAK = "\n\n"
_INLINE = frozenset({
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "em", "font", "i", "ins", "kbd"),
    *("label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var"),
    "wbr",
})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "code", "pre", "template", "svg", "noscript", "textarea", "iframe", "object"})
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,40})")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ATTRIBUTE = re.compile(r"([A-Za-z:-]{1,40})\s{0,8}=\s{0,8}(?:\"([^\"]*)\"|'([^']*)')")
_STOP = re.compile(r"[>\"']")
_READ_OUT = frozenset({"alt", "title", "aria-label", "placeholder"})
_META = re.compile(
    r"(?:name|property)\s{0,8}=\s{0,8}[\"'](?:description|og:title|og:description|twitter:\w{1,20})[\"']", re.IGNORECASE
)
_SUBMIT = re.compile(r"type\s{0,8}=\s{0,8}[\"']?(?:submit|button|reset)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def visible_html(source: str, *, paragraphs: bool = False) -> Visible:
    """What a reader sees (or a screen reader says) of HTML.

    Args:
        source: The HTML.
        paragraphs: Whether an empty line sets paragraphs apart, as where HTML stands in Markdown.
    """
    seen = Visible(paragraphs=paragraphs)
    at = 0
    while at < len(source):
        tag = source.find("<", at)
        if tag < 0:
            tag = len(source)
        _html_words(source, at, tag, seen)
        if tag == len(source):
            break
        at = _tag(source, tag, seen)
    return seen


def _tag(source: str, at: int, seen: Visible) -> int:
    """Read what begins with "<" and return where to go on."""
    if source.startswith("<!--", at):
        end = source.find("-->", at + 4)
        return len(source) if end < 0 else end + 3
    name = _NAME.match(source, at)
    if name is None:
        if source[at + 1 : at + 2] in {"!", "?"}:
            end = source.find(">", at)
            return len(source) if end < 0 else end + 1
        seen.take(source, at, at + 1)
        return at + 1
    end = _tag_end(source, name.end())
    called = name[1].lower()
    if called not in _INLINE:
        seen.put(_BREAK, at, at)
    _attributes(source, at, end, called, seen)
    if called in _UNSEEN and source[at + 1] != "/" and source[end - 2 : end] != "/>":
        closing = re.compile(rf"</{called}[\s>]", re.IGNORECASE).search(source, end)
        return _tag_end(source, closing.end() - 1) if closing else len(source)
    return end


def _tag_end(source: str, at: int) -> int:
    while True:
        stop = _STOP.search(source, at)
        if stop is None:
            return len(source)
        if stop.group() == ">":
            return stop.end()
        at = source.find(stop.group(), stop.end()) + 1
        if at == 0:
            return len(source)


def _attributes(source: str, at: int, end: int, called: str, seen: Visible) -> None:
    """Take what is shown or read out of a tag's attributes, each as a block of its own."""
    if "=" not in source[at:end]:
        return
    shown = set(_READ_OUT)
    if called == "meta" and _META.search(source, at, end):
        shown = {"content"}
    elif called == "input" and _SUBMIT.search(source, at, end):
        shown.add("value")
    for match in _ATTRIBUTE.finditer(source, at, end):
        if match[1].lower() in shown:
            group = 2 if match[2] is not None else 3
            seen.put(_BREAK, match.start(group), match.start(group))
            _html_words(source, match.start(group), match.end(group), seen)
            seen.put(_BREAK, match.end(group), match.end(group))


def _html_words(source: str, start: int, end: int, seen: Visible) -> None:
    """Take text between tags: references as what they stand for, line breaks as spaces."""
    at = start
    for match in _REFERENCE.finditer(source, start, end):
        _flat(source, at, match.start(), seen)
        seen.put(html.unescape(match.group()), match.start(), match.end())
        at = match.end()
    _flat(source, at, end, seen)


def _flat(source: str, start: int, end: int, seen: Visible) -> None:
    at = start
    for match in _SPACE.finditer(source, start, end):
        if match.group() != " " and not (seen.paragraphs and match.group().count("\n") > 1):
            seen.take(source, at, match.start())
            seen.put(" ", match.start(), match.end())
            at = match.end()
    seen.take(source, at, end)


_FENCE = re.compile(r"[ ]{0,3}(```+|~~~+)")
_PREFIX = re.compile(
    r"[ \t]{0,12}(?:>[ ]?){0,8}[ \t]{0,12}"
    r"(?:(?P<heading>#{1,6})[ \t]{1,8}|(?:[-*+]|\d{1,9}[.)])[ \t]{1,8}(?:\[[ xX]\][ ])?)?"
)
_RULE = re.compile(r"[ ]{0,3}(?:[-=*_][ \t]?){3,200}$|[ ]{0,3}\|?(?:[ ]?:?-{2,100}:?[ ]?\|?){1,50}$")
_DEFINITION = re.compile(r"[ ]{0,3}\[[^\]]{1,200}\]:[ \t]{0,8}\S")
_INLINE_MARK = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<image>!\[)"
    r"|(?P<target>\](?:\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:\s{1,4}(?:\"[^\"]{0,300}\"|'[^']{0,300}'))?\s{0,4}\)"
    r"|\[[^\]\[]{0,200}\])?)"
    r"|(?P<open>\[)"
    r"|(?P<address><?(?:https?://|mailto:)[^\s<>)\]]+>?)"
    r"|(?P<mark>\*+|~~|(?<![^\W_])(?<!_)_++(?=\S)|(?<=[^\s_])_++(?![^\W_]))"
    r"|(?P<cell>\|)"
)


def visible_markdown(source: str) -> Visible:
    """What a reader sees of Markdown, HTML in it included."""
    marked = Visible()
    fence = ""
    at = 0
    blank, listed, front = True, False, source.startswith(("---\n", "---\r\n"))
    for line in source.splitlines(keepends=True):
        start, at = at, at + len(line)
        body = line.rstrip("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
        if front:
            front = start == 0 or body.strip() not in {"---", "..."}
            continue
        fenced = _FENCE.match(body)
        if fence:
            fence = "" if fenced and fenced[1].startswith(fence) else fence
            continue
        if fenced:
            fence = fenced[1]
            marked.put(_BREAK, start, start)
            continue
        if not body.strip() or _RULE.match(body) or _DEFINITION.match(body):
            marked.put(_BREAK, start, start)
            blank = True
            continue
        if blank and not listed and body.startswith(("    ", "\t")):
            continue
        prefix = _PREFIX.match(body)
        skipped = prefix.end() if prefix else 0
        block = bool(prefix and prefix.group().strip())
        listed = (block and not (prefix and prefix["heading"])) or (listed and body.startswith((" ", "\t")))
        marked.put(_BREAK if block else " ", start, start)
        _markdown_words(source, start + skipped, start + len(body), marked)
        if prefix and prefix["heading"]:
            marked.put(_BREAK, at, at)
        blank = False
    return visible_html(marked.text, paragraphs=True).through(marked) if marked.parts else marked


def _markdown_words(source: str, start: int, end: int, seen: Visible) -> None:
    at = start
    unclosed: set[str] = set()
    position = start
    while True:
        match = _INLINE_MARK.search(source, position, end)
        if match is None:
            break
        position = match.end()
        kind = match.lastgroup
        if kind == "mark" and match["mark"].startswith("*") and _stands_alone(source, match, start, end):
            continue
        seen.take(source, at, match.start())
        at = match.end()
        if kind == "escaped":
            seen.take(source, match.start("escaped"), match.end())
        elif kind == "ticks":
            close = -1 if match["ticks"] in unclosed else source.find(match["ticks"], match.end(), end)
            if close < 0:
                unclosed.add(match["ticks"])
            else:
                at = position = close + len(match["ticks"])
        elif kind in {"image", "cell"}:
            seen.put(_BREAK, match.start(), match.start())
    seen.take(source, at, end)


def _stands_alone(source: str, match: re.Match[str], start: int, end: int) -> bool:
    """Whether an asterisk has a space on both sides, as in "5 * 3"."""
    left: Sequence[str] = source[max(start, match.start() - 1) : match.start()]
    right: Sequence[str] = source[match.end() : min(end, match.end() + 1)]
    return (not left or left == " ") and (not right or right == " ")
