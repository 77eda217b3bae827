"""A source's file as text: Markdown, plain text, HTML, PDF and CSV, the same text each time, or a typed refusal.

Markdown and plain text are their own text, after the front matter. HTML is its visible text, a line a block. PDF is
what pypdf reads, ligatures as their letters, a form feed between pages. CSV is a line a row, each cell after its
column's name: "plan: Pro; price: €29". Nothing is run, fetched or guessed.
"""

from __future__ import annotations

import csv
import io
import logging
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

from copilot_tools.refusals import Refused

__all__ = ["ENDINGS", "MOST_BYTES", "MOST_PAGES", "MOST_TEXT", "read_source"]

ENDINGS = (".md", ".markdown", ".txt", ".html", ".htm", ".pdf", ".csv")
MOST_BYTES = 20_000_000
"""Largest file that is read."""
MOST_TEXT = 2_000_000
"""Most code points of text a source may hold."""
MOST_PAGES = 1_000
"""Most pages of a PDF."""


def read_source(path: Path, name: str) -> str:
    """The text of a source's file, front matter included.

    Args:
        path: The file; the caller has made sure that it lies where it should.
        name: What messages call it.

    Raises:
        Refused: ``source.unknown_format``, ``source.too_large``, ``source.unreadable``, ``source.not_text``,
            ``source.encrypted``, ``source.broken_pdf`` or ``source.empty``.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise _refused(
            name,
            "unknown_format",
            f"ends in {ending!r}, which no source does",
            f"Save it as one of {', '.join(ENDINGS)}.",
        )
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise _refused(
            name, "unreadable", f"cannot be read: {error.strerror or error}", "Make sure it is a file you may read."
        ) from error
    if size > MOST_BYTES:
        raise _refused(
            name,
            "too_large",
            f"has {size:,} bytes; at most {MOST_BYTES:,}",
            "Keep the part that is quoted as a source.",
        )
    if ending == ".pdf":
        text = _pdf(data, name)
    else:
        text = _decoded(data, name)
        text = _html(text) if ending in {".html", ".htm"} else _csv(text, name) if ending == ".csv" else text
    if len(text) > MOST_TEXT:
        raise _refused(
            name,
            "too_large",
            f"holds {len(text):,} characters of text; at most {MOST_TEXT:,}",
            "Keep the part that is quoted as a source.",
        )
    if not text.strip():
        cure = "A scanned PDF holds pictures of text: add the text itself." if ending == ".pdf" else "Add its text."
        raise _refused(name, "empty", "holds no text", cure)
    return text


def _refused(name: str, code: str, problem: str, cure: str) -> Refused:
    return Refused.because(f"source.{code}", f"The source {name!r} {problem}.", cure, name="source", value=name)


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, "not_text", f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8.") from None
    if "\0" in text:
        raise _refused(name, "not_text", "holds zero bytes, so it is no text", "Save it as UTF-8 text.")
    return text


_HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg", "iframe", "object"})
_STRUCK = frozenset({"del", "s", "strike"})  # taken back by whoever wrote it
_UNSEEN = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|text-decoration[a-z-]*:[^;]*line-through|opacity:0(?:\.0*)?(?:[;%]|$)"
    r"|font-size:0(?:\.0*)?(?:[a-z%]*)(?:;|$)"
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "wbr",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        style = re.sub(r"\s", "", names.get("style") or "").lower()
        unseen = tag in _HIDDEN or tag in _STRUCK or "hidden" in names or _UNSEEN.search(style) is not None
        if tag not in _VOID and (self.hidden or unseen):
            if unseen or tag == self.hidden[-1]:
                self.hidden.append(tag)
        elif tag not in _INLINE:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            if tag == self.hidden[-1]:
                self.hidden.pop()
        elif tag not in _INLINE:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.said.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def _html(text: str) -> str:
    """What a reader sees: what is hidden from them carries no claim."""
    parser = _Visible()
    parser.feed(text)
    parser.close()
    lines = (line.strip(" ") for line in re.sub(r" +", " ", "".join(parser.said)).split("\n"))
    return "\n".join(line for line in lines if line)


def _csv(text: str, name: str) -> str:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _refused(name, "not_text", f"is no CSV: {error}", "Check its quotation marks.") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return ""
    header, *body = rows
    lines = []
    for row in body:
        titles = [*header, *[""] * (len(row) - len(header))]
        cells = [(t.strip(), c.strip()) for t, c in zip(titles, row, strict=False) if c.strip()]
        lines.append("; ".join(f"{title}: {cell}" if title else cell for title, cell in cells))
    return "\n".join(lines or ["; ".join(header)])


# Shapes a typesetter's program chose, not characters anybody wrote.
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


def _pdf(data: bytes, name: str) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 - only where there is a PDF
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong with a file is said once, by us
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = PdfReader(io.BytesIO(data))
            if reader.is_encrypted:
                raise _refused(name, "encrypted", "is an encrypted PDF", "Save it without a password.")
            if len(reader.pages) > MOST_PAGES:
                raise _refused(
                    name,
                    "too_large",
                    f"has {len(reader.pages):,} pages; at most {MOST_PAGES:,}",
                    "Keep the pages that are quoted as a source.",
                )
            pages, length = [], 0
            for page in reader.pages:
                pages.append(page.extract_text())
                length += len(pages[-1])
                if length > MOST_TEXT:
                    break
    except Refused:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, OSError,
            RecursionError, AssertionError, NotImplementedError, MemoryError) as error:  # fmt: skip
        # A file from strangers breaks a parser in any way it can; each way is the same answer.
        raise _refused(
            name, "broken_pdf", f"is no PDF that can be read ({type(error).__name__})", "Save or print it as PDF anew."
        ) from error
    return "\f".join(pages).translate(_LIGATURES)
