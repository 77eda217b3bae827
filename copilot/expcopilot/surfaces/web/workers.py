"""Runs of many briefs, each in a process of its own, so that no page waits for one; they end when the server does.

Where a run stands is in its folder and in the lock its process holds, never here: here is only the end of a pipe to
each process this server started.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["MOST", "Workers"]

MOST = 4
"""How many runs one server works on at once."""
_ENDING_SECONDS = 5.0


class Workers:
    """The processes of one server, by the run each works on.

    Attributes:
        beginning: Held while it is looked whether a run is at work, and one is begun: two clicks begin one.
    """

    def __init__(self, folder: Path) -> None:
        """Make none yet.

        Args:
            folder: The workspace's.
        """
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self.beginning = threading.Lock()

    def start(self, run: str, person: str) -> None:
        """Set a process to work on a run that was begun.

        Raises:
            Refused: One works on it already, or too many run.
        """
        command = [sys.executable, "-P", "-m", "expcopilot.surfaces.web.batch_worker"]
        with self._lock:
            self._await(run)
            working = [name for name, process in self._processes.items() if process.poll() is None]
            if run in working or len(working) >= MOST:
                raise _busy(run, working)
            self._processes[run] = subprocess.Popen(  # noqa: S603 - our own program, told a run's name
                [*command, str(self._folder), run, person],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the server's terminal reaches it once, through the pipe
            )

    def _await(self, run: str) -> None:
        """A process that has said what came of its run needs a moment to be gone."""
        if (process := self._processes.get(run)) is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_ENDING_SECONDS)

    def works_on(self, run: str) -> bool:
        """Whether a process of this server works on a run, or is about to."""
        with self._lock:
            process = self._processes.get(run)
            return process is not None and process.poll() is None

    def stop(self, run: str) -> bool:
        """Interrupt a run: nothing more is sent, what is under way is waited for.

        Returns:
            Whether a process of this server worked on it.
        """
        with self._lock:
            process = self._processes.get(run)
            if process is None or process.poll() is not None:
                return False
            _close(process)
            return True

    def close(self) -> None:
        """Interrupt every run; each process ends by itself."""
        with self._lock:
            for process in self._processes.values():
                _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _busy(run: str, working: list[str]) -> Refused:
    if run in working:
        return Refused.because(
            "batch.running", f"The run {run!r} is being worked on.", "Wait for it to end, or stop it first.", name="run"
        )
    return Refused.because(
        "batch.too_many",
        f"{MOST} runs are being worked on: {', '.join(working)}.",
        "Wait until one of them has ended, or stop one.",
        name="run",
        value=run,
    )
