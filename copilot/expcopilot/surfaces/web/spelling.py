"""Commands named in texts, as they are done on the page: `expcopilot analyze checkout DATA` is "read its data"."""

from __future__ import annotations

import re

__all__ = ["on_page"]

_DONE: dict[str, str] = {
    "analyze": "“Read data” on the experiment's page",
    "approve": "the experiment's copy",
    "ask": "the conversation",
    "chat": "the conversation",
    "close": "“Close” on the experiment's page",
    "export": "“Hand over” beside the copy",
    "log": "the history",
    "look": "“A quick look”, beside the history",
    "mark": "the mark in the copy",
    "new": "“Write its plan” on the experiment's page",
    "plan": "the experiment's plan",
    "readout": "the readout",
    "register": "“Register” beside the plan",
    "sharpen": "the conversation",
    "size": "the plan's size",
    "sources": "“Sources”, beside the copy",
    "variants": "the experiment's copy",
    "verify": "“Verify” in the history",
    "web": "`expcopilot web` in a terminal",
}
"""Command -> where the same is done here."""

_COMMAND = re.compile(rf"`expcopilot ({'|'.join(_DONE)})\b[^`]*`")

_CHOSEN: dict[str, str] = {
    "aggregate": "“How events become one value a unit”",
    "arm-column": "“Arm column”",
    "again": "the button on its page",
    "budget": "the budget",
    "as": "“The file holds”:",
    "cancel": "“End the open batches”",
    "control": "“Control”",
    "cut": "the further cuts",
    "from": "“Your own variants”",
    "kind": "“What it is”:",
    "metric": "“Metric”",
    "reason": "the reason",
    "retry": "“Ask again for what failed”",
    "unblind": "“Open the outcomes early”",
    "undo": "“Take it back”",
    "unit": "“Unit”",
}
"""Option -> what is pressed or filled in here instead."""

_OPTION = re.compile(rf"(?<![\w`-])--({'|'.join(_CHOSEN)})\b(?![\w-])(?: [A-Z]{{3,}}\b)?")


def on_page(text: str) -> str:
    """A text with every command in it as it is done on the page.

    Example:
        >>> print(on_page("Read it with `expcopilot analyze checkout DATA`."))
        Read it with “Read data” on the experiment's page.
    """
    return _OPTION.sub(lambda found: _CHOSEN[found[1]], _COMMAND.sub(lambda found: _DONE[found[1]], text))
