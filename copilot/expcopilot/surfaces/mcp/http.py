"""Streamable HTTP on loopback: a bearer token compared in constant time, and the SDK's checks of Host and Origin."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from pathlib import Path

import anyio
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl

from copilot_tools.refusals import Refused
from expcopilot.surfaces.mcp.room import Place
from expcopilot.surfaces.mcp.server import CopilotServer

__all__ = ["SHORTEST", "OneToken", "address_of", "given_token", "listening", "new_token", "serve_http", "token_in"]

SHORTEST = 24
"""Characters a token must have at least: one of a person's own making must not be guessed."""

PATH = "/mcp"


class OneToken:
    """Knows one token. Digests are compared, in constant time: neither its length nor its beginning shows."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Who has it may do what the workspace's person may do through an assistant; anybody else nothing."""
        if not hmac.compare_digest(_digest(token), self._digest):
            return None
        return AccessToken(token="", client_id="expcopilot", scopes=[])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def given_token(text: str, where: str) -> str:
    """A token a person has set.

    Raises:
        Refused: It is too short, or no line of visible characters.
    """
    token = text.strip()
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise Refused.because(
            "mcp.token",
            f"The token in {where} cannot be used: it must be a word of at least {SHORTEST} visible ASCII characters.",
            'Make one: `python -c "import secrets; print(secrets.token_urlsafe(32))"`.',
            name="token",
        )
    return token


def token_in(path: Path) -> str:
    """The token in a file.

    Raises:
        Refused: It cannot be read, or holds none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because(
            "mcp.token_file",
            f"The file {str(path)!r} with the token cannot be read: {error}.",
            "Check the path, and that you may read it.",
            name="token",
            value=str(path),
        ) from None
    return given_token(text, f"the file {str(path)!r}")


def listening(host: str, port: int, *, beyond_loopback: bool = False) -> socket.socket:
    """A socket that listens.

    Args:
        host: An address; a name other than localhost is refused, because what it means is decided elsewhere.
        port: 0 for any that is free.
        beyond_loopback: Whether other machines may reach it.

    Raises:
        Refused: It is not on loopback and that was not asked for; or it cannot be had.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise Refused.because(
            "mcp.host", f"{host!r} is no address.", "Give one, such as 127.0.0.1 or ::1.", name="host", value=host
        ) from None
    if not address.is_loopback and not beyond_loopback:
        raise Refused.because(
            "mcp.beyond_loopback",
            f"{host} can be reached from other machines, and this server speaks plain HTTP.",
            "Stay on 127.0.0.1, with a tunnel where another machine needs it; or add --beyond-loopback if you mean it.",
            name="host",
            value=host,
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((str(address), port))
        found.listen(128)  # whoever is told the address may knock at once: they wait until the server answers
    except OSError as error:
        found.close()
        raise Refused.because(
            "mcp.port",
            f"Nothing can listen on {host} port {port}: {error.strerror or error}.",
            "Choose another port, or 0 for any that is free.",
            name="port",
            value=port,
        ) from None
    return found


def address_of(listens: socket.socket) -> str:
    """The server's address as clients give it."""
    host, port = listens.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def serve_http(place: Place, listens: socket.socket, token: str, *, calculators: bool = True) -> None:
    """Speak MCP over HTTP until stopped.

    Args:
        place: The workspace, and the folders whose files may be read.
        listens: As ``listening`` returns it.
        token: What a client must send as its bearer token.
        calculators: As ``CopilotServer``.
    """
    import uvicorn  # noqa: PLC0415 - standard streams need no server

    host, port = listens.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    names = [shown, *(["localhost"] if ipaddress.ip_address(host).is_loopback else [])]
    hosts = [f"{name}:{port}" for name in names]
    server = CopilotServer(
        place,
        # The SDK asks for an issuer; this server is none, knows one token, and offers no registration.
        auth=AuthSettings(issuer_url=AnyHttpUrl(f"http://{hosts[0]}"), resource_server_url=None),
        verifier=OneToken(token),
        calculators=calculators,
    )
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        host=host,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=hosts,
            allowed_origins=[f"http://{name}" for name in hosts],
        ),
    )
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    anyio.run(uvicorn.Server(config).serve, [listens])
