"""The words of YAML front matter: what stands behind ``title``, ``description`` or ``subject`` is copy, else nothing.

References:
    YAML 1.2.2, 7.3 (scalars in one line) and 8.1 (block scalars).
"""

from __future__ import annotations

import re

from copilot_tools.wording.visible import BREAK, Visible

__all__ = ["front_matter"]

_OPENING = re.compile(r"---[ \t]*\r?\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.MULTILINE)
_KEY = re.compile(r"(?:\s*(?:#[^\n]*)?\r?\n)*+[ \t]*[\"']?[^\W\d][\w .:-]{0,80}[\"']?[ \t]*:(?:\s|$)")
_COPY = re.compile(
    r"(?P<indent>[ \t]*(?:-[ ]+)?)[\"']?(?:title|description|subject|subtitle|headline|preheader|summary)[\"']?"
    r"[ \t]*:(?:[ \t]+|$)",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"[|>][-+\d]{0,2}[ \t]*(?:#.*)?$")
_REMARK = re.compile(r"(?:^|[ \t])#.*$")


def front_matter(source: str, seen: Visible) -> int:
    """Take the copy of a document's front matter; returns where the document begins, 0 where there is none.

    A line of dashes that nothing closes, or that is followed by something else than keys, is no front matter: what
    stands below it is read.
    """
    opening = _OPENING.match(source)
    if opening is None or _KEY.match(source, opening.end()) is None:
        return 0
    closing = _CLOSING.search(source, opening.end())
    if closing is None:
        return 0
    at, inside, quote = opening.end(), -1, ""
    for line in source[at : closing.start()].splitlines(keepends=True):
        start, at = at, at + len(line)
        body = line.rstrip("\r\n")
        indent = len(body) - len(body.lstrip())
        key = _COPY.match(body)
        if key is not None and not (inside >= 0 and indent > inside):
            inside, quote = len(key["indent"]), ""
            value = body[key.end() :]
            if _BLOCK.match(value):
                quote = "|"
            elif value[:1] in {'"', "'"}:
                quote = value[0]
            seen.put(BREAK, start, start)
            if quote != "|":
                _line(source, start + key.end() + (1 if quote else 0), start + len(body), quote, seen)
        elif inside >= 0 and (indent > inside or not body):
            seen.put(" " if body else BREAK, start, start)
            _line(source, start + indent, start + len(body), quote, seen)
        else:
            inside = -1
    seen.put(BREAK, closing.end(), closing.end())
    return closing.end()


def _line(source: str, start: int, end: int, quote: str, seen: Visible) -> None:
    """One line of a value, without its closing quotation mark or a remark behind it."""
    if quote in {'"', "'"}:
        closing = source.find(quote, start, end)
        while 0 <= closing < end and (source[closing - 1] == "\\" or source[closing + 1 : closing + 2] == "'" == quote):
            closing = source.find(quote, closing + (2 if quote == "'" else 1), end)
        end = closing if closing >= 0 else end
    elif not quote and (remark := _REMARK.search(source[start:end])):
        end = start + remark.start()
    seen.take(source, start, end)
