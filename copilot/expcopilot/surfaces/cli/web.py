"""``expcopilot web``: the page, on this computer only, opened by a link that works once."""

from __future__ import annotations

import click

from expcopilot.surfaces.cli.session import folder, json_option, print_json

__all__ = ["command"]


@click.command("web")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Where; 0 for any free port."
)
@click.option("--browser/--no-browser", default=True, help="Open the link in the browser, too.", show_default=True)
@json_option
def command(*, port: int, browser: bool, as_json: bool) -> None:
    """Open the page: the board, and each experiment's conversation beside its record.

    It is served on this computer alone (127.0.0.1) until Ctrl-C. The link it prints opens it once; after that the
    browser stays in for a working day, over restarts too. Stopping it loses nothing: everything is in the record.
    With --json the link comes as JSON.

    \b
    Examples:
      expcopilot web
      expcopilot web --port 0 --no-browser
      expcopilot -C experiments web
    """
    from expcopilot.surfaces.web.server import serve

    def tell(link: str) -> None:
        if as_json:
            print_json({"link": link})
            return
        click.echo(f"Open {link}")
        click.echo("The link works once, for one of the workspace's people. Ctrl-C stops the page; nothing is lost.")

    serve(folder(), port=port, tell=tell, browse=browser)
    if not as_json:
        click.echo("Stopped. Everything is kept.")
