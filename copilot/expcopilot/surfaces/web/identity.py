"""Who is it? The one door: a one-time link opens a session for one of the workspace's people, and nothing else does."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

from copilot_tools.refusals import Refused

__all__ = ["SESSION_SECONDS", "Door", "Session"]

SESSION_SECONDS = 12 * 60 * 60
"""How long a session lasts: a working day."""

_SECRET_FILE = "web-secret"  # noqa: S105 - the name of a file
_LEFT_FOLDER = "web-left"
"""Sessions ended before their time: an empty file each, seen by every server of the workspace."""


class Session(NamedTuple):
    """An open session.

    Attributes:
        id: Its random name.
        person: Who it is, as the settings name them.
        csrf: What every form of this session must carry.
    """

    id: str
    person: str
    csrf: str


class Door:
    """Gives out one-time links and sessions, and knows a session again, after a restart of the server too.

    Attributes:
        cookie: The cookie's name; a workspace has its own, because cookies do not tell ports apart.
    """

    def __init__(self, folder: Path) -> None:
        """Open the door of a workspace.

        Args:
            folder: The workspace's; the secret that signs sessions is kept in it, readable by its owner alone.

        Raises:
            Refused: The secret cannot be kept there.
        """
        self._secret = _secret(folder / _SECRET_FILE)
        self._signer = URLSafeTimedSerializer(self._secret, salt="expcopilot.session")
        self._keys: set[str] = set()
        self._lock = threading.Lock()
        self._left = folder / _LEFT_FOLDER
        _forget(self._left)
        self.cookie = f"expcopilot_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"

    def new_key(self) -> str:
        """The key of a one-time link."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._keys.add(key)
        return key

    def fits(self, key: str) -> bool:
        """Whether a key still opens the door."""
        with self._lock:
            return any(hmac.compare_digest(key.encode(), known.encode()) for known in self._keys)

    def enter(self, key: str, person: str) -> str:
        """Open a session with a one-time key; returns the cookie's value.

        A session is always a new one: whatever cookie the browser brought counts for nothing.

        Raises:
            Refused: The key was used already, or never given out.
        """
        with self._lock:
            found = [known for known in self._keys if hmac.compare_digest(key.encode(), known.encode())]
            if not found:
                raise Refused.because(
                    "web.link_used",
                    "This link opens nothing: it was used already, or belongs to another start of the server.",
                    "Run `expcopilot web` again and open the link it prints.",
                    name="key",
                )
            self._keys.discard(found[0])
        return str(self._signer.dumps({"id": secrets.token_urlsafe(16), "person": person}))

    def session(self, cookie: str) -> Session | None:
        """The session a cookie stands for, or None where it is none of ours or too old."""
        try:
            said = self._signer.loads(cookie, max_age=SESSION_SECONDS)
        except BadSignature:
            return None
        if (self._left / said["id"]).exists():
            return None
        return Session(said["id"], said["person"], self._csrf(said["id"]))

    def leave(self, session: Session) -> None:
        """End a session for good: whoever kept its cookie is nobody from now on, after a restart of the server too.

        Raises:
            Refused: That cannot be kept.
        """
        try:
            self._left.mkdir(exist_ok=True)
            (self._left / session.id).touch()
        except OSError as error:
            raise Refused.because(
                "web.cannot_leave",
                f"Your session cannot be ended: {self._left.name} cannot be written ({error.strerror or error}).",
                "Make the workspace's folder writable for yourself, or delete web-secret and start again.",
                name="folder",
                value=str(self._left),
            ) from error

    def _csrf(self, session: str) -> str:
        return hmac.new(self._secret, b"csrf." + session.encode(), hashlib.sha256).hexdigest()


def _forget(left: Path) -> None:
    """Sessions that are too old to open anything need no file any more."""
    with suppress(OSError):
        for ended in left.iterdir():
            if time.time() - ended.stat().st_mtime > SESSION_SECONDS:
                ended.unlink(missing_ok=True)


def _secret(path: Path) -> bytes:
    """The signing secret, made at first use; the file appears whole, and only its owner may read it."""
    try:
        if not path.exists():
            new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_hex(32).encode())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(new, path)  # never over a secret that another start has made meanwhile
            except FileExistsError:
                pass
            finally:
                new.unlink()
        found = path.read_bytes()
    except OSError as error:
        raise Refused.because(
            "web.secret",
            f"The page's secret cannot be kept in {path.name}: {error.strerror or error}.",
            "Make the workspace's folder writable for yourself.",
            name="folder",
            value=str(path.parent),
        ) from error
    if len(found) < 32:
        raise Refused.because(
            "web.secret",
            f"{path.name} holds {len(found)} characters, but a secret has 64: it was damaged.",
            "Delete the file and start again: everybody enters by a new link then.",
            name="secret",
            value=len(found),
        )
    return found
