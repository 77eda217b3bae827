"""A file taken into the source library: copied once, described in ``sources.toml``, its text's digest kept."""

from __future__ import annotations

import os
import secrets
import tomllib
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.wording.quotes import find_quotation
from expcopilot.memory.source_cards import CARD_FILE, Card, card_from, front_matter, load_cards, render_card
from expcopilot.memory.source_text import read_source
from expcopilot.memory.sources import text_digest
from expcopilot.memory.whole_file import write_whole

__all__ = ["add_source"]

_HEADER = """\
# What is known about each source: who answers for it, what it is, until when it counts, what may be used of it.
"""


def add_source(folder: Path, file: Path, said: dict[str, Any]) -> str:
    """Take ``file`` into the library in ``folder`` and keep what is said about it; again, to confirm a changed text.

    A file elsewhere is copied in, never over another. What was said before and is not said again is kept.

    Args:
        folder: The folder of sources; made when absent.
        file: The file, inside the folder or elsewhere.
        said: Fields of a card, as plain data.

    Returns:
        The source's name in the folder.

    Raises:
        Refused: The file cannot be a source, or what is said cannot be understood; every problem of the card.
            ``source.exists``, ``source.fact_not_verbatim``, ``source.has_front_matter``, ``source.cannot_write``.
    """
    if file.is_symlink():
        raise _refused("outside", file, "is a link", "Name the file itself.")
    inside = file.resolve().is_relative_to(folder.resolve())
    name = file.resolve().relative_to(folder.resolve()).as_posix() if inside else file.name
    if not file.is_file():
        raise _refused("no_file", file, "is not there", "Check the path.")
    text = read_source(file, name)
    if file.suffix.lower() in {".md", ".markdown", ".txt"} and front_matter(text, name)[0] is not None:
        raise _refused(
            "has_front_matter",
            file,
            "says about itself who answers for it, in its front matter",
            "Put it into the folder `sources` as it is, and change its front matter there.",
        )
    if not inside and (folder / name).exists() and not _same(file, folder / name):
        raise _refused(
            "exists", file, "has the name of another source", "Give it another name, or remove the one that is there."
        )
    cards = load_cards(folder / CARD_FILE)
    before: dict[str, Any] = cards[name] if isinstance(cards.get(name), dict) else {}
    merged = {
        **before,
        **said,
        "facts": {**before.get("facts", {}), **said.get("facts", {})},
        "digest": text_digest(text),
    }
    card = card_from(merged, f"What is said about {name!r}")
    absent = [fact for fact, quotation in card.facts.items() if not find_quotation(quotation, text)]
    if absent:
        raise Refused(
            *(
                Refusal(
                    code="source.fact_not_verbatim",
                    reason=f"The fact {fact!r} does not stand in {name!r} word for word.",
                    cure="Copy it from the file; white space aside, every character counts.",
                    name=fact,
                    value=card.facts[fact][:80],
                )
                for fact in absent
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not inside:
            _copy(file, folder / name)
        _keep(folder / CARD_FILE, name, card, cards)
    except OSError as error:
        raise _refused(
            "cannot_write", file, f"cannot be added: {error.strerror or error}", "Choose a folder you may write to."
        ) from error
    return name


def _refused(code: str, file: Path, problem: str, cure: str) -> Refused:
    return Refused.because(f"source.{code}", f"{file.name!r} {problem}.", cure, name="source", value=str(file))


def _same(file: Path, other: Path) -> bool:
    return other.is_file() and not other.is_symlink() and other.read_bytes() == file.read_bytes()


def _copy(file: Path, to: Path) -> None:
    """Copy whole or not at all; the same bytes under that name already are no conflict."""
    if to.exists() and _same(file, to):
        return
    data = file.read_bytes()
    beside = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.link(beside, to)
    finally:
        beside.unlink(missing_ok=True)


def _keep(path: Path, name: str, card: Card, cards: dict[str, Any]) -> None:
    """A new table goes to the end, so that comments stay; a changed one means the file is written anew."""
    new = render_card(name, card)
    if name not in cards:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else _HEADER
        joined = text.rstrip("\n") + "\n\n" + new
    else:
        others = {key: value for key, value in cards.items() if key != name}
        joined = "\n".join([_HEADER, *(render_card(key, card_from(v, key)) for key, v in others.items()), new])
    tomllib.loads(joined)  # what is written can be read
    write_whole(path, joined)
