"""What stands before every view: who may ask, how much may be sent, and what a browser is told to refuse."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from copilot_tools.refusals import Refused
from expcopilot.surfaces.web.identity import Session
from expcopilot.surfaces.web.where import segmented

__all__ = ["CONTENT_POLICY", "FORM_BYTES", "UPLOAD_BYTES", "Safety", "require_token"]

FORM_BYTES = 1_000_000
"""How much a form without a file may hold."""
UPLOAD_BYTES = 2_000_000_000
"""How much a file may hold; it goes to disk as it comes, never into memory."""
_PASSED_OVER = 32_000_000
"""How much of what is too much is read and thrown away: a browser reads no answer while it is still sending."""
_PASSED_OVER_SECONDS = 10.0

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # "no-referrer" would make a form without scripts say it comes from "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Safety:
    """ASGI middleware: hosts, sizes, headers.

    A page elsewhere that makes its own name point to this machine (DNS rebinding) names a host that is not ours.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], uploads: tuple[str, ...] = ()) -> None:
        """Wrap an app.

        Args:
            app: The app.
            hosts: Host headers that are ours, such as "127.0.0.1:8765".
            uploads: Endings of paths that take files.
        """
        self._app = app
        self._hosts = frozenset(hosts)
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kept = "no-cache" if scope["path"].startswith("/assets/") else "no-store"  # pages hold what is confidential
        send = _stamped(send, kept)
        limit = UPLOAD_BYTES if self._uploads and scope["path"].endswith(self._uploads) else FORM_BYTES
        said = headers.get("content-length", "0")
        if headers.get("host", "") not in self._hosts:
            await PlainTextResponse("This address is not served here.", 421)(scope, receive, send)
            return
        if not said.isdigit() or len(said) > 19 or int(said) > limit:
            if said.isdigit() and len(said) <= 19 and int(said) <= limit + _PASSED_OVER:
                await _pass_over(receive)
            await _too_much(limit)(scope, receive, send)
            return
        await self._app(segmented(scope), _counted(receive, limit), send)


def require_token(session: Session, request: Request, given: str) -> None:
    """Refuse what was not sent from a page of this session.

    Args:
        session: Who asks.
        request: The request that would change something.
        given: The token its form or header carried.

    Raises:
        Refused: ``web.csrf``: another site sent it, or the page is from another session.
    """
    origin = request.headers.get("origin")
    elsewhere = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if elsewhere or not hmac.compare_digest(given.encode(errors="replace"), session.csrf.encode()):
        raise Refused.because(
            "web.csrf",
            "This did not come from a page of your session, so nothing was done.",
            "Load the page again and repeat it there.",
            name="token",
        )


def _too_much(limit: int) -> PlainTextResponse:
    return PlainTextResponse(f"Too much was sent: at most {limit:,} bytes are taken here. Nothing was kept.", 413)


def _counted(receive: Receive, limit: int) -> Receive:
    """Stop reading a body that is longer than it said, or said nothing."""
    read = 0

    async def counting() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            await _pass_over(receive)
            raise Refused.because(
                "web.too_much",
                f"More than {limit:,} bytes were sent.",
                "Send a smaller file, or read it with `expcopilot analyze` where it lies.",
                name="body",
                value=read,
            )
        return message

    return counting


async def _pass_over(receive: Receive) -> None:
    """Read the rest of a body, as far and as long as that is bearable, and keep nothing of it."""
    read, more = 0, True
    with suppress(TimeoutError):
        async with asyncio.timeout(_PASSED_OVER_SECONDS):
            while more and read <= _PASSED_OVER:
                message = await receive()
                read += len(message.get("body", b""))
                more = message.get("more_body", False)


def _stamped(send: Send, kept: str) -> Send:
    async def stamping(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                if name not in headers:
                    headers[name] = value
            headers["cache-control"] = kept
        await send(message)

    return stamping
