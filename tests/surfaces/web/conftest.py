"""What the tests of the page share: a server process, somebody who has come in, a browser that is watched.

``web`` and ``visitor`` live as long as a module: for tests that do not disturb each other. ``serving(...)`` starts a
server for one test alone, on a fresh workspace, with a model where a script is given. ``browsing(web, ...)`` opens a
page in the browser, already in; what any page of a test asked elsewhere, threw, or was refused by its policy fails it.
EXPCOPILOT_LAST_SCREENS names a folder in which every page is kept as it stood when its test ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browsing import Watch, browser_running, come_in
from loopback.replies import Script
from loopback.server import Loopback
from webbing import ADA, Visitor, Web, workspace_for_web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server on a fresh workspace without a model, one for the module."""
    with Web(workspace_for_web(tmp_path_factory.mktemp("web") / "lab")) as running:
        yield running


@pytest.fixture(scope="module")
def visitor(web: Web) -> Iterator[Visitor]:
    """Ada, in at the module's server."""
    with web.enter() as inside:
        yield inside


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Web]]:
    """Start a server for this test: ``serving()``, ``serving(script=says)`` with a model, ``serving(folder=made)``.

    The loopback server of a script is ``web.model``; pass ``model=Loopback(...)`` for one with faults.
    """
    with ExitStack() as stack:

        def start(
            *, folder: Path | None = None, script: Script | None = None, model: Loopback | None = None, **env: str
        ) -> Web:
            answering = model or (Loopback(script) if script else None)
            if answering is not None:
                stack.enter_context(answering)
            place = folder or workspace_for_web(tmp_path / "lab", answering.url if answering else "")
            running = stack.enter_context(Web(place, **env))
            running.model = answering
            return running

        yield start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one for the module."""
    with browser_running() as running:
        yield running


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the pages of this test did; at its end, nothing of it may be a fault."""
    watching = Watch()
    yield watching
    assert not watching.faults, "\n".join(watching.faults)


@pytest.fixture
def browsing(browser: Browser, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a page at a server, already in: ``browsing(web, person=ADA, viewport=..., color_scheme="dark", ...)``."""
    with ExitStack() as stack:

        def open_page(web: Web, person: str = ADA, **options: Any) -> Page:
            options.setdefault("viewport", {"width": 1280, "height": 900})
            options.setdefault("reduced_motion", "reduce")
            context = stack.enter_context(browser.new_context(accept_downloads=True, **options))
            context.set_default_timeout(15_000)
            watch.over(context, web.base)
            return come_in(web, context, person)

        yield open_page
        if folder := os.environ.get("EXPCOPILOT_LAST_SCREENS"):
            for number, page in enumerate(page for context in browser.contexts for page in context.pages):
                page.screenshot(path=Path(folder) / f"{request.node.name}-{number}.png", full_page=True)


@pytest.fixture
def page(browsing: Callable[..., Page], web: Web) -> Page:
    """Ada's browser at the module's server, on the board, 1280 pixels wide."""
    return browsing(web)
