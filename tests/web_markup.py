"""HTML as a browser would read it, with the standard library's parser: elements, texts, forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Element", "Form", "Markup"]

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905


@dataclass
class Element:
    """One element; its text is that of everything in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def walk(self) -> Iterator[Element]:
        """It, and every element in it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements in it by tag and attributes; ``class_`` holds one of its classes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        one_of = wanted.pop("class", None)
        return [
            e
            for e in self.walk()
            if (not tag or e.tag == tag)
            and all(e.attributes.get(name) == value for name, value in wanted.items())
            and (one_of is None or one_of in e.attributes.get("class", "").split())
        ]


class Markup(Element):
    """A page, parsed."""

    def __init__(self, html: str) -> None:
        super().__init__("", {})
        reader = _Reader(self)
        reader.feed(html)
        reader.close()

    @property
    def visible(self) -> str:
        """Its text without style and script, blanks run together."""
        hidden = {id(e) for e in self.walk() if e.tag in {"style", "script", "template"}}

        def texts(element: Element) -> Iterator[str]:
            for child in element.children:
                if isinstance(child, str):
                    yield child
                elif id(child) not in hidden:
                    yield from texts(child)

        return " ".join(" ".join(texts(self)).split())

    @property
    def forms(self) -> list[Form]:
        return [Form(element) for element in self.all("form")]


class Form:
    """A form with what a browser would send if nobody touched it.

    Attributes:
        action: Where it goes; "" for the page itself.
        method: "get" or "post".
    """

    def __init__(self, element: Element) -> None:
        self.element = element
        self.action = element.attributes.get("action", "")
        self.method = element.attributes.get("method", "get").lower()

    @property
    def buttons(self) -> list[Element]:
        return [e for e in self.element.all("button") if e.attributes.get("type", "submit") == "submit"]

    @property
    def buttons_text(self) -> str:
        return " / ".join(" ".join(e.text.split()) for e in self.buttons)

    def pressed(self, text: str) -> dict[str, str]:
        """What the button that says this adds; the first one where no text is given."""
        for button in self.buttons:
            if text in " ".join(button.text.split()):
                name = button.attributes.get("name")
                return {name: button.attributes.get("value", "")} if name else {}
        return {}

    @property
    def values(self) -> dict[str, str | list[str]]:
        """Field -> value(s) as they stand; unticked boxes and files are left out, as browsers do."""
        sent: dict[str, list[str]] = {}
        for element in self.element.walk():
            name = element.attributes.get("name")
            if name and element.tag in {"input", "textarea", "select"} and "disabled" not in element.attributes:
                sent.setdefault(name, []).extend(_value(element))
        return {name: values[0] if len(values) == 1 else values for name, values in sent.items() if values}


def _value(element: Element) -> list[str]:
    kind = element.attributes.get("type", "text")
    if element.tag == "textarea":
        return [element.text.removeprefix("\n")]
    if element.tag == "select":
        options = element.all("option")
        chosen = [o for o in options if "selected" in o.attributes] or options[:1]
        return [o.attributes.get("value", o.text) for o in chosen]
    if kind in {"file", "submit", "button"} or (kind in {"radio", "checkbox"} and "checked" not in element.attributes):
        return []
    return [element.attributes.get("value", "on" if kind in {"radio", "checkbox"} else "")]


class _Reader(HTMLParser):
    def __init__(self, root: Element) -> None:
        super().__init__(convert_charrefs=True)
        self.at = root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in _VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        at: Element | None = self.at
        while at is not None and at.tag != tag:
            at = at.parent
        if at is not None and at.parent is not None:  # else an end tag of nothing: a browser passes over it
            self.at = at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)
