"""A person at the keyboard: typed, streamed, approved by mouse and by keys, over reload and a server that was gone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from held_model import Held
from speaking import IDEA, canaries, read, registered
from webbing import Web

FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.name"


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the control that says this has the focus, which is then to be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == wanted:
            expect(page.locator(":focus")).to_be_in_viewport()
            return
    raise AssertionError(f"80 times Tab and {wanted!r} was not reached")


def _looked(web: Web) -> None:
    copilot = web.copilot()
    registered(copilot)
    read(copilot, canaries(web.folder))
    copilot.workspace.close()


def test_from_an_idea_to_an_approved_hypothesis_by_keys_and_by_mouse(serving, browsing):
    """By keys alone: idea, an answer, Approve; a second idea by mouse: Edit, then Reject. The focus stays useful."""
    web = serving()
    page = browsing(web)
    _tab_to(page, "idea")
    page.keyboard.type(IDEA)
    _tab_to(page, "Sharpen it")
    page.keyboard.press("Enter")
    expect(page.locator("#gate")).to_be_visible()
    name = page.url.rpartition("/e/")[2]
    _tab_to(page, "metric")
    page.keyboard.type("orders")
    _tab_to(page, "Put it to me with these answers")
    page.keyboard.press("Space")
    expect(page.locator("#gate .facts")).to_contain_text("orders")
    expect(page.locator("#gate-title")).to_be_in_viewport()  # read from its top
    _tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.locator(".event").last).to_contain_text("You approved the hypothesis.")
    assert page.evaluate(FOCUSED) == "text"
    assert web.state(name).decisions[-1].record.action == "approve"

    page.get_by_role("link", name="Board").click()
    page.locator("#idea").fill("A shorter thank-you page brings people back sooner")
    page.get_by_role("button", name="Sharpen it").click()
    page.get_by_text("Edit: say a field anew").click()
    page.locator(".anew").get_by_label("Audience").fill("Everybody who ordered once")
    page.get_by_role("button", name="Put it to me changed").click()
    expect(page.locator("#gate .facts")).to_contain_text("Everybody who ordered once")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".event").last).to_contain_text("You declined the hypothesis.")
    expect(page.get_by_role("button", name="Sharpen it")).to_be_visible()


def test_an_answer_streams_survives_reload_and_a_server_that_was_gone(serving, browsing, watch):
    """Enter sends; sentences come while it is said; reload keeps them; killed and started again, the page says so."""
    watch.allow("sse:error|htmx:error|ERR_|Failed to load resource|Failed to fetch|network error")
    held = Held()
    web = serving(script=held.script)
    _looked(web)
    page = browsing(web)
    page.goto(f"{web.base}/e/checkout")
    field, said = page.locator(".composer textarea"), page.locator(".at-work .words")
    field.click()
    page.keyboard.type("Did the short")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("form win?")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("The verdict is", timeout=30_000)
    expect(page.locator(".by-person").last).to_contain_text("Did the short\nform win?", use_inner_text=True)
    expect(field).to_have_value("")
    assert page.evaluate(FOCUSED) == "text"
    page.keyboard.type("What I type meanwhile")
    page.reload()
    expect(said).to_contain_text("The verdict is")
    page.locator(".composer textarea").fill("What I type meanwhile")
    held.go_on.set()
    expect(page.locator(".at-work")).to_have_count(0, timeout=30_000)
    answer = page.locator(".by-role .words").last
    expect(answer).to_contain_text("The difference could be noise.")
    assert answer.inner_text().count("The verdict is") == 1
    expect(page.locator(".composer textarea")).to_have_value("What I type meanwhile")
    expect(page.locator(".cost")).to_contain_text("guide: 1 answer")

    held.again()
    page.locator(".composer textarea").fill("And what now?")
    page.get_by_role("button", name="Send").click()
    assert held.reached.wait(30)
    expect(said).to_contain_text("The verdict is")
    web.kill()
    expect(page.locator("#offline")).to_be_visible()
    held.go_on.set()
    web.start()
    again = page.get_by_role("button", name="Ask again")
    expect(again).to_be_visible(timeout=30_000)  # by itself: nobody touched the page
    expect(page.locator("#offline")).to_be_hidden()
    again.click()
    expect(page.locator(".by-role .words")).to_have_count(2, timeout=30_000)
    expect(page.locator(".unanswered")).to_have_count(0)
    assert [t.record.text for t in web.state("checkout").turns].count("And what now?") == 1


def test_a_refusal_is_shown_and_what_was_typed_stays(serving, browsing):
    """A command that has its button is refused in sight, with the line still in the field; on a phone, too."""
    web = serving()
    _looked(web)
    page = browsing(web, viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(f"{web.base}/e/checkout")
    page.locator(".composer textarea").fill("/analyze data.csv")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#refusal")).to_contain_text("“Read data”")
    expect(page.locator("#refusal .refused")).to_be_in_viewport()
    expect(page.locator(".composer textarea")).to_have_value("/analyze data.csv")
    page.locator(".composer textarea").fill("/why")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".shown")).to_contain_text("What would change it:")
    expect(page.locator("#shown-title")).to_be_in_viewport()
    expect(page.locator("#refusal .refused")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
