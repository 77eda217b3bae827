"""A person in a chat: a real pseudo-terminal, lines typed, what appears read as text."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

__all__ = ["COMMAND", "Chat", "plan_text"]

READY = "\x1b[?2004h"
"""What a terminal is told when a line may be typed: text that is pasted comes in brackets."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_])")
COMMAND = str(Path(sys.executable).with_name("expcopilot"))


class Chat:
    """``expcopilot chat`` in a terminal of 100 columns."""

    def __init__(
        self, folder: Path, *words: str, program: tuple[str, ...] = (COMMAND, "chat"), **environment: str
    ) -> None:
        self.raw, self.at = "", 0
        self.screen, keyboard = pty.openpty()
        given = {k: v for k, v in os.environ.items() if k not in {"EDITOR", "VISUAL", "EXPCOPILOT_DEBUG"}}
        terminal = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "100", "LINES": "50", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [*program, *words],
            cwd=folder,
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            start_new_session=True,
            env={**given, **terminal, **environment},
        )
        os.close(keyboard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """SIGKILL, if it still runs: a test that fails leaves no process behind."""
        if self.process.poll() is None:
            self.kill()

    @property
    def text(self) -> str:
        """Everything that appeared so far, without the escapes that place and colour it."""
        return _ESCAPES.sub("", self.raw)

    def ready(self, seconds: float = 60) -> str:
        """Read until the next line may be typed; what appeared since the last one was typed."""
        end = time.monotonic() + seconds
        while (found := self.raw.find(READY, self.at)) < 0:
            assert time.monotonic() < end, f"no prompt came; saw {self.text[-2000:]!r}"
            assert self.read(), f"it ended before a prompt came; saw {self.text[-2000:]!r}"
        shown, self.at = self.raw[self.at : found], found + len(READY)
        # One line for what the terminal's width broke, so that a test can look for a sentence.
        return re.sub(r"\s+", " ", _ESCAPES.sub("", shown))

    def until(self, sight: str, seconds: float = 60) -> None:
        """Read until this stands on the screen."""
        end = time.monotonic() + seconds
        while sight not in self.text:
            assert time.monotonic() < end, f"{sight!r} did not come; saw {self.text[-2000:]!r}"
            assert self.read(), f"{sight!r} did not come before the end; saw {self.text[-2000:]!r}"

    def read(self, seconds: float = 60) -> bool:
        """Read what is there; False at the end."""
        if not select.select([self.screen], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self.screen, 65536)
        except OSError:  # how Linux says that the other end has closed
            return False
        self.raw += got.decode(errors="replace")
        return bool(got)

    def keys(self, keys: str) -> None:
        """Press keys."""
        os.write(self.screen, keys.encode())

    def say(self, line: str) -> str:
        """Type a line and read the answer, up to the next prompt."""
        self.keys(f"{line}\r")
        return self.ready()

    def leave(self) -> int:
        """Ctrl-D, read to the end; the exit code."""
        self.keys("\x04")
        return self.end()

    def end(self, seconds: float = 120) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while self.read(1):
            assert time.monotonic() < end, f"it did not end; saw {self.text[-2000:]!r}"
        os.close(self.screen)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL, as when the machine loses power for this process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)
        while self.read():
            pass
        os.close(self.screen)


def plan_text(name: str = "checkout", units: int = 20_000) -> str:
    """A plan file that leaves nothing open and is decided before its first exposure."""
    return f"""\
experiment: {name}
question: Does one page of checkout sell more than three?
hypothesis:
  change: Checkout takes one page instead of three.
  audience: Everybody who opens the checkout.
  because: A third of all carts are left on the second page.
  falsifier: Orders do not rise by at least a tenth.
north_star: Orders are what the company lives on.
design:
  committed_units: {units}
  first_exposure: 2100-01-01
analysis:
  unit: user
  arm_column: arm
  arms:
    - name: control
    - name: one-page
      label: One page
  control: control
  metrics:
    - name: orders
      role: primary
      kind: proportion
      column: orders
  minimum_effect:
    size: 0.1
    scale: relative
"""
