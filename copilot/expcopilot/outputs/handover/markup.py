"""Text as other tools take it: HTML and Liquid in which it stands as text, and JSON that is inert inside a page.

Two languages meet in a Braze message: Liquid runs first, wherever the text goes; what it leaves is HTML in some places
and plain text in others. Text for HTML is written in entities, braces too, so that it holds no Liquid at all. Text for
plain places cannot be: a subject line would show ``&amp;``. There an opening brace is written as the Liquid that prints
one, and is never rendered twice.

References:
    WHATWG HTML, Named character references; OWASP, Cross Site Scripting Prevention.
    Shopify Liquid, ``lib/liquid/tokenizer.rb``: everything special begins with ``{{`` or ``{%``.
    OWASP, CSV Injection.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any, Literal

from copilot_tools.refusals import Refused
from copilot_tools.wording import channels
from expcopilot.memory.spreadsheet import FORMULA

__all__ = ["as_html", "as_json", "as_liquid", "format_of"]

_PLAIN_CHANNELS = frozenset({"sms", "push", "search_ads"})
_PLAIN_FIELDS = frozenset({("email", "subject")})
_LINE = re.compile(r"\r\n|\r|\n")

_FORMULA = re.compile(rf"\A(\s*)([{re.escape(FORMULA)}])")


def format_of(channel: str, field: str) -> Literal["html", "plain"]:
    """Whether a field is read as HTML or as plain text, in the tool that sends it.

    SMS, push and search ads are plain, and so is the subject of an e-mail. A preheader is not: it is put into the HTML
    of the message. What is not known is taken for HTML, where text that is not escaped could do harm.
    """
    try:
        name = channels.channel(channel).name  # however it is spelt: "SMS", "E-mail"
    except Refused:
        return "html"
    return "plain" if name in _PLAIN_CHANNELS or (name, field) in _PLAIN_FIELDS else "html"


def as_html(text: str) -> str:
    r"""Text as HTML that shows it and holds neither tag, attribute nor Liquid; line breaks become ``<br>``.

    Example:
        >>> as_html("<b>Hi</b> {{ name }}\nTom & Jo")
        '&lt;b&gt;Hi&lt;/b&gt; &#123;&#123; name &#125;&#125;<br>\nTom &amp; Jo'
    """
    escaped = html.escape(text).replace("{", "&#123;").replace("}", "&#125;")
    return _LINE.sub("<br>\n", _first(escaped, lambda c: f"&#{ord(c)};"))


def as_liquid(text: str) -> str:
    """Plain text as Liquid that prints it: no tag and no output of its own can open in it.

    A beginning that a spreadsheet would run is printed likewise.

    Example:
        >>> as_liquid("Hi {{ name }}"), as_liquid("=1+1"), as_liquid("Save {now}")
        ('Hi {{ "{" }}{{ "{" }} name }}', '{{ "=" }}1+1', 'Save {{ "{" }}now}')
    """
    # Only "{" opens anything. "}" stays: quoted inside an output, it would end that output too early.
    return _first(text.replace("{", '{{ "{" }}'), lambda c: f'{{{{ "{c}" }}}}')


def as_json(data: Any) -> str:
    r"""JSON as a file, two spaces deep; pasted into a page's script it ends neither the script nor a string.

    Example:
        >>> print(as_json({"text": "</script>"}), end="")
        {
          "text": "\u003c/script\u003e"
        }
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2)
    for character in "<>&\u2028\u2029":  # they stand only inside strings, where the escape means the same
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text + "\n"


def _first(text: str, write: Callable[[str], str]) -> str:
    """``text`` with the character that would begin a formula written another way."""
    return _FORMULA.sub(lambda found: found[1] + write(found[2]), text, count=1)
