"""Write docs/screens/*.png: every view of the page at every stage, light, dark and on a phone; no network.

A workspace is brought through every stage by the product's own verbs, with a scripted model on the loopback interface;
the pictures are taken of the real server in a real browser (Debian's chromium). ``make screenshots`` runs it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from click.testing import CliRunner
from playwright.sync_api import Browser, Page
from small_png import make_small

from browsing import Watch, browser_running, come_in
from expcopilot.api import Copilot
from expcopilot.surfaces.cli.main import cli
from loopback.server import Loopback
from stages import orders_file, says, staged
from webbing import ADA, Web, workspace_for_web

SCREENS = Path(__file__).resolve().parents[1] / "docs" / "screens"
MOST_BYTES = 150_000
BRIEFS = "id,channel,change,audience,because,k\n" + "".join(
    f"{name},push,The message names the pause,{whom},Many only want a break,1\n"
    for name, whom in (("lapsed", "Lapsed subscribers"), ("new", "New subscribers"), ("loyal", "Loyal subscribers"))
)
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


class View(NamedTuple):
    """One view.

    Attributes:
        name: Of its pictures.
        path: Where it is.
        before: What is done on it before the picture is taken.
        whole: Whether the whole page is taken, not what one sees first.
    """

    name: str
    path: str
    before: Callable[[Page], object] = lambda _: None
    whole: bool = False


def _typed(page: Page) -> None:
    """A plan half answered: its size grows beside it."""
    for label, text in (
        ("What changes, so that", "The form asks for three fields"),
        ("Who can see the change?", "Everybody who opens the checkout"),
        ("Which one number decides?", "orders"),
        ("How big a change would matter", "+1 point"),
        ("today?", "8%"),
        ("a week can enter the test?", "10,000"),
    ):
        page.get_by_label(label).first.fill(text)
    page.locator("#sizing svg.plot").wait_for()
    page.locator(".asked-title").nth(3).scroll_into_view_if_needed()


def _opened(page: Page) -> None:
    """The evidence of the first mark, unfolded."""
    page.locator("details.evidence summary").first.click()


def _ran(page: Page) -> None:
    """A file of briefs brought, run to its end, its review table reached."""
    if page.get_by_role("link", name="briefs").count() == 0:
        page.locator("input[type=file]").first.set_input_files(
            {"name": "briefs.csv", "mimeType": "text/csv", "buffer": BRIEFS.encode()}
        )
        page.get_by_role("button", name="Bring it").click()
        page.get_by_role("button", name="Begin").click()
    else:
        page.get_by_role("link", name="briefs").first.click()
    page.locator("#review").wait_for(timeout=120_000)


def _to(selector: str) -> Callable[[Page], object]:
    return lambda page: page.locator(selector).evaluate("e => e.scrollIntoView({block: 'start'})")


VIEWS = (
    View("board", "/"),
    View("gate", "/e/three-fields"),
    View("plan-form", "/plan", _typed),
    View("plan-gate", "/e/progress-bar"),
    View("plan", "/e/guest-checkout/plan"),
    View("copy", "/e/guest-checkout/copy/pause-push", _opened),
    View("sources", "/sources"),
    View("mapping", "/e/guest-checkout/data/guest-checkout.csv"),
    View("blinded", "/e/delivery-date", _to("#results")),
    View("results", "/e/short-form", _to("#results")),
    View("refuted", "/e/trust-badges", _to("#results")),
    View("readout", "/e/short-form/readout"),
    View("batch", "/batch", _ran),
    View("history", "/history"),
    View("quick-look", "/look"),
)
DEMO = (
    View("first-board", "/"),
    View("first-verdict", "/e/hillstrom-email", _to("#results")),
    View("first-why", "/e/hillstrom-email?show=why"),
    View("first-readout", "/e/hillstrom-email/readout"),
)


def main() -> None:
    """Make them anew."""
    os.environ["ANTHROPIC_API_KEY"] = "sk-of-the-pictures"
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("*.png"):
        old.unlink()
    with TemporaryDirectory() as place, Loopback(says) as model:
        folder = workspace_for_web(Path(place) / "growth", model.url)
        copilot = Copilot.open(folder)
        with copilot.workspace:
            staged(copilot)
        orders_file(folder / "data" / "guest-checkout.csv")
        empty, demo = workspace_for_web(Path(place) / "new"), Path(place) / "demo"
        CliRunner().invoke(cli, ["demo", "--out", str(demo)], catch_exceptions=False)
        with browser_running() as browser:
            with Web(folder) as web:
                for colours, size, ending in (("light", WIDE, ""), ("dark", WIDE, "-dark"), ("light", PHONE, "-phone")):
                    _pictures(browser, web, VIEWS, ending, color_scheme=colours, viewport=size)
            with Web(empty) as web:
                _first(browser, web)
            with Web(demo) as web:
                _pictures(browser, web, DEMO, "", "Demo", color_scheme="light", viewport=WIDE)
    total = 0
    for picture in sorted(SCREENS.glob("*.png")):
        total += (size := make_small(picture))
        sys.stderr.write(f"{size:8,} {picture.name}{'  TOO LARGE' if size > MOST_BYTES else ''}\n")
    sys.stderr.write(f"{total:,} bytes in all\n")


def _pictures(
    browser: Browser, web: Web, views: tuple[View, ...], ending: str, person: str = ADA, **options: object
) -> None:
    watch = Watch()
    context = browser.new_context(reduced_motion="reduce", **options)
    watch.over(context, web.base)
    page = come_in(web, context, person)
    for view in views:
        page.goto(f"{web.base}{view.path}")
        view.before(page)
        page.wait_for_timeout(300)
        page.screenshot(path=SCREENS / f"{view.name}{ending}.png", full_page=view.whole)
    context.close()
    if watch.faults:
        raise SystemExit("\n".join(watch.faults))


def _first(browser: Browser, web: Web) -> None:
    """What a newcomer sees first: the link's page, the empty board."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page = context.new_page()
    page.goto(web.link)
    page.screenshot(path=SCREENS / "come-in.png")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("heading", name="Experiments").wait_for()
    page.screenshot(path=SCREENS / "board-empty.png")
    context.close()


if __name__ == "__main__":
    if shutil.which("chromium") is None and "EXPCOPILOT_CHROMIUM" not in os.environ:
        raise SystemExit("Debian's chromium is needed for the pictures: apt-get install chromium")
    main()
