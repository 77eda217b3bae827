"""The last verification of this workspace: who had it run, when, what it found. Kept until the server ends."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.records.verification import Verification

__all__ = ["Checked", "LastCheck"]


class Checked(NamedTuple):
    """One verification.

    Attributes:
        found: What it found.
        by: Who had it run.
        when: When it ended, UTC.
    """

    found: Verification
    by: str
    when: dt.datetime


class LastCheck:
    """Runs one verification at a time, and remembers the last.

    Attributes:
        last: The last one; None before the first.
    """

    def __init__(self) -> None:
        self.last: Checked | None = None
        self._running = threading.Lock()

    def run(self, verify: Callable[[], Verification], by: str) -> None:
        """Verify.

        Args:
            verify: Does it.
            by: Who asks.

        Raises:
            Refused: ``web.checking``: one is running already; and what ``verify`` refuses.
        """
        if not self._running.acquire(blocking=False):
            raise Refused.because(
                "web.checking",
                "Everything is being verified already.",
                "Wait a moment, then load the page of the last verification.",
                name="verify",
            )
        try:
            found = verify()
            self.last = Checked(found, by, dt.datetime.now(tz=dt.UTC))
        finally:
            self._running.release()
