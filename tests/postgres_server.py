"""A Postgres of our own: made in a temporary folder, on a socket nobody else knows, gone after the run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from absent import absent

__all__ = ["Server", "running"]


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps one a version, others have them on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _as_owner(user: str | None, *command: str) -> subprocess.CompletedProcess[str]:
    before = ("runuser", "-u", user, "--") if user else ()
    return subprocess.run((*before, *command), check=False, capture_output=True, text=True, timeout=120)


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: Where its socket is.
        dsn: How to connect as its owner.
    """

    folder: Path
    dsn: str

    def address(self, table: str, **more: str) -> str:
        """The address of a table in it."""
        extra = "".join(f"&{k}={v}" for k, v in more.items())
        return f"postgresql://tester@/postgres?host={self.folder}&table={table}{extra}"


@contextmanager
def running() -> Iterator[Server]:
    """A server; without its programs the tests that want it are skipped, and say so."""
    programs = _programs()
    user = None
    if programs is not None and os.geteuid() == 0:  # Postgres refuses to run as root
        user = next((u for u in ("postgres", "nobody") if u in {p.pw_name for p in pwd.getpwall()}), None)
        programs = programs if user and shutil.which("runuser") else None
    if programs is None:
        absent("no initdb here, or nobody to run it as: install Debian's postgresql", promised=False)
    folder = Path(mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path is at most 107 bytes
    if user:
        shutil.chown(folder, user)
    data, control = folder / "data", programs / "pg_ctl"
    made = _as_owner(user, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester", "--no-sync")
    try:
        assert made.returncode == 0, made.stderr
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        # Its output goes to a file: the server would keep a pipe open, and with it whoever waits for the end of it.
        started = _as_owner(
            user, str(control), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"
        )
        assert started.returncode == 0, started.stderr
        yield Server(folder, f"host={folder} dbname=postgres user=tester")
    finally:
        _as_owner(user, str(control), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
