"""Help that teaches, and imports no heavy library to do so."""

from __future__ import annotations

import subprocess
import sys

import pytest

from expcopilot import __version__
from expcopilot.surfaces.cli.main import COMMANDS

HEAVY = ("numpy", "scipy", "pandas", "duckdb", "pydantic", "rich", "prompt_toolkit", "jinja2", "ruamel")

PROBE = """
import sys
from expcopilot.surfaces.cli.main import cli
try:
    cli.main({args!r}, prog_name="expcopilot")
except SystemExit as ended:
    code = ended.code
found = sorted(name for name in {heavy!r} if name in sys.modules)
print("HEAVY", code, found, file=sys.stderr)
"""


def probe(*args: str) -> subprocess.CompletedProcess[str]:
    code = PROBE.format(args=list(args), heavy=HEAVY)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("analyze", "--help"), ("look", "--help")])
def test_help_is_light(args):
    """Help and version come without a single heavy library."""
    assert "HEAVY 0 []" in probe(*args).stderr


def test_the_probe_would_notice():
    """The probe of the test above sees a heavy library where a command loads one."""
    assert "'pydantic'" in probe("tools").stderr


def test_the_list_names_every_command_by_stage():
    """The list of commands is grouped by stage, in the order in which they are used."""
    text = probe("--help").stdout
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    for command in COMMANDS.values():
        assert f"{command.stage}:" in text


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "plan"])
def test_every_command_teaches(run, name):
    """Every command's help holds a purpose and an example that calls this very command."""
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"      expcopilot {name}" in result.stdout or f"    expcopilot {name}" in result.stdout
    assert COMMANDS[name].help.endswith(".")


@pytest.mark.parametrize("name", ["check", "show"])
def test_subcommands_teach(run, name):
    """The commands below ``plan`` explain themselves, too."""
    assert f"expcopilot plan {name}" in run("plan", name, "--help").stdout


def test_version(run):
    """The version is the distribution's."""
    assert run("--version").stdout == f"expcopilot {__version__}\n"


@pytest.mark.parametrize("name", [n for n in COMMANDS if n not in {"tool", "plan", "sources"}])
def test_every_command_has_json(run, name):
    """Every command answers programs."""
    assert "--json" in run(name, "--help").stdout


@pytest.mark.parametrize("name", ["list", "add", "show", "check"])
def test_every_command_about_sources_has_json(run, name):
    """The commands below ``sources`` answer programs, too."""
    assert "--json" in run("sources", name, "--help").stdout
