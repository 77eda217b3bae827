"""``expcopilot doctor``: whether this installation and this workspace are sound."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import click

from expcopilot.surfaces.cli.session import folder, json_option, print_json

__all__ = ["command"]

_MARKS = {"good": ("✓", "green"), "note": ("?", "yellow"), "bad": ("✕", "red")}


class _Check(NamedTuple):
    what: str
    found: str
    state: Literal["good", "note", "bad"] = "good"
    cure: str = ""


@click.command("doctor")
@json_option
def command(*, as_json: bool) -> None:
    """Check Python, the libraries, the data engine, the workspace, its ledger, and the terminal.

    Each line says what was found and, where something is wrong, what to do. Exit code 2 when something is.

    \b
    Example:
      expcopilot doctor
    """
    checks = [*_installation(), _engine(), *_workspace(), _terminal()]
    if as_json:
        print_json({"sound": all(c.state != "bad" for c in checks), "checks": [c._asdict() for c in checks]})
    else:
        from rich.text import Text

        from expcopilot.surfaces.cli import show

        out = show.console()
        for check in checks:
            mark, style = _MARKS[check.state]
            said = Text(f"{mark} ", style=style).append_text(show.text(f"{check.what}: ", "bold"))
            out.print(said.append_text(show.text(f"{check.found} {check.cure}".strip())))
    if any(c.state == "bad" for c in checks):
        click.get_current_context().exit(2)


def _installation() -> Iterator[_Check]:
    old = sys.version_info < (3, 11)
    yield _Check(
        "Python",
        f"{platform.python_version()} on {platform.system()}",
        "bad" if old else "good",
        "Install Python 3.11 or newer." if old else "",
    )
    for library, version in _libraries():
        missing = version is None
        yield _Check(
            library,
            version or "is not installed.",
            "bad" if missing else "good",
            f"Install it: pip install {library}." if missing else "",
        )


def _libraries() -> Iterator[tuple[str, str | None]]:
    """Every library the distribution itself says it needs, with the version that is there."""
    for line in importlib.metadata.requires("expcopilot") or ():
        if "extra ==" in line:
            continue
        library = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        try:
            yield library, importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            yield library, None


def _engine() -> _Check:
    """Whether the engine can really read a file, not only be imported."""
    try:
        import duckdb

        with tempfile.TemporaryDirectory() as place, duckdb.connect() as engine:
            file = Path(place) / "one.csv"
            file.write_text("arm,n\ncontrol,2\nb,3\n", encoding="utf-8")
            row = engine.execute("SELECT sum(n) FROM read_csv(?)", [str(file)]).fetchone()
    except Exception as error:  # noqa: BLE001 - whatever keeps the engine from working is the finding
        return _Check("Data engine", f"DuckDB cannot read a file: {error}", "bad", "Install expcopilot anew.")
    if row is None or row[0] != 5:
        return _Check("Data engine", "DuckDB reads a file wrongly.", "bad", "Install expcopilot anew.")
    return _Check("Data engine", "DuckDB reads files.")


def _workspace() -> Iterator[_Check]:
    from copilot_tools.refusals import Refused
    from expcopilot.memory.workspace import Workspace

    try:
        workspace = Workspace.find(folder())
    except Refused as refused:
        first = refused.refusals[0]
        missing = first.code == "workspace.not_found"
        yield _Check("Workspace", first.reason, "note" if missing else "bad", first.cure)
        return
    yield _Check("Workspace", f"{workspace.folder}, of {workspace.actor}.")
    try:
        with workspace:
            chain = workspace.ledger.verify()
    except Refused as refused:
        first = refused.refusals[0]
        yield _Check("Ledger", first.reason, "bad", first.cure)
        return
    if chain.sound:
        yield _Check("Ledger", f"{chain.entries:,} entries, one unbroken chain.")
    else:
        yield _Check("Ledger", chain.faults[0].sentence, "bad", "See all with `expcopilot verify`.")


def _terminal() -> _Check:
    encoding = sys.stdout.encoding or "unknown"
    try:
        "−✓▲●├┤│".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return _Check(
            "Terminal", f"{encoding} cannot draw every character.", "note", "Set PYTHONUTF8=1, or use a UTF-8 terminal."
        )
    return _Check("Terminal", f"{encoding} can draw every character.")
