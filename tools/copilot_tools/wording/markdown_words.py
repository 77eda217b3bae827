"""The words a reader sees of Markdown, HTML in it and copy in its front matter included.

Headings, list items, link texts, alternative texts and cells are words; code, addresses and definitions are not, but a
fence marked as text, or not marked at all, holds copy where what it holds reads as sentences.

References:
    CommonMark 0.31.2 (what decides what is visible).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from copilot_tools.wording.front_matter import front_matter
from copilot_tools.wording.html_words import visible_html
from copilot_tools.wording.visible import BREAK, Visible

__all__ = ["visible_markdown"]

_FENCE = re.compile(r"[ ]{0,3}(?:>[ ]?){0,8}[ \t]{0,12}(?P<mark>```+|~~~+)[ \t]*(?P<info>[^`\r\n]*)$")
_TEXTS = frozenset({"", "text", "txt", "plain", "plaintext", "none", "copy", "email"})
"""What a fence is marked with that holds no code."""
_SENTENCE = re.compile(r"[^\W\d_]{2,}(?:[ ,;:'’%€$£-]{1,3}\w+){2}")
_CODE = re.compile(r"[{}\\`]|[=;]\s*$|\(\)|::|->|</?\w|^\s*(?://|\$ |>>>|#!|\w+\s*=)")
_QUOTED = re.compile(r"[ ]{0,3}(?:>[ ]?){0,8}")
_PREFIX = re.compile(
    r"[ \t]{0,12}(?:>[ ]?){0,8}[ \t]{0,12}"
    r"(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]{1,8}(?:\[[ xX]\][ ])?)?"
    r"(?P<heading>#{1,6}(?:[ \t]{1,8}|$))?"
)
_CLOSED = re.compile(r"[ \t]+#{1,80}[ \t]*$")
_RULE = re.compile(
    r"[ ]{0,3}(?:[-=*_][ \t]?){3,200}$|[ ]{0,3}(?:=+|-+)[ \t]*$|[ ]{0,3}\|?(?:[ ]?:?-{2,100}:?[ ]?\|?){1,50}$"
)
_DEFINITION = re.compile(r"[ ]{0,3}\[[^\]]{1,200}\]:[ \t]{0,8}\S")
_RAW = re.compile(r"[ ]{0,3}<(script|pre|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
"""What begins HTML in which marks are no marks, up to its closing tag."""
_INLINE_MARK = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<condition><!--\s{0,8}\[if [^\]\n]{1,200}\]>|<!\[endif\])"
    r"|(?P<image>!\[)"
    r"|(?P<target>\](?:\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:\s{1,4}(?:\"[^\"]{0,300}\"|'[^']{0,300}'))?\s{0,4}\)"
    r"|\[[^\]\[]{0,200}\])?)"
    r"|(?P<open>\[)"
    r"|(?P<address><?(?:https?://|mailto:)[^\s<>)\]]+>?)"
    r"|(?P<mark>\*+|~~|(?<![^\W_])(?<!_)_++(?=\S)|(?<=[^\s_])_++(?![^\W_]))"
    r"|(?P<cell>\|)"
)
_SPECIAL = re.compile(r"[<&]")
_ENDS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


class _Line(NamedTuple):
    """A line of the source, without what ends it."""

    start: int
    end: int
    text: str


def visible_markdown(source: str) -> Visible:
    """What a reader sees of Markdown, HTML in it included."""
    marked = Visible()
    at = front_matter(source, marked)
    lines = []
    for line in source[at:].splitlines(keepends=True):
        body = line.rstrip(_ENDS)
        lines.append(_Line(at, at + len(body), body))
        at += len(line)
    _blocks(source, lines, marked)
    return visible_html(marked.text, paragraphs=True).through(marked) if marked.parts else marked


def _blocks(source: str, lines: Sequence[_Line], marked: Visible) -> None:
    """Take the lines, block by block."""
    fence: re.Match[str] | None = None
    fenced: list[_Line] = []
    raw: re.Pattern[str] | None = None
    blank, listed = True, False
    for line in lines:
        opened = _FENCE.match(line.text)
        if fence:
            if opened and opened["mark"].startswith(fence["mark"]) and not opened["info"]:
                _fenced(source, fence["info"], fenced, marked)
                fence, fenced = None, []
            else:
                fenced.append(line)
            continue
        if raw is None and (tag := _RAW.match(line.text)):
            raw = re.compile(rf"</{tag[1]}[\s>]", re.IGNORECASE)
            marked.put(BREAK, line.start, line.start)
        if raw is not None:
            marked.take(source, line.start, line.end)
            marked.put("\n", line.end, line.end)
            raw = None if raw.search(line.text) else raw
            continue
        if opened:
            fence = opened
            marked.put(BREAK, line.start, line.start)
            continue
        if not line.text.strip() or _RULE.match(line.text) or _DEFINITION.match(line.text):
            marked.put(BREAK, line.start, line.start)
            blank = True
            continue
        if blank and not listed and line.text.startswith(("    ", "\t")):
            continue
        listed = _paragraph(source, line, marked, listed=listed)
        blank = False
    if fence:
        _fenced(source, fence["info"], fenced, marked)


def _paragraph(source: str, line: _Line, marked: Visible, *, listed: bool) -> bool:
    """Take a line of words; whether it stands in a list."""
    prefix = _PREFIX.match(line.text)
    item, heading = bool(prefix and prefix["item"]), bool(prefix and prefix["heading"])
    block = bool(prefix and prefix.group().strip())
    marked.put(BREAK if block else " ", line.start, line.start)
    start, end = line.start + (prefix.end() if prefix else 0), line.end
    if heading:
        closed = _CLOSED.search(source, start - 1, end)
        end = max(start, closed.start()) if closed else end
    _markdown_words(source, start, end, marked)
    if heading:
        marked.put(BREAK, line.end, line.end)
    return item or (listed and not heading and line.text.startswith((" ", "\t")))


def _fenced(source: str, info: str, lines: Sequence[_Line], marked: Visible) -> None:
    """Take what a fence holds where it is copy: nothing marks it as code, and it reads as sentences."""
    marked_as = info.split(maxsplit=1)[0].lower() if info.strip() else ""
    written = [text for line in lines if (text := line.text[_quoted(line) :]).strip()]
    prose = any(_SENTENCE.search(text) for text in written)
    code = sum(1 for text in written if _CODE.search(text))
    if marked_as not in _TEXTS or not prose or 2 * code > len(written) - (not marked_as):
        return
    marked.put(BREAK, lines[0].start, lines[0].start)
    for line in lines:
        marked.put(" " if line.text.strip() else BREAK, line.start, line.start)
        _as_it_stands(source, line.start + _quoted(line), line.end, marked)
    marked.put(BREAK, lines[-1].end, lines[-1].end)


def _quoted(line: _Line) -> int:
    """Where a line's words begin behind the marks of a quotation."""
    marks = _QUOTED.match(line.text)
    return marks.end() if marks else 0


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
        if kind == "condition":
            continue  # Outlook's comment is read as HTML: its brackets are no link
        seen.take(source, at, match.start())
        at = match.end()
        if kind == "escaped":
            _as_it_stands(source, match.start("escaped"), match.end(), seen)
        elif kind == "ticks":
            close = -1 if match["ticks"] in unclosed else source.find(match["ticks"], match.end(), end)
            if close < 0:
                unclosed.add(match["ticks"])
            else:
                at = position = close + len(match["ticks"])
        elif kind in {"image", "cell"}:
            seen.put(BREAK, match.start(), match.start())
    seen.take(source, at, end)


def _as_it_stands(source: str, start: int, end: int, seen: Visible) -> None:
    """Take text in which "<" begins no tag and "&" no reference: both are written as HTML would write them."""
    at = start
    for match in _SPECIAL.finditer(source, start, end):
        seen.take(source, at, match.start())
        seen.put("&lt;" if match.group() == "<" else "&amp;", match.start(), match.end())
        at = match.end()
    seen.take(source, at, end)


def _stands_alone(source: str, match: re.Match[str], start: int, end: int) -> bool:
    """Whether an asterisk has a space on both sides, as in "5 * 3"."""
    left: Sequence[str] = source[max(start, match.start() - 1) : match.start()]
    right: Sequence[str] = source[match.end() : min(end, match.end() + 1)]
    return (not left or left == " ") and (not right or right == " ")
