"""A process that runs commands, one experiment after another, and says on standard output which of them are done.

Run as: commander.py FOLDER NUMBER STEP; it goes on from that step of that experiment until it is killed.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
from pathlib import Path

from click.testing import CliRunner

from expcopilot import Copilot
from expcopilot.surfaces.cli.main import cli
from tests_plan import FINISHED

STEPS = ("init", "register", "early", "end", "readout", "close")
DONE_BEFORE = ("workspace.exists", "plan.registered", "close.closed")
"""Refusals that say a command killed after its commit had been done."""


def arguments(step: str, name: str) -> list[str]:
    """The command of one step of one experiment."""
    few, enough = (["--arm", f"control={n}:{n // 20}", "--arm", f"one-page={n}:{n // 16}"] for n in (2_000, 10_000))
    return {
        "init": ["init", "--name", "Ada"],
        "register": ["register", f"{name}.yaml"],
        "early": ["analyze", name, *few, "--no-readout"],
        "end": ["analyze", name, *enough],
        "readout": ["readout", name, "--out", "board"],
        "close": ["close", name],
    }[step]


def run(folder: Path, number: int, step: str) -> None:
    """Run from here on, without an end."""
    os.chdir(folder)
    runner = CliRunner()
    left = STEPS[STEPS.index(step) :]
    for at in itertools.count(number):
        name = f"run-{at}"
        Path(f"{name}.yaml").write_text(FINISHED.replace("experiment: checkout", f"experiment: {name}"))
        for here in left:
            os.write(1, f"begin {at} {here}\n".encode())
            result = runner.invoke(cli, [*arguments(here, name), "--json"], prog_name="expcopilot")
            if result.exit_code and not any(code in result.stdout for code in DONE_BEFORE):
                sys.exit(f"{here} of {name} ended with {result.exit_code}: {result.stdout}{result.stderr}")
            with contextlib.redirect_stdout(io.StringIO()):
                copilot = Copilot.open()
                position, digest = copilot.ledger.head()
                copilot.workspace.close()
            os.write(1, f"done {at} {here} {position} {digest}\n".encode())
        left = STEPS[1:]


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
