"""What a field of a channel takes and shows, in characters: looked up anew for the evals, not read from the product."""

from __future__ import annotations

import re

__all__ = ["over_advised", "over_most"]

_MOST = {("search_ads", "headline"): 30, ("search_ads", "description"): 90, ("sms", "body"): 1_600}
"""More is not taken."""
_ADVISED = {
    ("web", "headline"): 70,
    ("web", "body"): 300,
    ("web", "button"): 25,
    ("email", "subject"): 50,
    ("email", "preheader"): 90,
    ("push", "title"): 49,
    ("push", "body"): 160,
    ("sms", "body"): 306,
    ("in_app", "title"): 60,
    ("in_app", "body"): 120,
    ("in_app", "button"): 20,
}
"""More is cut off, or not read."""


def over_most(channel: str, field: str, text: str) -> bool:
    """Whether the place does not take it."""
    return _over(_MOST, channel, field, text)


def over_advised(channel: str, field: str, text: str) -> bool:
    """Whether it is not shown whole."""
    return _over(_ADVISED, channel, field, text)


def _over(bounds: dict[tuple[str, str], int], channel: str, field: str, text: str) -> bool:
    bound = bounds.get((channel, re.sub(r"_\d+$", "", field)))
    return bound is not None and len(text) > bound
