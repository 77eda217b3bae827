"""Every view for everybody: no serious finding of axe's, light and dark, wide and narrow; readable without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from crawling import crawl
from expcopilot.api import Copilot
from loopback.server import Loopback
from stages import says, staged
from webbing import Web, workspace_for_web

VIEWS = (
    "/",
    "/?q=form",
    "/plan",
    "/history",
    "/learned",
    "/look",
    "/sources",
    "/brief",
    "/batch",
    "/nothing-here",
    "/e/three-fields",
    "/e/progress-bar",
    "/e/guest-checkout",
    "/e/guest-checkout/plan",
    "/e/guest-checkout/data/short-form.csv",
    "/e/guest-checkout/copy/pause-push",
    "/e/guest-checkout/history",
    "/e/delivery-date",
    "/e/short-form",
    "/e/short-form/readout",
    "/e/trust-badges",
    "/e/free-returns",
)
READ_WITHOUT_SCRIPTS = {
    "/": ("Experiments", "short-form", "Waits for you"),
    "/e/short-form": ("The case for the null", "1 look", "What would matter"),
    "/e/short-form/readout": ("The case for the null", "Every look taken", "How to check this readout"),
    "/history": ("short-form", "Verify everything", "Head of the chain"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server on a workspace with an experiment at every stage."""
    with pytest.MonkeyPatch.context() as environment, Loopback(says) as model:
        environment.setenv("ANTHROPIC_API_KEY", "sk-of-the-tests")
        folder = workspace_for_web(tmp_path_factory.mktemp("access") / "lab", model.url)
        copilot = Copilot.open(folder)
        with copilot.workspace:
            staged(copilot)
        with Web(folder) as running:
            yield running


def findings(page: Page) -> list[str]:
    """What axe finds serious or critical, each with the element it means."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {violation['id']} ({violation['impact']}): {violation['help']} {node['html'][:200]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(
    ("width", "colours", "views"),
    [
        (1280, "light", VIEWS[-6:]),
        (390, "dark", VIEWS[10:14]),
        *(pytest.param(w, c, VIEWS, marks=pytest.mark.torture) for w in (1280, 390) for c in ("light", "dark")),
    ],
    ids=["wide", "narrow", "wide-light-all", "wide-dark-all", "narrow-light-all", "narrow-dark-all"],
)
def test_axe_finds_nothing_serious(lab, browsing, width, colours, views):
    """Names, roles, contrast, order, focus: WCAG as far as a machine can tell; and no view is wider than its screen."""
    page = browsing(lab, viewport={"width": width, "height": 900}, color_scheme=colours)
    faults, wide = [], []
    for path in views:
        page.goto(f"{lab.base}{path}")
        faults += findings(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(path)
    assert not faults, "\n".join(faults)
    assert not wide


@pytest.mark.torture
def test_axe_finds_nothing_serious_wherever_links_lead(lab, browsing):
    """The same for every page that any link leads to, each fold open."""
    with lab.enter() as visitor:
        found = crawl(visitor, *VIEWS[:9], most=120)
    paths = [path for path in found if path.partition("?")[0] != "/plan/size"]  # a part of a page, not one
    page, faults = browsing(lab), []
    for path in paths:
        page.goto(f"{lab.base}{path}")
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        faults += findings(page)
    assert len(paths) > len(VIEWS)
    assert not faults, "\n".join(faults)


def test_no_link_leads_nowhere(lab):
    """Every link of every page, followed: none is broken."""
    with lab.enter() as visitor:
        found = crawl(visitor, *(v for v in VIEWS if v != "/nothing-here"), most=40)
    assert not found.broken


def test_read_without_scripts(lab, browsing):
    """With JavaScript off, board, experiment, readout and history show all they have, and forms still act."""
    page = browsing(lab, java_script_enabled=False)
    for path, texts in READ_WITHOUT_SCRIPTS.items():
        page.goto(f"{lab.base}{path}")
        shown = page.locator("body").inner_text().casefold()
        assert not [text for text in texts if text.casefold() not in shown], path
    page.goto(f"{lab.base}/history")
    page.get_by_role("button", name="Verify everything").click()
    assert "Sound: no difference found" in page.locator("main").inner_text()
    page.goto(f"{lab.base}/?q=badges")
    assert "1 of" in page.locator("main").inner_text()


def test_reduced_motion_is_respected(lab, browsing):
    """Who asks for less motion gets none: no transition, no animation, no smooth scrolling."""
    moving = """() => [...document.querySelectorAll('*')].filter((e) => {
      const style = getComputedStyle(e);
      const lasts = (text) => text.split(',').some((part) => parseFloat(part) > 0.01);
      return lasts(style.transitionDuration) || (style.animationName !== 'none' && lasts(style.animationDuration))
        || style.scrollBehavior === 'smooth';
    }).map((e) => e.outerHTML.slice(0, 120))"""
    page = browsing(lab, reduced_motion="reduce")
    for path in ("/", "/e/three-fields", "/e/short-form", "/e/guest-checkout/copy/pause-push"):
        page.goto(f"{lab.base}{path}")
        assert page.evaluate(moving) == []


def test_printed_without_what_only_acts(lab, browsing, tmp_path: Path):
    """On paper an experiment is its record: no bar, no forms, and the verdict beside the case for the null."""
    page = browsing(lab)
    page.goto(f"{lab.base}/e/short-form")
    page.emulate_media(media="print")
    assert not page.locator("header.bar").is_visible()
    assert not page.locator("main form").first.is_visible()
    assert page.locator("#results").is_visible()
    assert page.locator("#results svg line.bar").first.evaluate("e => getComputedStyle(e).display") != "none"
    page.pdf(path=tmp_path / "short-form.pdf")
    assert (tmp_path / "short-form.pdf").read_bytes().startswith(b"%PDF")
