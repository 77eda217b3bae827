"""What somebody tries who means harm and has come in: numbers, names, streams and sessions that no page would send."""

from __future__ import annotations

import os
import re
import time
from urllib.parse import urlencode

import httpx
import pytest

from checkout_rows import write_rows
from expcopilot.surfaces.web import app
from expcopilot.surfaces.web.identity import SESSION_SECONDS, Door
from raw_http import connection
from tests_plan import plan
from web_markup import Markup
from webbing import GRACE

ANSWERS = {"change": "c", "audience": "a", "because": "b", "metric": "orders", "kind": "share", "baseline": "8%"}
HALF = "multipart/form-data; boundary=x; charset=unicode_escape"


@pytest.fixture(scope="module", autouse=True)
def running(web):
    """An experiment under way, and its data."""
    copilot = web.copilot()
    copilot.register(plan("running", units=2_000))
    copilot.workspace.data.path.mkdir(exist_ok=True)
    write_rows(copilot.workspace.data.path / "rows.csv", (50, 70), 500, seed=41)
    copilot.workspace.close()


@pytest.fixture(autouse=True)
def no_mistake(web):
    """Whatever was tried, the terminal tells of no mistake of the program."""
    yield
    assert "Traceback" not in web.said


def sent(visitor, path, **said):
    """A form whose charset lets it hold half a character."""
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in said.items())
    headers = {"content-type": HALF, "x-csrf-token": visitor.csrf}
    return visitor.client.post(path, content=f"{parts}--x--\r\n".encode(), headers=headers)


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_cookie_kept_after_leaving_opens_nothing(serving):
    """Who left is out for good, with the cookie of before and after a restart; everybody else stays in."""
    web = serving()
    with web.enter() as ada, web.enter(GRACE) as grace, web.enter() as elsewhere:
        kept, token = dict(ada.client.cookies), ada.csrf
        ada.post("/leave")
        for _ in range(2):
            assert httpx.get(f"{web.base}/", cookies=kept).status_code == 401
            assert httpx.post(f"{web.base}/ideas", cookies=kept, data={"csrf": token, "idea": "x"}).status_code == 401
            assert grace.get("/").status_code == elsewhere.get("/").status_code == 200
            web.restart()
        assert web.kinds() == []


def test_ended_sessions_are_forgotten_once_they_are_too_old(tmp_path):
    """What stands for an ended session goes when its cookie would open nothing anyway, and not before."""
    door = Door(tmp_path)
    left = [door.session(door.enter(door.new_key(), "Ada")) for _ in range(2)]
    for session in left:
        door.leave(session)
    old = tmp_path / "web-left" / left[0].id
    past = time.time() - SESSION_SECONDS - 60
    os.utime(old, (past, past))
    Door(tmp_path)
    assert [p.name for p in (tmp_path / "web-left").iterdir()] == [left[1].id]


# --- addresses, headers, charsets ------------------------------------------------------------------------------------


def test_a_turn_of_an_unknown_experiment_is_not_there(visitor):
    """A stream is of an experiment: of none there is nothing; of a turn that ended, its end."""
    for name in ("nothing", "..", "%2e%2e", "..%2fturns"):
        assert visitor.client.get(f"/e/{name}/turns/x").status_code == 404
    over = visitor.get("/e/running/turns/x", headers={"last-event-id": "9" * 5000})
    assert (over.status_code, "event: done" in over.text) == (200, True)


@pytest.mark.parametrize("look", ["9" * 10, "9" * 5000, "0", "-1", "١"])
def test_a_look_with_no_such_number_is_not_there(visitor, look):
    """Numbers too long for Python to read, of another script, or of no look are pages that are not there."""
    for path in (f"/e/running/readout/{look}", f"/e/running/readout/{look}/html"):
        assert visitor.client.get(path).status_code in {404, 422}
    assert visitor.client.post(f"/e/running/readout/{look}", data={"csrf": visitor.csrf}).status_code in {404, 422}


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "http://127.0.0.1:x", "http:", "\u00e9"])
def test_an_origin_that_is_none_is_another_site(visitor, origin):
    """An Origin that no browser would send is refused like any that is not ours."""
    answer = visitor.post("/leave", headers={"origin": origin.encode()})
    assert answer.status_code == 403
    assert visitor.get("/").status_code == 200


def test_half_a_character_is_no_text(web, visitor):
    """A form whose charset smuggles in half a character is refused before anything is read of it or recorded."""
    before = web.kinds()
    for path, said in {
        "/ideas": {"idea": "A \\ud800 form"},
        "/e/running/say": {"text": "why \\udfff?"},
        "/e/running/close": {"early": "yes", "reason": "\\ud800"},
        "/e/running/look": {"file": "rows.csv", "key": "\\ud800"},
        "/plan/keep": {"change": "\\ud800"},
        "/look/data/at": {"at": "\\ud800.csv"},
        "/leave": {"csrf": "\\ud800"},
    }.items():
        answer = sent(visitor, path, **said)
        assert answer.status_code == 400, path
        assert "no Unicode. Nothing was done" in Markup(answer.text).visible
    assert web.kinds() == before


@pytest.mark.parametrize(
    "at", ["a\0.csv", "~nobody-of-this-name/a.csv", "/proc/self/environ", "/dev/zero", "web-secret"]
)
def test_what_is_no_data_file_is_not_read(web, visitor, at):
    """A path that can be none, and files of the machine and of the workspace that are no data: refused in words."""
    secret = (web.folder / "web-secret").read_text()
    for page in ("/look/data", "/e/running/data"):
        answer = visitor.get(page, params={"at": at})
        assert answer.status_code in {200, 422}
        assert secret not in answer.text
        assert "PATH=" not in answer.text
    assert visitor.post("/look/data/at", {"at": at}).status_code in {200, 422}


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"matters": "1 point", "traffic": "1e308"},
        {"matters": "1 point", "list": "1e308"},
        {"kind": "number", "baseline": "1e308", "sd": "1e308", "matters": "1e308"},
        {"kind": "number", "baseline": "10", "sd": "1e308", "matters": "1"},
        {"kind": "number", "baseline": "10", "sd": "1e-308", "matters": "1"},
        {"kind": "number", "baseline": "5e-324", "sd": "5e-324", "matters": "5e-324"},
        {"kind": "number", "baseline": "1", "sd": "1", "matters": "1e300"},
        {"kind": "number", "baseline": "10", "sd": "1", "matters": "1e308%"},
        {"kind": "number", "baseline": "10", "sd": "1", "matters": "1", "traffic": "1e15"},
        {"matters": "1 point", "looks": ",".join(str(n / 1000) for n in range(1, 999))},
        {"matters": "1e-300 points"},
        {"kind": "number", "baseline": "1e30", "sd": "1e30", "matters": "1e30"},
        {"kind": "number", "baseline": "1e-30", "sd": "1e-30", "matters": "1e-30"},
        {"kind": "number", "baseline": "1e-30", "sd": "1e-30", "matters": "1e30"},
        {"kind": "number", "baseline": "1e30", "sd": "1e30", "matters": "1e-30"},
        {"kind": "number", "baseline": "10", "sd": "0.000001", "matters": "1", "list": "1e15"},
    ],
    ids=lambda said: " ".join(said.values())[:60],
)
def test_no_number_breaks_the_size(visitor, said):
    """The largest and smallest numbers there are give a size or a refusal in words, and no number that is none."""
    answer = visitor.get("/plan/size", params={**ANSWERS, **said})
    assert answer.status_code == 200
    assert not re.search(r"\b(nan|inf|infinity)\b", Markup(answer.text).visible.casefold())


@pytest.mark.parametrize(
    ("field", "value"),
    [("committed_units", "99999999999999999999"), ("traffic_per_month", "1.0e+308"), ("value_per_unit", "1.0e+308")],
)
def test_a_plan_of_no_earthly_size_is_refused(web, visitor, field, value):
    """A number that no record, gate or readout could hold stops at the plan's file, not at its reading."""
    copilot = web.copilot()
    text = copilot.begin_plan(plan(f"huge-{field.replace('_', '-')}", units=2_000)).text
    copilot.workspace.close()
    shown = re.sub(rf"(?m)^  {field}:.*$", "", text).replace("design:\n", f"design:\n  {field}: {value}\n")
    answer = visitor.post("/plan/file", {"text": shown.replace("experiment: huge", "experiment: more")})
    assert answer.status_code == 422
    assert field in Markup(answer.text).visible


# --- looks and GETs --------------------------------------------------------------------------------------------------


def test_no_page_that_is_only_opened_changes_anything(web, visitor):
    """Every GET, with everything in its address that a form could say: the ledger and the folder stay as they are."""
    said = {"csrf": visitor.csrf, "action": "approve", "do": "approve", "unblind": "yes", "reason": "r", "key": "k"}
    said |= {"arm_column": "arm", "metric": "converted", "control": "control", "cut": "device", "resume": "yes"}
    said |= {"file": "rows.csv", "early": "yes", "text": "an idea", "idea": "an idea", "show": "why", "heads": "1:00"}

    def stands():
        files = {p: p.read_bytes() for p in web.folder.rglob("*") if p.is_file() and ".sqlite" not in p.name}
        return web.kinds(), files

    before = stands()
    known = {"name": "running", "file": "rows.csv", "look": "1", "form": "json"}
    for route in (route for view in app._VIEWS for route in view.ROUTES if "GET" in (route.methods or ())):
        path = re.sub(r"\{(\w+)[^}]*\}", lambda found: known.get(found[1], "x"), route.path)
        for address in (path, f"{path}?{urlencode(said)}"):
            assert visitor.client.get(address).status_code < 500, address
    assert stands() == before


def test_a_look_is_counted_whoever_still_listens(web, visitor):
    """Sent and hung up on: read and counted once; the same form again shows that look, another key is another."""
    (form,) = (f for f in visitor.markup("/e/running/data/rows.csv").forms if f.action.endswith("/look#results"))
    body = urlencode(form.values)
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    head = f"POST /e/running/look HTTP/1.1\r\nHost: {web.base[7:]}\r\nCookie: {cookie}\r\n"
    kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with connection(web.base) as line:
        line.sendall((head + kind).encode())
    end = time.monotonic() + 60
    while not web.state("running").looks and time.monotonic() < end:
        time.sleep(0.1)
    assert len(web.state("running").looks) == 1
    visitor.client.post(form.action, data=form.values)
    assert len(web.state("running").looks) == 1
    visitor.client.post(form.action, data={**form.values, "key": "another"})
    assert len(web.state("running").looks) == 2


# --- what is kept is what was typed ----------------------------------------------------------------------------------


def test_a_reason_is_kept_whole_or_refused(web):
    """A reason longer than is kept is refused before anything is done: none is cut in silence."""
    with web.enter() as ada:
        before = len(ada.get("/e/running/history.jsonl").text)
        answer = ada.post("/e/running/close", {"early": "yes", "reason": "r" * 2_001})
        assert answer.status_code == 422
        assert "at most 2,000 are kept" in Markup(answer.text).visible
        assert len(ada.get("/e/running/history.jsonl").text) == before


def test_no_plan_is_written_for_an_experiment_that_is_not_there(web):
    """Neither the form of a plan nor a file of answers appears for a name nobody has used."""
    with web.enter() as ada:
        assert ada.get("/e/nobody/plan/answers").status_code == 404
        assert ada.post("/e/nobody/plan/answers", ANSWERS).status_code == 404
    assert not list(web.folder.glob("plans/nobody*"))
