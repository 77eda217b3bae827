"""Coming in: a link that works once, a session that outlives the server, and leaving."""

from __future__ import annotations

import httpx

from webbing import ADA, GRACE, Visitor


def test_a_link_opens_once_for_a_named_person(serving):
    """The link asks who comes, opens the board for them, and opens nothing again."""
    web = serving()
    asked = httpx.get(web.link)
    assert ADA in asked.text.replace("&lt;", "<").replace("&gt;", ">")
    with web.enter(GRACE) as grace, Visitor(web) as late:
        assert "Grace" in grace.get("/").text
        assert late.client.get(web.link).status_code == 401
        assert late.client.post("/enter", data={"key": web.link.partition("key=")[2], "person": ADA}).status_code == 403


def test_a_session_outlives_the_server(serving):
    """Killed and started again, the server knows the browser that was in; who leaves is out."""
    web = serving()
    with web.enter() as ada:
        web.restart()
        assert ada.get("/").status_code == 200
        ada.post("/leave")
        assert ada.get("/").status_code == 401


def test_the_board_in_a_browser(page):
    """The board opens in a real browser, says who came in, and asks nothing elsewhere."""
    assert page.get_by_role("heading", name="Experiments").is_visible()
    assert page.locator(".who .person").inner_text() == "Ada"
