"""HTTP as no well-behaved client sends it: the exact bytes of a request, and what comes back."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Raw", "connection", "raw"]


class Raw(NamedTuple):
    """An answer: status (0 where the server hung up without one), headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def connection(base: str, seconds: float = 30) -> socket.socket:
    """A bare connection to where pages are served."""
    place = urlsplit(base)
    return socket.create_connection((place.hostname, place.port), timeout=seconds)


def raw(base: str, request: bytes | str, seconds: float = 30) -> Raw:
    """Send these bytes, read to the end; ``Connection: close`` belongs into them."""
    sent = request.encode("latin-1") if isinstance(request, str) else request
    got = b""
    with connection(base, seconds) as line:
        with suppress(BrokenPipeError, ConnectionResetError):  # a server may answer before it has read all
            line.sendall(sent)
        with suppress(ConnectionResetError):
            while more := line.recv(65536):
                got += more
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
    return Raw(status, {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}, body)
