"""What the tests of the command line share: a runner, a workspace, a registered experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batches_of_briefs import lab, write_briefs
from expcopilot.surfaces.cli.main import cli
from loopback.server import Loopback
from tests_plan import FINISHED

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call a command inside an empty folder, 100 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("EXPCOPILOT_DEBUG", raising=False)
    runner = CliRunner()

    def call(*args: object, stdin: str | None = None) -> Result:
        return runner.invoke(cli, [str(a) for a in args], input=stdin, prog_name="expcopilot")

    return call


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    """The folder, made a workspace in which Ada acts."""
    assert run("init", "--name", "Ada").exit_code == 0
    return tmp_path


@pytest.fixture
def checkout(run: Run, place: Path) -> Path:
    """A registered experiment whose committed end is 20,000 units; the plan file."""
    plan = place / "plans" / "checkout.yaml"
    plan.write_text(FINISHED, encoding="utf-8")
    registered = run("register", plan)
    assert registered.exit_code == 0, registered.stderr
    return plan


@pytest.fixture
def at(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Call a command in a workspace whose model is a server, beside a file of so many briefs, k variants each."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    def begin(server: Loopback, count: int, k: int = 1) -> Run:
        folder = lab(tmp_path / "lab", server.url)
        write_briefs(folder / "briefs.csv", count, k)
        monkeypatch.chdir(folder)
        return run

    return begin
