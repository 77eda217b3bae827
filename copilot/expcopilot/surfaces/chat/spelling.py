"""Commands named in texts, as they are typed in a chat: `expcopilot analyze checkout DATA` is `/analyze DATA`."""

from __future__ import annotations

import re
from collections.abc import Callable

from expcopilot.surfaces.slash import SLASH

__all__ = ["in_chat"]

_AMEND = re.compile(r"expcopilot register(?: [^-`\s]\S*)? --amend(?: --reason (?:\.\.\.|\"[^\"]*\"|[^\s`]+))?")
_CHECK = re.compile(r"expcopilot plan check\b")
_PLAIN = re.compile(rf"expcopilot ({'|'.join(SLASH)})\b")


def in_chat(experiment: Callable[[], str | None]) -> Callable[[str], str]:
    """How to spell commands while this experiment, asked for anew each time, is the one talked about.

    Example:
        >>> spell = in_chat(lambda: "checkout")
        >>> spell("Read it with `expcopilot analyze checkout DATA`, or see `expcopilot plan check FILE`.")
        'Read it with `/analyze DATA`, or see `/check FILE`.'
        >>> spell("Change it with `expcopilot register --amend --reason ...`.")
        'Change it with `/amend PLAN REASON`.'
    """

    def spell(text: str) -> str:
        text = _CHECK.sub("/check", _AMEND.sub("/amend PLAN REASON", text))
        text = _PLAIN.sub(r"/\1", text)
        name = experiment()
        if name is not None:
            text = re.sub(
                rf"/(analyze|readout|close|log|variants|mark|approve|export) {re.escape(name)}(?![\w.-])", r"/\1", text
            )
        return text

    return spell
