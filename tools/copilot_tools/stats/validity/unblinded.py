"""Opened early: outcomes were seen before the committed size, so whether to go on could depend on them.

Alarm level: serious whenever it happened. No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "unblinded"]

ATTACK = Attack("unblinded", "Opened early")


def unblinded(circumstances: Circumstances) -> Objection:
    """Name every look at outcomes before the committed size."""
    early = circumstances.unblinded
    if not early:
        if not circumstances.planned:
            return ATTACK.cannot("no registered plan says when outcomes may be opened")
        sentence = "0 looks at outcomes through the copilot came before the committed end."
        return ATTACK.finds("none", sentence, value=0, unit="count")
    looks = plural(len(early), "look at outcomes", "looks at outcomes")
    return ATTACK.finds(
        "serious",
        f"{looks} came before the committed end, so stopping or changing the test could have followed the numbers.",
        value=len(early),
        unit="count",
        details=early,
    )
