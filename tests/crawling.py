"""Every page that links lead to, and every form on them, as somebody finds them who tries everything."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

import httpx

from web_markup import Form, Markup
from webbing import Visitor

__all__ = ["Crawled", "FoundForm", "crawl", "fuzz"]

_AWAY = ("/leave", "/enter", "/assets/")


@dataclass(frozen=True)
class FoundForm:
    """A form and the page it stands on."""

    page: str
    form: Form

    @property
    def free(self) -> list[str]:
        """Its fields in which a person may write what they like."""
        kinds = {"text", "search", "url", "email", "number", "date", ""}
        return [
            e.attributes["name"]
            for e in self.form.element.walk()
            if e.attributes.get("name")
            and (e.tag == "textarea" or (e.tag == "input" and e.attributes.get("type", "text") in kinds))
        ]

    @property
    def hidden(self) -> list[str]:
        """Fields the page filled in, but the session's token."""
        inputs = self.form.element.all("input", type="hidden")
        return [n for e in inputs if (n := e.attributes.get("name", "")) not in {"", "csrf"}]

    @property
    def files(self) -> list[str]:
        """Fields that take a file."""
        return [e.attributes["name"] for e in self.form.element.all("input", type="file") if e.attributes.get("name")]


class Crawled(dict[str, str]):
    """Path -> page, in the order found.

    Attributes:
        broken: Path -> status of links that lead nowhere.
        documents: Path -> answer of what is no page: downloads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[str, int] = {}
        self.documents: dict[str, httpx.Response] = {}

    @property
    def forms(self) -> list[FoundForm]:
        """Every form that changes something, once for each address it is sent to."""
        found: dict[tuple[str, str, str], FoundForm] = {}
        for path, html in self.items():
            for form in Markup(html).forms:
                if form.method == "post" and not form.action.startswith(_AWAY):
                    action = urldefrag(urljoin(path, form.action))[0]
                    form.action = action
                    found.setdefault(
                        (action, form.buttons_text, " ".join(FoundForm(path, form).free)), FoundForm(path, form)
                    )
        return list(found.values())


def crawl(visitor: Visitor, *starts: str, most: int = 200, only: Iterable[str] = ()) -> Crawled:
    """Follow every link of this server's from these pages on.

    Args:
        visitor: Who is in.
        starts: Where to begin; "/" when none is given.
        most: How many pages at most.
        only: Beginnings of paths to stay within; empty for all.
    """
    crawled, within = Crawled(), tuple(only)
    waiting = deque(starts or ("/",))
    known = set(waiting)
    while waiting and len(crawled) < most:
        path = waiting.popleft()
        answer = visitor.get(path)
        if answer.status_code >= 400:
            crawled.broken[path] = answer.status_code
            continue
        saved = answer.headers.get("content-disposition", "").startswith("attachment")
        if saved or "text/html" not in answer.headers.get("content-type", ""):
            crawled.documents[path] = answer
            continue
        crawled[path] = answer.text
        for element in Markup(answer.text).walk():
            address = element.attributes.get("href", "") if element.tag == "a" else ""
            address = address or element.attributes.get("hx-get", "") or _framed(element.tag, element.attributes)
            link = urldefrag(urljoin(path, address))[0] if address else ""
            if link.startswith("/") and not link.startswith(_AWAY) and link not in known:
                known.add(link)
                if not within or link.startswith(within):
                    waiting.append(link)
    return crawled


def fuzz(visitor: Visitor, found: FoundForm, strings: Iterable[str]) -> httpx.Response:
    """Send a form with one of these in each free field, and in the name of each file."""
    texts = iter(strings)
    said = {**found.form.values, **{name: next(texts) for name in found.free}}
    files = {name: (next(texts), f"{next(texts)},arm\n1,a\n".encode()) for name in found.files}
    return visitor.client.post(found.form.action, data=said, files=files or None)


def _framed(tag: str, attributes: dict[str, str]) -> str:
    return attributes.get("src", "") if tag == "iframe" else ""
