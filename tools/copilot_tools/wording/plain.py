"""Text from users, files and columns made harmless to show: nothing in it is invisible or moves what stands around it.

Names of arms, metrics and segments come from strangers' files. A terminal escape could repaint a screen, a
bidirectional control could turn a sentence around, a zero-width character could make two names look alike. Each such
character is replaced by U+FFFD, so that a reader sees that something stood there.

References:
    Unicode Technical Report 36, Unicode Security Considerations.
    Boucher & Anderson (2023), Trojan Source: Invisible Vulnerabilities, USENIX Security.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["REPLACEMENT", "chat", "exact", "markdown", "shortened", "visible"]

REPLACEMENT = "\ufffd"

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that draw nothing: fillers, the combining grapheme joiner, the blank braille pattern.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SPACES = re.compile(r"[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")


def visible(text: str) -> str:
    r"""``text`` on one line, every control, bidirectional, zero-width or blank character replaced by U+FFFD.

    Line breaks and tabs become one space.

    Example:
        >>> visible("gate\x1b[31m_40\n(new)")
        'gate�[31m_40 (new)'
    """
    line = _SPACES.sub(" ", text).strip(" ")
    return "".join(REPLACEMENT if _is_hidden(c) else c for c in line)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def exact(text: str) -> str:
    r"""``text`` as it stands, its blanks, tabs and lines too; every other hidden character is replaced by U+FFFD.

    Example:
        >>> exact("gate\x1b[31m\n  40")
        'gate�[31m\n  40'
    """
    return "".join(REPLACEMENT if c not in "\n\t" and _is_hidden(c) else c for c in text)


def shortened(text: str, width: int) -> str:
    """``visible(text)`` in at most ``width`` characters, the cut shown by an ellipsis.

    Example:
        >>> shortened("the whole checkout page", 10)
        'the whole…'
    """
    line = visible(text)
    return line if len(line) <= width else line[: max(width - 1, 0)].rstrip() + "…"


_MARKDOWN = str.maketrans({c: f"\\{c}" for c in r"\`*_[]{}|~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
# What makes a list, a heading, a rule or an underlined heading of a line that begins with it.
_LEADING = re.compile(r"^(?:(?P<mark>[-+](?=[\s-]|$)|[#=])|(?P<number>\d+)(?P<dot>[.)])(?=\s|$))")


def markdown(text: str) -> str:
    r"""``visible(text)`` as Markdown that shows it and does nothing else: no tag, table break, link, image, template.

    Example:
        >>> markdown("<b>[win](http://x.y)|{{7*7}}")
        '&lt;b&gt;\\[win\\](http\\://x.y)\\|\\{\\{7\\*7\\}\\}'
    """
    line = visible(text).translate(_MARKDOWN)
    line = line.replace("://", "\\://")  # a bare address would become a link
    line = re.sub(r"www\.", lambda m: m.group()[:-1] + "\\.", line, flags=re.IGNORECASE)
    return _LEADING.sub(lambda m: f"\\{m['mark']}" if m["mark"] else f"{m['number']}\\{m['dot']}", line)


_CHAT = str.maketrans({"<": "‹", ">": "›", "`": "'"})


def chat(text: str) -> str:
    """``visible(text)`` for pasting into a chat, a slide or a code block, where nothing can be escaped.

    Angle brackets become single guillemets, backticks apostrophes, and doubled braces are set apart, so that neither a
    tag nor a code span nor a template can arise.

    Example:
        >>> chat("<script> {{7*7}}")
        '‹script› { {7*7} }'
    """
    line = visible(text).translate(_CHAT)
    line = re.sub(r"\{(?=[{%#])", "{ ", line)
    return re.sub(r"(?<=[}%#])\}", " }", line)
