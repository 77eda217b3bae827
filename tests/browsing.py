"""A real browser: Debian's chromium driven by Playwright, with everything it does beyond the page held against it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, sync_playwright

from absent import absent
from webbing import ADA, Web

__all__ = ["Watch", "browser_running", "come_in"]

_FLAGS = [
    f"--{flag}"
    for flag in (
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error("CSP-VIOLATION " + event.effectiveDirective + " " + event.blockedURI + " " + event.sample);
});
"""
_EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""What chromium itself says of a refusal: no fault of the page's."""


class Watch:
    """What the pages of one test did beyond the page: requests, console, errors, dialogs.

    Attributes:
        requests: Every URL asked for, in order.
        console: Every message of the console, as (kind, text).
        errors: Uncaught errors.
        dialogs: Messages of dialogs that opened; each was dismissed.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.console: list[tuple[str, str]] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self._served: set[str] = set()
        self._allowed: list[re.Pattern[str]] = [_EXPECTED]

    def over(self, context: BrowserContext, base: str) -> None:
        """Watch every page of a context whose pages come from ``base``."""
        self._served.add(urlsplit(base).netloc)
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("request", self._request)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("dialog", self._dialog)

    def allow(self, pattern: str) -> None:
        """Expect console errors and dialogs that say this: a test that stops the server expects lost connections."""
        self._allowed.append(re.compile(pattern))

    @property
    def faults(self) -> list[str]:
        """Everything that no page may do."""
        outside = [url for url in self.requests if not self._ours(url)]
        said = [text for kind, text in self.console if kind == "error" or "Content Security Policy" in text]
        return [
            *(f"asked elsewhere: {url}" for url in outside),
            *(f"console: {text}" for text in said if not self._expected(text)),
            *(f"uncaught: {text}" for text in self.errors if not self._expected(text)),
            *(f"dialog: {text}" for text in self.dialogs if not self._expected(text)),
        ]

    def _ours(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in {"data", "blob", "about"} or parts.netloc in self._served

    def _expected(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._allowed)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        self.console.append((message.type, message.text))

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(f"{dialog.type} {dialog.message}")
        dialog.dismiss()


@contextmanager
def browser_running() -> Iterator[Browser]:
    """A browser; where there is none, the tests that want it are skipped, and say so.

    While it runs, Playwright holds an event loop of its own in this thread, so that ``asyncio.run`` cannot be called.
    """
    program = os.environ.get("EXPCOPILOT_CHROMIUM") or shutil.which("chromium")
    if program is None or not Path(program).exists():
        absent("no chromium here: install Debian's chromium, or name one in EXPCOPILOT_CHROMIUM", promised=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def come_in(web: Web, context: BrowserContext, person: str = ADA) -> Page:
    """A page of the context on the board, its session opened."""
    visitor = web.enter(person)
    cookies: list[Any] = [
        {"name": c.name, "value": c.value, "domain": "127.0.0.1", "path": "/", "httpOnly": True, "sameSite": "Strict"}
        for c in visitor.client.cookies.jar
    ]
    visitor.client.close()
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{web.base}/")
    return page
