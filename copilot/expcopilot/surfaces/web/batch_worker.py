"""A run of many briefs in a process of its own: ``python -m expcopilot.surfaces.web.batch_worker FOLDER RUN PERSON``.

It ends with the server that started it: its standard input is a pipe the server holds, and where that closes, for
whatever reason, the run is interrupted as Ctrl-C interrupts it: what is under way is waited for, nothing new is sent,
and whoever begins it again goes on where it was.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from expcopilot.api import Copilot

__all__ = ["main"]


def main(folder: str, run: str, person: str) -> None:
    """Work on a run until it ends, or the pipe closes."""
    # A process that was started in the background may have been told to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_until_closed, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # before anything was sent: there is nothing to wait for
        copilot = Copilot.open(Path(folder), person=person)
        with copilot.workspace:
            copilot.work_on(run)


def _until_closed() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not by way of a buffer, which an ending process could not lock
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(*sys.argv[1:])
