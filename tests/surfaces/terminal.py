"""The installed command, run for real."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Shell"]


@dataclass(frozen=True)
class Shell:
    """A terminal standing in one folder."""

    folder: Path

    def run(self, *words: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``expcopilot`` with these words and return what it did."""
        return subprocess.run(
            [sys.executable, "-m", "expcopilot.surfaces.cli.main", *map(str, words)],
            cwd=self.folder,
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
        )

    def ok(self, *words: str | Path) -> str:
        """Run and return what was printed; fail loudly on any other exit code than 0."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout
