"""``expcopilot mcp``: the tools and verbs inside other assistants, over standard streams or HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import click

from expcopilot.surfaces.cli.session import folder, json_option, print_json

__all__ = ["command"]

_TOKEN = "EXPCOPILOT_MCP_TOKEN"  # noqa: S105 - the name of a variable, not a token

_data_option = click.option(
    "--data",
    "data",
    type=click.Path(file_okay=False, path_type=Path),
    multiple=True,
    metavar="FOLDER",
    help="A further folder whose files may be read; the workspace always may. Repeat for more.",
)


_few_option = click.option(
    "--few",
    is_flag=True,
    help="Without the calculators of the catalogue, for clients that take few tools.",
)


@click.group("mcp", invoke_without_command=True)
@_data_option
@_few_option
@click.option("--http", is_flag=True, help="Streamable HTTP with a token, in place of standard streams.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --http: the address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="With --http; 0 for any.")
@click.option("--beyond-loopback", is_flag=True, help="With --http: let other machines reach it. It is plain HTTP.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"With --http: file with the token. Else {_TOKEN}, else a new one, shown once.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    data: tuple[Path, ...],
    few: bool,
    http: bool,
    host: str,
    port: int,
    beyond_loopback: bool,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Serve the copilot to an assistant: its tools, verbs, gates, readouts and roles, over MCP.

    Assistants start it themselves: paste what `mcp config` prints into their settings. Whatever needs a person is asked
    of the person, never answered by the assistant; every look is counted as everywhere; no row of data is shown.

    \b
    Examples:
      expcopilot mcp config --client claude-desktop
      expcopilot mcp --data ~/exports
      expcopilot mcp --http --port 8765
    """
    if ctx.invoked_subcommand is not None:
        return
    if not http and (token_file or beyond_loopback):
        raise click.UsageError("--token-file and --beyond-loopback belong to --http.")
    from expcopilot.surfaces.mcp.room import Place

    place = Place(_workspace(), _folders(data))
    if not http:
        from expcopilot.surfaces.mcp.server import serve_stdio

        serve_stdio(place, calculators=not few)
        return
    from expcopilot.surfaces.mcp import http as web

    token, fresh = _token(token_file)
    listens = web.listening(host, port, beyond_loopback=beyond_loopback)
    address = web.address_of(listens)
    if as_json:
        print_json({"url": address, **({"token": token} if fresh else {})})
    else:
        click.echo(f"Listening on {address}")
        click.echo(f"Token, shown this once: {token}" if fresh else "Token: the one you have set.")
    web.serve_http(place, listens, token, calculators=not few)


@command.command("config")
@click.option(
    "--client",
    type=click.Choice(["claude-desktop", "cursor", "vscode"]),
    required=True,
    help="Whose settings.",
)
@_data_option
@_few_option
@json_option
def config(*, client: str, data: tuple[Path, ...], few: bool, as_json: bool) -> None:
    """Print the settings to paste into a client: the absolute command of this installation, and this workspace.

    \b
    Example:
      expcopilot mcp config --client claude-desktop
      expcopilot mcp config --client vscode --data ~/exports > .vscode/mcp.json
    """
    from expcopilot.surfaces.mcp.config import CLIENTS, client_config

    print_json(client_config(client, _workspace(), _folders(data), few=few))
    if not as_json:
        click.echo(f"Paste it into: {CLIENTS[client][1]}.", err=True)


def _workspace() -> Path:
    """The workspace's folder.

    Raises:
        Refused: There is none, or its settings or ledger cannot be read.
    """
    from expcopilot.api import Copilot

    copilot = Copilot.open(folder())
    copilot.workspace.close()
    return copilot.workspace.folder


def _folders(data: tuple[Path, ...]) -> tuple[Path, ...]:
    from copilot_tools.refusals import Refused

    for path in data:
        if not path.expanduser().is_dir():
            raise Refused.because(
                "mcp.no_folder",
                f"There is no folder {str(path)!r}, so none of its files can be allowed.",
                "Check the path given with --data.",
                name="data",
                value=str(path),
            )
    return tuple(path.expanduser().resolve() for path in data)


def _token(file: Path | None) -> tuple[str, bool]:
    """The token, and whether it was made just now."""
    from expcopilot.surfaces.mcp import http as web

    if file is not None:
        return web.token_in(file), False
    if given := os.environ.get(_TOKEN):
        return web.given_token(given, f"the variable {_TOKEN}"), False
    return web.new_token(), True
