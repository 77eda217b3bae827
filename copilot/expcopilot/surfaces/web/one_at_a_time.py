"""Work that takes the whole computer, such as reading a large file: one piece of it at a time, few waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from copilot_tools.refusals import Refused

__all__ = ["OneAtATime"]


class OneAtATime:
    """A door through which one request goes at a time; views that do no such work never wait for it."""

    def __init__(self, *, waiting: int = 8, seconds: float = 120.0) -> None:
        """Make a door.

        Args:
            waiting: How many may wait for it.
            seconds: How long each waits.
        """
        self._busy = threading.Lock()
        self._places = threading.BoundedSemaphore(waiting + 1)
        self._seconds = seconds

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Wait for the others, then go on.

        Raises:
            Refused: ``web.busy``: too many wait, or one of them takes too long.
        """
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._busy.acquire(timeout=self._seconds):
                raise _busy()
            try:
                yield
            finally:
                self._busy.release()
        finally:
            self._places.release()


def _busy() -> Refused:
    return Refused.because(
        "web.busy",
        "Other data is being read just now, and this computer reads one file at a time.",
        "Wait a moment, then send it again. Nothing was read or counted for this.",
        name="data",
    )
