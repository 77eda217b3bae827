"""The text a reader sees of Markdown or HTML, and where each of its code points stands in the source.

Headings, list items, link text, alternative texts, titles, labels and placeholders are text; scripts, code, comments,
addresses and tags are not. Blocks are set apart by an empty line, so that no sentence runs across them.
Every scan moves forward only, so the time is linear in the source, whatever is left open in it.
"""

from __future__ import annotations

from typing import Literal

from copilot_tools.wording.html_words import visible_html
from copilot_tools.wording.markdown_words import visible_markdown
from copilot_tools.wording.visible import Visible

__all__ = ["Format", "Visible", "visible_html", "visible_markdown", "visible_text"]

Format = Literal["text", "markdown", "html"]


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
