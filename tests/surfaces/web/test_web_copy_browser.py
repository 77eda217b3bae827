"""Copy in a real browser by keyboard alone: a mark settled, a text approved, a table of variants gone through."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from batches_of_briefs import write_briefs
from copy_on_page import OnPage, brought, review
from loopback.copywriting import copywriter
from loopback.replies import Said


def focused(page: Page) -> str:
    """What the keyboard is at, in words."""
    return " ".join(str(page.evaluate("document.activeElement.textContent")).split())


def tab_to(page: Page, words: str, most: int = 60) -> None:
    """Press Tab until the keyboard is at something that says this."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in focused(page):
            return
    raise AssertionError(f"Tab never reached {words!r}; it is at {focused(page)!r}")


def test_a_mark_is_settled_and_a_text_approved_by_keyboard(browsing, web, visitor):
    """From a mark's label to its evidence, waived by a typed reason; on to the next; then approved: no mouse."""
    brought(web.folder, "keys")
    copy, page = OnPage(visitor, "keys"), browsing(web)
    page.goto(f"{web.base}{copy.at}")
    tab_to(page, "C1 statistic")
    page.keyboard.press("Enter")
    assert "“40%” · statistic · open" in focused(page)
    tab_to(page, "Sources", 6)
    page.keyboard.press("Tab")
    page.keyboard.type("Our May figures")
    page.keyboard.press("Enter")
    expect(page.locator("#v2 .evidence.is-open")).to_have_count(1)
    expect(page.locator("#v2 .evidence.is-settled")).to_contain_text("waived")
    assert focused(page).startswith("C2"), "the keyboard goes on to what is open next"
    page.keyboard.press("Enter")
    tab_to(page, "Sources", 6)
    page.keyboard.press("Tab")
    page.keyboard.type("Legal agreed")
    page.keyboard.press("Enter")
    expect(page.locator("#v2 .evidence.is-open")).to_have_count(0)
    assert focused(page) == "Approve this text"
    page.keyboard.press("Enter")
    expect(page.locator("#v2 .decided")).to_contain_text("Approved by Ada")
    stands = review(web.folder, "keys", "v2")
    assert (stands.standing, stands.approval.digest) == ("approved", stands.digest)
    assert focused(page).startswith("v2"), "the keyboard stays where the decision was"


def test_what_is_refused_is_read_out_and_the_form_stays(browsing, web, visitor):
    """A quotation that does not stand there: the refusal takes the keyboard, what was typed stays in its field."""
    brought(web.folder, "stays")
    page = browsing(web)
    page.goto(f"{web.base}{OnPage(visitor, 'stays').at}")
    page.locator("#v2 a.mark-label").first.click()
    field = page.get_by_label("The words, exactly as they stand there").first
    field.fill("Everybody comes back")
    page.get_by_role("button", name="Quote it").first.click()
    expect(page.locator("#refusal")).to_contain_text("stays without a source")
    assert page.evaluate("document.activeElement.id") == "refusal"
    assert field.input_value() == "Everybody comes back"


def test_a_table_of_variants_is_gone_through_by_keys(browsing, serving, tmp_path):
    """A run is watched to its end as it goes; j and k move, a approves, r rejects, and the keyboard goes on."""

    def says(body):
        answer = json.loads(copywriter(body).text)
        for variant in answer["variants"]:
            for field in variant["fields"]:
                field["text"] = f"Open the app and see the {variant['mechanism']} menu."
        return Said(text=json.dumps(answer))

    web = serving(script=says)
    briefs = write_briefs(tmp_path / "rows.csv", 4)
    page = browsing(web, viewport={"width": 360, "height": 800})
    page.get_by_role("link", name="Batch").click()
    page.get_by_label("a brief a row").set_input_files(briefs)
    page.get_by_role("button", name="Bring it").press("Enter")
    page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_role("heading", name="Go through it")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    rows = page.locator("[data-review-row]")
    expect(rows).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(rows).to_have_count(3)
    assert focused(page) == "b1 v1"
    page.keyboard.press("r")
    expect(rows).to_have_count(2)
    assert focused(page) == "b2 v1"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Copy: b2")).to_be_visible()
    stands = [review(web.folder, f"b{n}", "v1").standing for n in range(3)]
    assert stands == ["approved", "rejected", "undecided"]


@pytest.mark.torture
def test_a_watched_run_outlives_its_server(browsing, serving, tmp_path, watch):
    """The server killed under a watched run: the page says so, and goes on by itself when it is back."""
    watch.allow("ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to fetch")

    def says(body):
        time.sleep(0.5)
        return copywriter(body)

    web = serving(script=says)
    page = browsing(web)
    page.goto(f"{web.base}/batch")
    page.get_by_label("a brief a row").set_input_files(write_briefs(tmp_path / "lost.csv", 40))
    page.get_by_role("button", name="Bring it").click()
    page.get_by_role("textbox", name="Requests at a time").fill("2")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text(re.compile("Asking: [1-9]"))).to_be_visible(timeout=60_000)
    web.kill()
    expect(page.locator("#offline")).to_be_visible()
    web.start()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=60_000)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
