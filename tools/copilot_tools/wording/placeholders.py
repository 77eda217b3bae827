"""Places somebody meant to fill: merge tags of sending tools, brackets and words of a draft. None may go out."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

__all__ = ["Placeholder", "placeholders"]


class Placeholder(NamedTuple):
    """A place left open.

    Attributes:
        kind: "merge tag", "broken merge tag" (one end of it), or "draft" (a bracket or word of a draft).
        text: As it stands there.
        start: First code point.
        end: One past its last.
    """

    kind: Literal["merge tag", "broken merge tag", "draft"]
    text: str
    start: int
    end: int


_TAGS = re.compile(
    r"\{\{[^{}\n]{0,300}(?:\{[^{}\n]{0,200}\}[^{}\n]{0,100})?\}\}"  # Liquid, Handlebars, Braze's {{${name}}}
    r"|\{%[^{}\n]{0,300}%\}"  # Liquid
    r"|\*\|[^|\n]{1,100}\|\*"  # Mailchimp
    r"|%%[\w .-]{1,100}%%"  # Salesforce
    r"|<%=?[^<>\n]{0,300}%>"
    r"|\$\{[^{}\n]{1,100}\}"
    r"|%[A-Z][A-Z_]{2,40}%"
    r"|(?<![{\w$%])\{[A-Za-z_][\w. ]{0,60}\}(?!\})"
)
_BROKEN = re.compile(r"\{\{|\}\}|\{%|%\}|\*\||\|\*|%%|<%|%>|\$\{")
_DRAFT = re.compile(
    r"\[(?:insert|your|add|name|first ?name|last ?name|company|product|brand|link|url|date|price|city|cta|tbd|xx?x?"
    r"|number|percent|amount|hier|vorname|nachname|prénom|nom|nombre|fecha|datum)\b[^\[\]\n]{0,80}\](?!\()"
    r"|\b(?:TODO|TBD|TBC|FIXME|XXX+)\b|\b(?i:lorem ipsum)\b|(?<![\w.])_{4,}(?![\w.])|\b[Xx]{2}\s?%"
    r"|<(?:first ?name|name|your [a-z ]{1,30}|insert [a-z ]{1,30})>",
    re.IGNORECASE,
)
_CAPITALS_ONLY = frozenset({"todo", "tbd", "tbc", "fixme"})


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """Places left open in ``text``, in order; none of them overlap.

    Example:
        >>> [(p.kind, p.text) for p in placeholders("Hi {{ first_name }}, [insert offer] ends %%date")]
        [('merge tag', '{{ first_name }}'), ('draft', '[insert offer]'), ('broken merge tag', '%%')]
    """
    found = [Placeholder("merge tag", m.group(), m.start(), m.end()) for m in _TAGS.finditer(text)]
    taken = bytearray(len(text))
    for place in found:
        taken[place.start : place.end] = b"\x01" * (place.end - place.start)
    found += [
        Placeholder("broken merge tag", match.group(), match.start(), match.end())
        for match in _BROKEN.finditer(text)
        if not any(taken[match.start() : match.end()])
    ]
    for match in _DRAFT.finditer(text):
        # "todo" is Spanish for everything: only capitals are a note to oneself.
        small = match.group().casefold() in _CAPITALS_ONLY and not match.group().isupper()
        if not small and not any(taken[match.start() : match.end()]):
            found.append(Placeholder("draft", match.group(), match.start(), match.end()))
    return tuple(sorted(found, key=lambda p: p.start))
