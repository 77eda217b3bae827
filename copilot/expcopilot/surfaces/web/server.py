"""Serving the page on loopback, with the one-time link that opens it."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import uvicorn

from copilot_tools.refusals import Refused
from expcopilot.surfaces.web.app import create_app
from expcopilot.surfaces.web.office import Office

__all__ = ["LOOPBACK", "serve"]

LOOPBACK = "127.0.0.1"


def serve(folder: str | Path, *, port: int, tell: Callable[[str], None], browse: bool) -> None:
    """Serve a workspace until it is stopped.

    Args:
        folder: A folder of the workspace.
        port: Where; 0 for any free port.
        tell: Told the link, once the port is ours.
        browse: Open it in the browser, too.

    Raises:
        Refused: There is no workspace, or the port is taken.
    """
    with Office(folder) as office, _listening(port) as listening:
        taken = listening.getsockname()[1]
        hosts = [f"{name}:{taken}" for name in (LOOPBACK, "localhost")]
        config = uvicorn.Config(
            create_app(office, hosts=hosts),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        link = f"http://{LOOPBACK}:{taken}/enter?key={office.door.new_key()}"
        tell(link)
        if browse:
            webbrowser.open(link)
            threading.Thread(target=_warm, daemon=True).start()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _warm() -> None:
    """Load what the first idea needs, while somebody looks for the window: it takes two seconds."""
    import_module("expcopilot.flow.graph")


def _listening(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise Refused.because(
            "web.port",
            f"Port {port} on {LOOPBACK} cannot be had: {getattr(error, 'strerror', None) or error}.",
            "Stop what serves there, or name another port with --port; --port 0 takes any that is free.",
            name="port",
            value=port,
        ) from error
    found.listen(128)
    return found
