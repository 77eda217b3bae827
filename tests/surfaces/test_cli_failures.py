"""What a failure looks like: words and an exit code, whatever it is; never a traceback unless asked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXPCOPILOT = [str(Path(sys.executable).with_name("expcopilot"))]

FAILS = """
import click
from expcopilot.surfaces.cli import main, lazy
import sys, types
module = types.ModuleType("failing")
@click.command("fail")
@click.option("--json", "as_json", is_flag=True)
def command(as_json):
    {body}
module.command = command
sys.modules["failing"] = module
main.COMMANDS["fail"] = lazy.LazyCommand("failing:command", "Fails.", "Start")
main.main()
"""


def failing(body, *args, **env):
    """Run a command whose body fails, under the real entry point."""
    return subprocess.run(
        [sys.executable, "-c", FAILS.format(body=body), "fail", *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "EXPCOPILOT_DEBUG": "", **env},
    )


def test_a_mistake_of_the_program():
    """An unexpected error is one apologetic sentence with exit code 70, its text inert."""
    result = failing(r'raise RuntimeError("boom \x1b[31m")')
    assert result.returncode == 70
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert "RuntimeError: boom" in result.stderr
    assert "EXPCOPILOT_DEBUG=1" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_mistake_with_traceback_on_request():
    """EXPCOPILOT_DEBUG=1 prints where it happened."""
    assert "Traceback" in failing("raise RuntimeError('boom')", EXPCOPILOT_DEBUG="1").stderr


def test_a_mistake_told_to_a_program():
    """With --json the apology is JSON on standard output, too, and the exit code the same."""
    result = failing("raise RuntimeError('boom')", "--json")
    assert result.returncode == 70
    assert "boom" in json.loads(result.stdout)["mistake"]


def test_several_refusals_stand_together():
    """All problems are listed in one box, each with its cure."""
    body = (
        "from copilot_tools.refusals import Refusal, Refused; "
        "raise Refused(Refusal(code='a', reason='First.', cure='Mend it.'), Refusal(code='b', reason='Second.'))"
    )
    people, program = failing(body), failing(body, "--json")
    assert (people.returncode, program.returncode) == (2, 2)
    assert "2 problems" in people.stderr
    assert people.stderr.index("First.") < people.stderr.index("Mend it.") < people.stderr.index("Second.")
    assert [r["code"] for r in json.loads(program.stdout)["refused"]] == ["a", "b"]


def test_interrupt(tmp_path):
    """Ctrl-C ends with exit code 130 and says that nothing recorded is lost."""
    # Whatever runs the tests may ignore the signal, and a child inherits that: a terminal's child does not.
    listens = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    body = f"{listens}; import time, pathlib; pathlib.Path('started').touch(); time.sleep(30)"
    command = [sys.executable, "-c", FAILS.format(body=body), "fail"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        for _ in range(300):
            if (tmp_path / "started").exists():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.strip() == "Stopped. What was recorded stays recorded."


def test_a_reader_that_leaves():
    """Writing into a closed pipe is quiet."""
    body = "[click.echo('x' * 10000) for _ in range(1000)]"
    command = [sys.executable, "-c", FAILS.format(body=body), "fail"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        stderr = process.stderr.read()
    assert stderr == b""
    assert process.returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_draw(encoding):
    """Where a character cannot be drawn a question mark stands, and the command goes on."""
    result = subprocess.run(
        [*EXPCOPILOT, "size", "--baseline", "4%", "--effect", "-5%"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert result.returncode == 0, result.stderr
    assert b"units" in result.stdout
    assert b"?5.0%" in result.stdout
