"""Who may do what, how much, and from where: every route of the page against what no page of it would send."""

from __future__ import annotations

import itertools
import re
import threading
import time

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.routing import Route
from starlette.testclient import TestClient

from expcopilot.api import Copilot
from expcopilot.surfaces.web import app, identity
from expcopilot.surfaces.web.identity import Door
from expcopilot.surfaces.web.office import Office
from expcopilot.surfaces.web.safety import CONTENT_POLICY, FORM_BYTES, UPLOAD_BYTES
from raw_http import connection, raw
from web_markup import Markup
from webbing import ADA, GRACE, Visitor, workspace_for_web

ROUTES: list[Route] = [route for view in app._VIEWS for route in view.ROUTES]
SHOWN = [route for route in ROUTES if "GET" in (route.methods or ())]
DONE = [route for route in ROUTES if "POST" in (route.methods or ()) and route.path != "/enter"]
TRAVERSALS = (
    "..",
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fweb-secret",
    "..%5c..%5cweb-secret",
    "....//....//etc/passwd",
    "%2fetc%2fpasswd",
    "..%00.csv",
    "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
    "~root",
    "file:%2f%2f%2fetc%2fpasswd",
    "web-secret",
    "expcopilot.toml",
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def filled(route: Route, value: str) -> str:
    """Its path with this for every parameter."""
    return re.sub(r"\{[^}]*\}", lambda _: value, route.path)


def plain(route: Route) -> str:
    """Its path with names that stand for nothing."""
    return re.sub(r"\{[^}]*:int\}", "1", filled(route, "1") if ":int" in route.path else filled(route, "nothing"))


def guarded(headers: httpx.Headers) -> bool:
    """Whether an answer carries every header that makes a browser refuse what is not ours."""
    policy = headers.get("content-security-policy", "")
    strict = "default-src 'none'" in policy and "unsafe-inline" not in policy and "unsafe-eval" not in policy
    return strict and all(headers.get(name) == value for name, value in HEADERS.items())


def test_nothing_is_shown_or_done_for_a_stranger(web):
    """Without a session every route answers 401 and shows nothing of the workspace."""
    with Visitor(web) as stranger:
        for route in [r for r in SHOWN if r.path != "/enter"]:
            answer = stranger.get(plain(route))
            assert answer.status_code == 401, route.path
            assert "ada@example.com" not in answer.text
        for route in DONE:
            assert stranger.client.post(plain(route), data={"csrf": "0" * 64}).status_code == 401, route.path


@pytest.mark.parametrize("token", ["", "0" * 64, "é" * 64, "a\x00b"], ids=["none", "wrong", "accents", "nul"])
def test_a_form_without_the_sessions_token_does_nothing(web, visitor, token):
    """Every form of every view without its token, or with a wrong one: refused, and nothing stands on record."""
    before = web.kinds()
    for route in DONE:
        said = {"csrf": token} if token else {}
        answer = visitor.client.post(plain(route), data=said)
        assert answer.status_code == 403, route.path
        assert "did not come from a page of your session" in answer.text
        assert visitor.client.post(plain(route), files={"file": ("a.csv", b"a,b\n")}).status_code == 403, route.path
    assert web.kinds() == before
    assert visitor.get("/").status_code == 200


def test_a_token_is_its_sessions_own(web, visitor):
    """Ada's token opens nothing for Grace, and a token of an earlier session of Ada's nothing in a new one."""
    with web.enter(GRACE) as grace, web.enter(ADA) as again:
        assert len({visitor.csrf, grace.csrf, again.csrf}) == 3
        for other in (grace, again):
            assert other.client.post("/leave", data={"csrf": visitor.csrf}).status_code == 403
            assert other.client.post("/leave", headers={"x-csrf-token": visitor.csrf}).status_code == 403
            assert other.get("/").status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "http://localhost.evil.example"],
)
def test_a_form_of_another_site_does_nothing(visitor, origin):
    """With the right token, too: whatever page an origin is not ours from, its form is refused."""
    answer = visitor.post("/leave", headers={"origin": origin})
    assert answer.status_code == 403
    assert visitor.get("/").status_code == 200


def test_a_session_is_never_one_that_was_brought(web):
    """A cookie set before coming in (fixation) is replaced by a new one and stays worthless."""
    door = Door(web.folder)
    brought = URLSafeTimedSerializer("guess", salt="expcopilot.session").dumps({"id": "fixed", "person": ADA})
    key = door.new_key()  # of another process: not known to the server
    with Visitor(web) as victim:
        victim.client.cookies.set(door.cookie, brought, domain="127.0.0.1")
        assert victim.client.post("/enter", data={"key": key, "person": ADA}).status_code == 403
        assert victim.get("/").status_code == 401
    with web.enter() as one, web.enter() as other:
        cookies = {v.client.cookies[door.cookie] for v in (one, other)}
        assert len(cookies) == 2
        assert brought not in cookies


def test_forged_tampered_and_old_cookies_are_nobodys(web, visitor, monkeypatch):
    """A cookie that was changed, signed with another secret, for another purpose, or too long ago opens nothing."""
    door = Door(web.folder)
    good = visitor.client.cookies[door.cookie]
    body, stamp, signature = good.split(".")
    secret = next(web.folder.rglob("web-secret")).read_bytes()
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    old = URLSafeTimedSerializer(secret, salt="expcopilot.session").dumps({"id": "x", "person": ADA})
    monkeypatch.undo()
    forged = [
        "",
        "x",
        "..",
        good[:-1],
        good + "A",
        f"{body}.{stamp}.",
        f"{body}.AAAAAA.{signature}",
        f"{URLSafeTimedSerializer(secret, salt='other').dumps({'id': 'x', 'person': ADA})}",
        URLSafeTimedSerializer(b"guess", salt="expcopilot.session").dumps({"id": "x", "person": ADA}),
        old,
        "A" * 4000,
    ]
    for cookie in forged:
        answer = httpx.get(f"{web.base}/", headers={"cookie": f"{door.cookie}={cookie}"})
        assert answer.status_code == 401, cookie[:80]
    assert httpx.get(f"{web.base}/", headers={"cookie": f"{door.cookie}={good}"}).status_code == 200


def test_somebody_the_settings_do_not_name_is_refused(web):
    """Signed by the right door for a person who left the settings: a refusal, not a desk of their own."""
    door = Door(web.folder)
    cookie = door.enter(door.new_key(), "Mallory <m@example.com>")
    answer = httpx.get(f"{web.base}/", headers={"cookie": f"{door.cookie}={cookie}"})
    assert answer.status_code in {401, 403, 422}
    assert "Traceback" not in answer.text
    assert httpx.post(f"{web.base}/enter", data={"key": "x", "person": "Mallory"}).status_code == 422


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "", "[::1]:80"])
def test_only_our_own_name_is_answered(web, visitor, host):
    """A name that was made to point here (DNS rebinding) gets nothing, with a good cookie too."""
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    answer = raw(web.base, f"GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
    assert answer.status in {400, 421}
    assert b"Experiments" not in answer.body
    assert answer.status == 400 or guarded(httpx.Headers(answer.headers))


def test_every_method_but_its_own_is_refused(visitor):
    """A page is not changed by a GET, an action not done by one, and no route knows other methods."""
    for route, method in zip(ROUTES, itertools.cycle(("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"))):
        answer = visitor.client.request(method, plain(route), headers={"x-csrf-token": visitor.csrf})
        assert answer.status_code in {404, 405}, (method, route.path)
    paths_shown = {route.path for route in SHOWN}
    for route in DONE:
        if route.path not in paths_shown:
            assert visitor.get(plain(route)).status_code == 404, route.path
    assert visitor.client.head("/").status_code == 200


def test_no_path_leads_out_of_its_place(web, visitor):
    """Every parameter of every path filled with ways out: no file is read, none written, nothing fails."""
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    secrets = [b"root:", (web.folder / "expcopilot.toml").read_bytes()[:40], b"BEGIN"]
    around = sorted(web.folder.parent.rglob("*"))
    targets = [(r, m) for r in ROUTES for m in (r.methods or ()) if "{" in r.path and m in {"GET", "POST"}]
    for value in TRAVERSALS:
        paths = [(method, filled(route, value)) for route, method in targets]
        paths += [("GET", f"/assets/{value}"), ("GET", f"/e/{value}"), ("GET", f"/{value}")]
        for method, path in paths:
            body = f"csrf={visitor.csrf}" if method == "POST" else ""
            head = f"{method} {path} HTTP/1.1\r\nHost: {web.base[7:]}\r\nCookie: {cookie}\r\nConnection: close\r\n"
            kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            answer = raw(web.base, head + kind)
            assert 200 <= answer.status < 500, (method, path, answer.status)
            assert answer.status != 303 or answer.headers["location"].startswith("/"), path
            assert not any(secret in answer.body for secret in secrets), path
    made = {p for p in web.folder.parent.rglob("*") if p not in around and p.is_file()}
    plans = {p for p in made if p.parent == web.folder / "plans"}  # "web-secret" is a good name for an experiment
    said = {p for p in made if p.parent.name == f"{web.folder.name}-said"}
    kept = {p for p in made if p.parent == web.folder and ".sqlite" in p.name}
    assert made == plans | said | kept


def test_headers_stand_on_every_answer(web, visitor):
    """Pages, refusals, strangers' pages, assets, what is not there: no answer without the policy, none kept."""
    with Visitor(web) as stranger:
        answers = [visitor.get(plain(route)) for route in SHOWN]
        answers += [stranger.get("/"), stranger.get("/enter"), visitor.get("/nothing"), visitor.get("/e/nothing")]
        answers += [visitor.client.post("/leave"), visitor.client.put("/"), visitor.client.head("/")]
        answers += [visitor.client.post("/leave", content=b"x" * (FORM_BYTES + 1))]
        answers += [visitor.client.get("/", headers={"host": "evil.example"})]
    for answer in answers:
        assert guarded(answer.headers), (answer.request.url, answer.status_code, answer.headers)
        assert answer.headers["cache-control"] == "no-store"
    assets = ["page.css", "page.js", "blocks.css", "htmx.min.js", "hx-sse.min.js", "icon.svg", "nothing.js", ""]
    for name in assets:
        answer = visitor.get(f"/assets/{name}")
        assert guarded(answer.headers), name
        assert answer.status_code == (404 if name in {"nothing.js", ""} else 200)


def test_too_much_is_refused_before_it_is_kept(web, visitor):
    """A body that says it is too long, lies about it, or says nothing: refused, and the server goes on."""
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    head = f"POST /leave HTTP/1.1\r\nHost: {web.base[7:]}\r\nCookie: {cookie}\r\nConnection: close\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    full = "csrf=" + "x" * (FORM_BYTES - 4)
    assert raw(web.base, f"{head}{form}Content-Length: {len(full)}\r\n\r\n{full}").status == 413
    for length in (str(10**18), "9" * 400, "-1", "1e3", "²", "0x10"):
        answer = raw(web.base, f"{head}{form}Content-Length: {length}\r\n\r\n")
        assert answer.status in {400, 413}, length
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    chunked = f"{head}{form}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * (FORM_BYTES // 0x10000 + 2)
    assert raw(web.base, chunked + b"0\r\n\r\n").status == 413
    both = f"{head}{form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ncsrf\r\n0\r\n\r\n"
    assert raw(web.base, both).status in {400, 403}
    short = raw(web.base, f"{head}{form}Content-Length: 4\r\n\r\n{'csrf=' + visitor.csrf}")  # more than it said
    assert short.status in {400, 403}
    assert visitor.get("/").status_code == 200
    assert UPLOAD_BYTES > FORM_BYTES


def test_broken_forms_are_refused_in_words(visitor):
    """Multipart that breaks off, has no boundary, too many fields or a field of a megabyte: said, nothing done."""
    kinds = {
        "multipart/form-data": b"--x\r\n",
        "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nabc',
        "multipart/form-data; boundary=y": b"--y\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--y--\r\n",
        "application/x-www-form-urlencoded": b"&".join(b"f%d=1" % n for n in range(3000)),
        "application/json": b'{"csrf": 1}',
        "text/plain; charset=nonsense": b"\xff\xfe\x00",
    }
    for kind, body in kinds.items():
        answer = visitor.client.post("/leave", content=body, headers={"content-type": kind})
        assert answer.status_code in {400, 403}, (kind, answer.status_code)
        assert "Nothing was done" in answer.text or "nothing was done" in answer.text, kind
    many = visitor.client.post("/leave", files=[("a", ("a.csv", b"1")), ("b", ("b.csv", b"2"))])
    assert many.status_code in {400, 403}
    assert visitor.get("/").status_code == 200


def test_a_mistake_of_the_program_shows_no_traceback(tmp_path, monkeypatch):
    """A view that throws answers 500 with what to do, no word of the error's text, and every header."""

    def broken(_: Copilot) -> None:
        raise RuntimeError("/home/ada/secret place")

    with Office(workspace_for_web(tmp_path / "lab")) as office:
        served = app.create_app(office, hosts=["testserver"])
        cookie = office.door.enter(office.door.new_key(), ADA)
        monkeypatch.setattr(Copilot, "experiments", broken)
        with TestClient(served, raise_server_exceptions=False, cookies={office.door.cookie: cookie}) as client:
            for headers in ({}, {"hx-request": "true"}):
                answer = client.get("/", headers=headers)
                assert answer.status_code == 500
                assert "mistake of the program" in answer.text
                assert "Traceback" not in answer.text
                assert "secret place" not in answer.text
                assert answer.headers["content-security-policy"] == CONTENT_POLICY
                assert answer.headers["cache-control"] == "no-store"


def test_slow_clients_hold_up_nobody(web, visitor):
    """Sixty connections that send a byte now and then, heads and bodies: others are answered meanwhile."""
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    slow = [connection(web.base) for _ in range(60)]
    try:
        for number, line in enumerate(slow):
            line.sendall(b"POST /leave HTTP/1.1\r\nHost: " + web.base[7:].encode() + b"\r\n")
            if number % 2:
                line.sendall(f"Cookie: {cookie}\r\nContent-Length: 500000\r\n".encode())
                line.sendall(b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrf=")
        for _ in range(3):
            assert visitor.get("/").status_code == 200
            for line in slow:
                line.sendall(b"a" if slow.index(line) % 2 else b"X-A: b\r\n")
    finally:
        for line in slow:
            line.close()
    assert visitor.get("/").status_code == 200


def test_who_hangs_up_in_the_middle_is_no_mistake(serving):
    """A browser closed while its form is on the way leaves no traceback in the terminal."""
    web = serving()
    with web.enter() as ada:
        cookie = "; ".join(f"{c.name}={c.value}" for c in ada.client.cookies.jar)
        for _ in range(5):
            with connection(web.base) as line:
                line.sendall(f"POST /leave HTTP/1.1\r\nHost: {web.base[7:]}\r\nCookie: {cookie}\r\n".encode())
                line.sendall(b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\ncsrf=")
        assert ada.get("/").status_code == 200
    assert web.stop() == 0
    assert "Traceback" not in web.said
    assert "Error" not in web.said


def test_many_at_once_get_their_own_page(web, visitor):
    """Thirty readers at once, two people: each sees their own name and token."""
    seen: list[tuple[str, str]] = []
    with web.enter(GRACE) as grace:
        people = [visitor, grace]

        def read(who: Visitor) -> None:
            page = Markup(httpx.get(f"{web.base}/", cookies=who.client.cookies, timeout=60).text)
            token = page.all("input", name="csrf")[0].attributes["value"]
            seen.append((page.all("span", class_="person")[0].text, token))

        threads = [threading.Thread(target=read, args=(people[n % 2],)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(set(seen)) == sorted({("Ada", visitor.csrf), ("Grace", grace.csrf)})
    assert len(seen) == 30


def test_keys_and_cookies_are_kept_from_others(serving):
    """The cookie from scripts, other sites and the next day; and no key, secret, cookie or token from the terminal."""
    web = serving()
    with Visitor(web) as ada:
        came = ada.come_in(web.link).history[0]
        said = came.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=strict" in said
        assert f"max-age={identity.SESSION_SECONDS}" in said
        kept = [str(next(iter(ada.client.cookies.jar)).value), ada.csrf, "sk-of-the-tests"]
        ada.get("/e/nothing")
        ada.client.post("/leave")
        assert "max-age=0" in ada.post("/leave").headers["set-cookie"].lower()
    web.stop()
    secret = next(web.folder.rglob("web-secret"))
    assert secret.stat().st_mode & 0o077 == 0
    assert not [key for key in (*kept, secret.read_text()) if key in web.said]
