"""The page as people reach it: a real ``expcopilot web`` process on a workspace, and somebody who has come in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from chatting import COMMAND
from expcopilot.api import Copilot
from expcopilot.memory.workspace import Workspace
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.web.identity import Door
from loopback.server import Loopback
from web_markup import Form, Markup

__all__ = ["ADA", "GRACE", "MODEL", "Visitor", "Web", "workspace_for_web"]

ADA, GRACE = "Ada <ada@example.com>", "Grace <grace@example.com>"
"""Who may come in, as the settings name them."""
MODEL = "claude-sonnet-5-5"


def workspace_for_web(folder: Path, url: str = "", *, timeout: float = 20.0) -> Path:
    """A fresh workspace of Ada's and Grace's; with a url, a server there is its model. Returns its folder."""
    Workspace.create(folder, person="Ada", email="ada@example.com", currency="EUR").close()
    settings = folder / "expcopilot.toml"
    text = settings.read_text(encoding="utf-8")
    text += '\n[people]\nothers = [{ name = "Grace", email = "grace@example.com" }]\n'
    if url:
        text += f'\n[model]\nname = "{MODEL}"\nbase_url = "{url}"\ntimeout = {timeout}\n'
    settings.write_text(text, encoding="utf-8")
    return folder


class Web:
    """``expcopilot web`` on a folder, in a process of its own; killed when the ``with`` block ends.

    Attributes:
        folder: The workspace's.
        link: The one-time link it printed last.
        base: Where it serves, such as "http://127.0.0.1:41234".
        model: The loopback server that is its model, or None.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = environment
        self.link = self.base = ""
        self._port, self._starts, self._used = 0, 0, ""
        self.model: Loopback | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def start(self, seconds: float = 60) -> None:
        """Start it; after a kill on the same port again, so that open pages find it."""
        self._starts += 1
        spoken = self._spoken("out")
        bare = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC_") and k != "EXPCOPILOT_DEBUG"}
        with spoken.open("wb") as out, self._spoken("err").open("wb") as err:
            self._process = subprocess.Popen(
                [COMMAND, "web", "--port", str(self._port), "--no-browser"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                env={**bare, "ANTHROPIC_API_KEY": "sk-of-the-tests", **self.environment},
            )
        end = time.monotonic() + seconds
        while (found := re.search(r"Open (\S+/enter\?key=\S+)\n", spoken.read_text())) is None:
            assert self.running, f"it ended before it served; said {self.said}"
            assert time.monotonic() < end, f"no link came; said {self.said}"
            time.sleep(0.02)
        self.link = found[1]
        self.base = self.link.partition("/enter")[0]
        self._port = int(self.base.rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL, as when the machine loses power for this process."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        return self._end(signal.SIGINT)

    def restart(self) -> None:
        """Killed and started again on the same workspace and port: sessions stay open."""
        self.kill()
        self.start()

    @property
    def said(self) -> str:
        """Everything it wrote to its terminal so far, over all starts."""
        files = sorted(self._folder_of_words.glob("*.txt"), key=lambda p: p.stat().st_mtime)
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def enter(self, person: str = ADA) -> Visitor:
        """Somebody who came in: the first by the printed link, everybody after by a link of the same door."""
        visitor = Visitor(self, person)
        if self._used != self.link:
            self._used = self.link
            visitor.come_in(self.link)
        else:
            door = Door(self.folder)
            visitor.client.cookies.set(door.cookie, door.enter(door.new_key(), person), domain="127.0.0.1")
        return visitor

    def copilot(self, person: str | None = None) -> Copilot:
        """The same workspace from Python, opened anew; close its workspace."""
        return Copilot.open(self.folder, person=person)

    def state(self, name: str) -> Experiment:
        """An experiment as the ledger on disk tells it now."""
        with Workspace.open(self.folder) as workspace:
            return Experiment.fold(name, workspace.ledger.entries(name))

    def kinds(self, name: str | None = None) -> list[str]:
        """The kinds of the ledger's entries now, in order; of one experiment, or of all."""
        with Workspace.open(self.folder) as workspace:
            return [entry.kind for entry in workspace.ledger.entries(name)]

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self.running:
            self._process.send_signal(how)
        return self._process.wait(timeout=60)

    @property
    def _folder_of_words(self) -> Path:
        folder = self.folder.with_name(f"{self.folder.name}-said")
        folder.mkdir(exist_ok=True)
        return folder

    def _spoken(self, what: str) -> Path:
        return self._folder_of_words / f"{self._starts}-{what}.txt"


class Visitor:
    """A browser without its window: cookies, redirects followed, the session's token at hand.

    Attributes:
        client: The HTTP client; ``visitor.client.get(..., follow_redirects=False)`` for what it does not follow.
        person: Who it is.
    """

    def __init__(self, web: Web, person: str = ADA) -> None:
        self.web, self.person = web, person
        self.client = httpx.Client(base_url=web.base, follow_redirects=True, timeout=60, trust_env=False)
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def come_in(self, link: str) -> httpx.Response:
        """Open a one-time link and press "Come in"."""
        page = self.client.get(link)
        (form,) = (f for f in Markup(page.text).forms if f.action == "/enter")
        return self.client.post("/enter", data={**form.values, "person": self.person})

    @property
    def csrf(self) -> str:
        """The token of the session, read off a page once."""
        if not self._token:
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.client.get("/").text)
            assert found, "no page of this session carries a token: is it open?"
            self._token = found[1]
        return self._token

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.client.get(path, **options)

    def markup(self, path: str) -> Markup:
        """A page that is there, parsed."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:600]}"
        return Markup(answer.text)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> httpx.Response:
        """A form sent from a page of this session; ``files=``, ``headers=`` as httpx takes them. Redirects followed."""
        return self.client.post(path, data={"csrf": self.csrf, **(data or {})}, **options)

    def form(self, path: str, action: str, button: str = "") -> Form:
        """The form of the page at ``path`` that is sent to ``action``; with a text of its button where several are."""
        found = [
            f for f in self.markup(path).forms if f.action.partition("#")[0] == action and button in f.buttons_text
        ]
        assert found, f"{path} has no form to {action!r} with a button {button!r}"
        return found[0]

    def submit(self, path: str, to: str, button: str = "", **said: Any) -> httpx.Response:
        """Open a page, fill in its form as a person would, send it with everything it carries by itself."""
        form = self.form(path, to, button)
        return self.client.post(form.action, data={**form.values, **form.pressed(button), **said})
