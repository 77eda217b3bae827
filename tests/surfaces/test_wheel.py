"""The built wheel, installed in a fresh environment outside the checkout, runs the command and the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from absent import absent
from copilot_tools.stats.verdict_table import PHRASES

OFFLINE = (
    "Failed to fetch",
    "Could not connect",
    "error sending request",
    "dns error",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Connection refused",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "Read timed out",
)


def clean_environment() -> dict[str, str]:
    """The environment without what would let the checkout or its environment shine through."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "COVERAGE_PROCESS_START")
    return {name: value for name, value in os.environ.items() if name not in ours}


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )


def fetch(*command: object, cwd: Path) -> None:
    """Run a command that asks a package registry; without one there is nothing to test, but in CI there must be one."""
    done = run(*command, cwd=cwd)
    if done.returncode and any(sign in done.stderr + done.stdout for sign in OFFLINE):
        absent(f"no package registry within reach: {done.stderr.strip().splitlines()[-1]}", promised=True)
    assert done.returncode == 0, done.stderr + done.stdout


def find_uv() -> str | None:
    """Where uv is, if it runs: version managers leave launchers behind that find nothing to launch."""
    found = shutil.which("uv")
    return found if found and run(found, "--version", cwd=Path.cwd()).returncode == 0 else None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, repository) -> Path:
    """The wheel, built as a release is."""
    folder = tmp_path_factory.mktemp("dist")
    if uv := find_uv():
        fetch(uv, "build", "--wheel", "--python", sys.executable, "--out-dir", folder, repository, cwd=folder)
    else:
        fetch(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, repository, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheel) -> Path:
    """The scripts folder of a fresh environment that holds the wheel and what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    uv = find_uv()
    venv.create(folder, with_pip=uv is None)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    if uv:
        fetch(uv, "pip", "install", "--python", scripts / "python", wheel, cwd=folder)
    else:
        fetch(scripts / "python", "-m", "pip", "install", "--no-compile", wheel, cwd=folder)
    return scripts


def test_contents(wheel, repository):
    """The wheel holds every file of both packages, and nothing from outside them."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    roots = [repository / "copilot" / "expcopilot", repository / "tools" / "copilot_tools"]
    expected = {
        path.relative_to(root.parent).as_posix()
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= packed
    assert {name.split("/", 1)[0] for name in packed} == {"expcopilot", "copilot_tools"}
    assert {"expcopilot/py.typed", "copilot_tools/py.typed"} <= packed


def test_version(installed, repository, tmp_path):
    """The installed command names the version of the project."""
    done = run(installed / "expcopilot", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    declared = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert declared in done.stdout


def test_demo(installed, repository, tmp_path):
    """The demo runs from the wheel, ends in a verdict of the table, and leaves a page that says the same."""
    out = tmp_path / "demo"
    done = run(installed / "expcopilot", "demo", "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    said = [phrase for phrase in PHRASES.values() if phrase in done.stdout]
    assert said, done.stdout
    pages = list(out.rglob("*.html"))
    assert pages
    assert any(phrase in page.read_text(encoding="utf-8") for page in pages for phrase in said)
    assert str(repository) not in done.stdout


def test_imports_from_the_wheel(installed, repository, tmp_path):
    """Both packages come from the fresh environment, not from the checkout."""
    code = "import expcopilot, copilot_tools; print(expcopilot.__file__); print(copilot_tools.__file__)"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(repository) not in done.stdout
    assert len([line for line in done.stdout.splitlines() if str(installed.parent) in line]) == 2
