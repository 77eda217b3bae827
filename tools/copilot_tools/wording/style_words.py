r"""The words a style sheet shows: strings of ``content``, with their escapes read. Comments and addresses are no words.

References:
    CSS Syntax 3, 4.3 (strings and escapes). CSS Generated Content 3, 2 (``content``).
"""

from __future__ import annotations

import re

from copilot_tools.wording.visible import BREAK, Visible

__all__ = ["style_words"]

_PART = re.compile(
    r"/\*(?:[^*]|\*(?!/))*+(?:\*/|$)"  # a comment
    r"|(?P<content>(?<![\w-])content\s*:)"
    r"|(?P<end>[;{}])"
    r"|url\(\s*(?:\"[^\"]*\"|'[^']*')"  # an address
    r"|\"(?P<double>(?:[^\"\\\n]|\\[\s\S])*+)(?:\"|$|(?=\n))"
    r"|'(?P<single>(?:[^'\\\n]|\\[\s\S])*+)(?:'|$|(?=\n))",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?:(?P<code>[0-9A-Fa-f]{1,6})\s?|(?P<line>\r\n|[\n\f\r])|(?P<plain>[\s\S]))")
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def style_words(source: str, start: int, end: int, seen: Visible) -> None:
    """Take the strings that ``content`` shows in ``source[start:end]``, each as a block of its own.

    A string without a letter or digit (a quotation mark, the glyph of an icon) holds no words.
    """
    shown = False
    for match in _PART.finditer(source, start, end):
        if match["content"]:
            shown = True
        elif match["end"]:
            shown = False
        elif shown and match.lastgroup in {"double", "single"}:
            found = _string(source, *match.span(match.lastgroup))
            if any(c.isalnum() for c in found.text):
                seen.put(BREAK, match.start(), match.start())
                seen.add(found)
                seen.put(BREAK, match.end(), match.end())


def _string(source: str, start: int, end: int) -> Visible:
    found = Visible()
    at = start
    for match in _ESCAPE.finditer(source, start, end):
        found.take(source, at, match.start())
        at = match.end()
        if match["code"]:
            code = int(match["code"], 16)
            letter = chr(code) if 0 < code <= _LAST and code not in _SURROGATES else "\ufffd"
            found.put(" " if letter.isspace() else letter, match.start(), match.end())
        elif match["plain"]:
            found.take(source, match.start("plain"), match.end())
    found.take(source, at, end)
    return found
