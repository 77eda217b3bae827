"""A file dropped on the page in a real browser, read by one look, and the history verified; and what is too large."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from checkout_rows import write_rows
from tests_plan import plan


@pytest.fixture(scope="module", autouse=True)
def registered(web):
    """Two registered experiments."""
    copilot = web.copilot()
    copilot.register(plan("checkout", units=2_000))
    copilot.register(plan("basket", units=2_000))
    copilot.workspace.close()


def drop(page: Page, path, selector: str) -> None:
    """Drop a file on an element, as the browser's own protocol does it: no event is made up by a script."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    wire = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        wire.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


@pytest.mark.parametrize("scripts", [True, False])
def test_a_dropped_file_becomes_one_look(web, browsing, tmp_path, scripts):
    """Dropped, held against the plan, read by one click: with scripts in place, without them page by page."""
    name = "checkout" if scripts else "basket"
    path = write_rows(tmp_path / f"{name}.csv", (100, 160), 1_000, seed=31 + scripts)
    page = browsing(web, java_script_enabled=scripts)
    page.goto(f"{web.base}/e/{name}")
    page.locator("#data-file").scroll_into_view_if_needed()
    drop(page, path, "#data-file")
    if scripts:
        assert page.evaluate("document.querySelector('#data-file').files[0].name") == f"{name}.csv"
    page.get_by_role("button", name="Bring it").click()
    expect(page.get_by_role("heading", name="It fits the plan")).to_be_visible()
    assert page.url.endswith(f"/e/{name}/data/{name}.csv")
    button = page.get_by_role("button", name="Take look number 1")
    button.dblclick()
    expect(page.get_by_text("1 look so far, 1 of them with outcomes")).to_be_visible()
    assert page.url.endswith(f"/e/{name}#results")
    assert web.kinds(name) == ["registered", "looked"]


def test_a_drop_beside_the_chooser_counts_too(web, browsing, tmp_path):
    """Whoever drops the file on the words above the place for it has dropped it there."""
    path = write_rows(tmp_path / "beside.csv", (100, 160), 50, seed=41)
    page = browsing(web)
    page.goto(f"{web.base}/look")
    drop(page, path, "form.bring label")
    assert page.evaluate("document.querySelector('#data-file').files.length") == 1


def test_a_file_that_is_too_large_is_said_before_it_is_sent(web, browsing, tmp_path):
    """A file beyond the bound is refused by the form itself; nothing is sent."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as out:
        out.truncate(2_100_000_000)
    page = browsing(web)
    page.goto(f"{web.base}/look")
    page.set_input_files("#data-file", path)
    assert "at most 2 GB" in page.evaluate("document.querySelector('#data-file').validationMessage")
    page.get_by_role("button", name="Bring it").click()
    assert page.url.endswith("/look")


def test_verify_by_keyboard(web, browsing):
    """The button is reached and pressed by keyboard alone, and what it found is on the page."""
    page = browsing(web)
    page.goto(f"{web.base}/history")
    page.get_by_role("button", name="Verify everything").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sound: no difference found")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(web, browsing, scheme):
    """Every view of data and history fits 360 pixels."""
    page = browsing(web, viewport={"width": 360, "height": 800}, color_scheme=scheme)
    (web.folder / "data").mkdir(exist_ok=True)
    write_rows(web.folder / "data" / "wide.csv", (10, 16), 50, header="user,arm,converted," + "very_long_name_" * 12)
    for path in ("/look", "/look/data/wide.csv?arm_column=arm", "/e/checkout/data/wide.csv", "/history", "/learned"):
        page.goto(f"{web.base}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
