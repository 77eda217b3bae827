"""Files of briefs, a workspace whose model is a loopback server, and the command that works on them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from expcopilot.memory.workspace import Workspace

__all__ = ["MANY", "MODEL", "lab", "rows", "start", "write_briefs"]

MODEL = "claude-sonnet-5-5"
CHANNELS = ("email", "push", "sms")
MANY = ("variants", "--in", "briefs.csv", "--out", "variants.csv", "--json")
"""The command, as the runner of the command line is given it."""


def lab(folder: Path, url: str, *, timeout: float = 10.0, key_env: str = "") -> Path:
    """A workspace in which Ada acts and the server answers."""
    Workspace.create(folder, person="Ada").close()
    settings = folder / "expcopilot.toml"
    table = f'\n[model]\nname = "{MODEL}"\nbase_url = "{url}"\ntimeout = {timeout}\nkey_env = "{key_env}"\n'
    settings.write_text(settings.read_text() + table)
    return folder


def write_briefs(path: Path, count: int, k: int = 1) -> Path:
    """So many briefs, each about something else."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "channel", "change", "audience", "because", "k"])
        for n in range(count):
            about = [f"b{n}", CHANNELS[n % 3], f"The first line names reason {n}", "lapsed customers", "they asked", k]
            writer.writerow(about)
    return path


def start(folder: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    """The command as a process of its own, answering as JSON."""
    command = [sys.executable, "-m", "expcopilot.surfaces.cli.main", "variants", "--json"]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    return subprocess.Popen(
        [*command, "--in", "briefs.csv", "--out", "variants.csv", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**bare, **environment},
    )


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file that came out."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
