"""Reading an experiment of many users, side by side: ours, floors of plain sums, and tea-tasting where it is at hand.

Each is a process of its own on the same file, in turns, and the median of its turns is told: wall time, processor time
(both cores, so that it also tells something on a machine with other users) and peak memory, as they are and as ratios.

    make bench                                       1,000,000 users, no peer
    make bench-users ROWS=10_000_000 PEER=/path/to/python TURNS=5

PEER is the Python of an environment with ``tea-tasting polars pyarrow duckdb ibis-framework[duckdb]``. It stays out of
ours because its versions conflict.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
WORK = ("overall", "sliced")
FLOORS = ("sums", "group", "unsafe")
PEERS = ("polars", "duckdb", "duckdb-keyed")


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds by the clock, seconds of processor, peak megabytes, and what it said."""

    wall: float
    cpu: float
    peak: float
    said: str


def run(command: list[str]) -> Run:
    """Run a process to its end.

    Raises:
        SystemExit: It failed; with what it wrote.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)  # noqa: S603 - our own command
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        out.seek(0)
        said = out.read().decode().strip()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said[-2000:]}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit, said.splitlines()[-1] if said else "")


def commands(path: Path, peer: str | None) -> Iterator[tuple[str, str, list[str]]]:
    """Work, name and command of every process of one turn."""
    for work in WORK:
        for what in ("ours", *FLOORS):
            yield work, what, [sys.executable, str(HERE / "scan_worker.py"), what, work, str(path)]
        for engine in PEERS if peer else ():
            if work == "sliced" or engine != "duckdb-keyed":
                yield (
                    work,
                    f"tea-tasting {engine}",
                    [str(peer), str(HERE / "peer_worker.py"), engine, work, str(path)],
                )


def median(runs: list[Run]) -> Run:
    """The median of each figure; words of the run whose processor time lies in the middle."""
    middle = sorted(runs, key=lambda r: r.cpu)[len(runs) // 2]
    wall, cpu = statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs)
    return Run(wall, cpu, max(r.peak for r in runs), middle.said)


def main() -> None:
    """Print one table for each work."""
    given = argparse.ArgumentParser()
    given.add_argument("rows", nargs="?", default="1_000_000")
    given.add_argument("--peer", default="")
    given.add_argument("--turns", type=int, default=3)
    given.add_argument("--file", default="", help="where the file is kept, or made if it is not there")
    asked = given.parse_args()
    rows = int(asked.rows.replace("_", "").replace(",", ""))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(asked.file) if asked.file else Path(folder) / "users.parquet"
        if not path.exists():
            sys.path.insert(0, str(HERE))
            from experiment_file import make_users  # noqa: PLC0415 - only where a file is made

            make_users(path, rows)
        found: dict[tuple[str, str], list[Run]] = {}
        for _ in range(asked.turns):
            for work, name, command in commands(path, asked.peer or None):
                found.setdefault((work, name), []).append(run(command))
        size = path.stat().st_size / 1e6
    sys.stdout.write(
        f"users: {rows:,} rows, {size:,.0f} MB of Parquet, {os.cpu_count()} cores; whole processes, median of "
        f"{asked.turns}\n"
    )
    for work in WORK:
        told = {name: median(runs) for (w, name), runs in found.items() if w == work}
        ours = told["ours"]
        sys.stdout.write(f"\n{work:<25} {'wall s':>7} {'cpu s':>7} {'peak MB':>8} {'wall/ours':>10} {'cpu/ours':>9}\n")
        for name, r in told.items():
            sys.stdout.write(
                f"  {name:<23} {r.wall:7.2f} {r.cpu:7.2f} {r.peak:8.0f} {r.wall / ours.wall:10.2f} "
                f"{r.cpu / ours.cpu:9.2f}   {r.said}\n"
            )


if __name__ == "__main__":
    main()
