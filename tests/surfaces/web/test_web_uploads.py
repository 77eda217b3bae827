"""Files sent to the page: streamed to the disk, whole or not there, whatever they are called or claim."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checkout_rows import write_rows
from tests_plan import plan
from web_markup import Markup
from webbing import Visitor, Web

HOSTILE = [
    "../../../ledger.sqlite.csv",
    "..%2f..%2fexpcopilot.csv",
    "C:\\windows\\x.csv",
    "/etc/cron.d/x.csv",
    ".web-secret.csv",
    "<script>alert(1)<.csv",
    '"><img src=x onerror=alert(1)>.csv',
    "{{ 7*7 }}.csv",
    "evil\u202evsc.exe.csv",
    "a" * 1000 + ".csv",
    "' OR 1=1 --.csv",
    "name\r\nX-Evil: 1.csv",
]


@pytest.fixture(scope="module", autouse=True)
def registered(web):
    """One registered experiment."""
    copilot = web.copilot()
    copilot.register(plan("checkout", units=2_000))
    copilot.workspace.close()


def stored(web: Web) -> dict[str, int]:
    """Everything in the folder of data, hidden files too: name -> bytes."""
    folder = web.folder / "data"
    return {p.name: p.stat().st_size for p in folder.iterdir()} if folder.exists() else {}


def raw(visitor: Visitor, body: bytes, *, length: int | None = None, path: str = "/e/checkout/data") -> socket.socket:
    """A form with a file as bytes on the wire, of which only so much is sent as ``body`` holds."""
    host, port = visitor.web.base.removeprefix("http://").split(":")
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor.client.cookies.jar)
    start = (
        f'--XX\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{visitor.csrf}\r\n'
        '--XX\r\nContent-Disposition: form-data; name="data"; filename="sent.csv"\r\n\r\n'
    ).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=XX\r\n"
        f"Content-Length: {len(start) + len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    ).encode()
    wire = socket.create_connection((host, int(port)), timeout=30)
    wire.sendall(head + start + body)
    return wire


def answered(wire: socket.socket) -> bytes:
    """All that came back."""
    with wire:
        found = b""
        while chunk := wire.recv(65536):
            found += chunk
        return found


def wait_for(condition) -> None:
    """Until something is so; a minute at most."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def bring(visitor: Visitor, path: Path, name: str | None = None):
    with path.open("rb") as stream:
        return visitor.post("/e/checkout/data", files={"data": (name or path.name, stream)})


def test_hostile_names_stay_in_the_folder_and_on_the_page_as_text(visitor, web, tmp_path):
    """No name leaves the folder, hides, or becomes markup; each ends on its mapping screen."""
    path = write_rows(tmp_path / "plain.csv", (5, 6), 30)
    before = {p for p in web.folder.rglob("*") if "data" not in p.parts}
    for name in HOSTILE:
        answer = bring(visitor, path, name)
        assert answer.status_code == 200, name
        page = Markup(answer.text)
        assert not [
            e
            for e in page.all("img") + page.all("script")
            if "src" not in e.attributes or "/assets/" not in e.attributes["src"]
        ]
        assert "49" not in page.all("h1")[0].text
    assert all(name.endswith(".csv") and not name.startswith(".") and "/" not in name for name in stored(web))
    assert {p for p in web.folder.rglob("*") if "data" not in p.parts} == before


def test_addresses_lead_to_no_other_file(visitor):
    """Traversal in the address of a data file finds nothing."""
    for name in (
        "../expcopilot.toml",
        "..%2fexpcopilot.toml",
        "%2e%2e%2fledger.sqlite",
        ".coming-1",
        "nowhere.csv",
        "%00.csv",
    ):
        answer = visitor.get(f"/e/checkout/data/{name}")
        assert answer.status_code in {404, 422}, name
        assert "[person]" not in answer.text


def test_what_cannot_be_data_is_refused_before_it_is_kept(visitor, web, tmp_path):
    """No file, another format, an empty file, no form at all, a broken form: a sentence, and nothing stays."""
    before = stored(web)
    (tmp_path / "virus.exe").write_bytes(b"MZ" * 10)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "long.csv").write_bytes(b"user\n1\n")
    assert "of no format known here" in bring(visitor, tmp_path / "virus.exe").text
    assert "is empty" in bring(visitor, tmp_path / "empty.csv").text
    assert bring(visitor, tmp_path / "long.csv", "a" * 50_000 + ".csv").status_code == 422
    assert visitor.post("/e/checkout/data").status_code == 422
    broken = visitor.client.post(
        "/e/checkout/data", content=b"--YY\r\nnonsense", headers={"content-type": "multipart/form-data; boundary=XX"}
    )
    assert broken.status_code == 422
    assert "Traceback" not in broken.text
    assert stored(web) == before


def test_a_file_of_another_session_is_not_kept(visitor, web, tmp_path):
    """Without this session's token nothing is written, and nothing is left."""
    before = stored(web)
    path = write_rows(tmp_path / "plain.csv", (5, 6), 30)
    with path.open("rb") as stream:
        answer = visitor.client.post("/e/checkout/data", data={"csrf": "0" * 64}, files={"data": ("x.csv", stream)})
    assert answer.status_code == 403
    with path.open("rb") as stream, Visitor(web) as stranger:
        assert stranger.client.post("/e/checkout/data", files={"data": ("x.csv", stream)}).status_code == 401
    assert stored(web) == before


def test_an_experiment_that_is_not_there_takes_no_file(visitor, web, tmp_path):
    """A file for an unknown experiment is refused, and not kept."""
    before = stored(web)
    with write_rows(tmp_path / "plain.csv", (5, 6), 30).open("rb") as stream:
        assert visitor.post("/e/nothing/data", files={"data": ("other.csv", stream)}).status_code == 404
    assert stored(web) == before


def test_lies_about_length(visitor, web):
    """Less than was promised: nothing is kept. More than a file may have: refused at once. No number: refused."""
    before = stored(web)
    wire = raw(visitor, b"user,arm\n" * 1000, length=50_000_000)
    wait_for(lambda: any(name.startswith(".coming-") for name in stored(web)))
    wire.close()
    wait_for(lambda: stored(web) == before)
    assert b" 413 " in answered(raw(visitor, b"", length=3_000_000_000)).split(b"\r\n")[0]
    assert stored(web) == before
    assert visitor.get("/").status_code == 200


def test_a_large_file_goes_to_the_disk_and_not_into_memory(visitor, web, tmp_path):
    """Sixty megabytes arrive whole while the server's memory stays where it was."""
    path = tmp_path / "large.csv"
    with path.open("wb") as out:
        out.write(b"user,note\n")
        for _ in range(60):
            out.write(b"1," + b"x" * 99_997 + b"\n" + b"2,y\n" * 225_000)
    bring(visitor, write_rows(tmp_path / "small.csv", (5, 6), 30))  # what is loaded at first use is loaded
    peak = resident_peak(web)
    wire = raw(visitor, path.read_bytes() + b"\r\n--XX--\r\n")
    head = answered(wire).split(b"\r\n")
    assert b" 303 " in head[0]
    assert (web.folder / "data" / "sent.csv").read_bytes() == path.read_bytes()
    assert resident_peak(web) - peak < 20_000


def resident_peak(web: Web) -> int:
    """Peak memory of the server so far, kB."""
    status = Path(f"/proc/{web.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def test_damaged_and_overblown_files_are_problems_on_the_page(visitor, tmp_path):
    """A cut-off Parquet file, a sheet with a far cell, a million columns: each is told in a sentence."""
    pq.write_table(pa.table({"user": list(range(5000)), "arm": ["a"] * 5000}), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    hollow = bytearray(whole)
    hollow[200:2000] = b"\xff" * 1800
    (tmp_path / "hollow.parquet").write_bytes(hollow)
    book = openpyxl.Workbook()
    book.active.cell(1_048_576, 16_384, "x")
    book.save(tmp_path / "far.xlsx")
    (tmp_path / "wide.csv").write_text(",".join(f"c{i}" for i in range(1_000_000)) + "\n")
    (tmp_path / "not.xlsx").write_bytes(b"PK\x03\x04" + os.urandom(500))
    for name in ("cut.parquet", "hollow.parquet", "far.xlsx", "wide.csv", "not.xlsx"):
        answer = bring(visitor, tmp_path / name)
        assert answer.status_code == 200, name
        page = Markup(answer.text)
        assert "problem" in page.visible, name
        assert not [f for f in page.forms if f.action.endswith("/look#results")], name
    assert visitor.get("/").status_code == 200


def test_killed_while_a_file_comes(serving, tmp_path):
    """Killed in the middle of a file, the restarted page lists none; what was left is swept, the file comes again."""
    web = serving()
    copilot = web.copilot()
    copilot.register(plan("checkout", units=2_000))
    copilot.workspace.close()
    with web.enter() as visitor:
        wire = raw(visitor, b"user,arm\n" * 100_000, length=500_000_000)
        wait_for(lambda: any(name.startswith(".coming-") and size for name, size in stored(web).items()))
        web.restart()
        wire.close()
        (left,) = stored(web)
        assert left.startswith(".coming-")
        assert "Files that are here" not in visitor.get("/e/checkout").text
        assert visitor.get(f"/e/checkout/data/{left}").status_code == 404
        os.utime(web.folder / "data" / left, (time.time() - 3600,) * 2)
        assert bring(visitor, write_rows(tmp_path / "again.csv", (5, 6), 30)).status_code == 200
        assert set(stored(web)) == {"again.csv"}
