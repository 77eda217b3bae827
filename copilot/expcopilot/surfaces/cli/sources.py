"""``expcopilot sources``: the evidence library: what is in it, who answers for it, what counts today."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from expcopilot.surfaces.cli.session import current, json_option, print_json

if TYPE_CHECKING:
    from expcopilot.memory.sources import Source, SourceLibrary

__all__ = ["command"]


@click.group("sources")
def command() -> None:
    """Keep the evidence for claims: studies, terms, price lists, notes, each with an owner and an expiry.

    A claim is sourced only when a quotation stands word for word in a source that counts today, and the claim's
    numbers stand in the quotation. Sources are files (Markdown, text, HTML, PDF, CSV) in the folder `sources`.

    \b
    Examples:
      expcopilot sources add survey.pdf --owner "Ada" --kind study --expires 2027-06-30
      expcopilot sources list
      expcopilot sources show survey
    """


def _library() -> SourceLibrary:
    return current().library()


@command.command("list")
@json_option
def list_sources(*, as_json: bool) -> None:
    """List all sources and whether each counts today.

    \b
    Example:
      expcopilot sources list --json
    """
    library = _library()
    counts: dict[str, int] = {}
    for fact in library.facts(purpose="hypothesis"):
        counts[fact.source] = counts.get(fact.source, 0) + 1
    if as_json:
        print_json([_data(s) | {"facts": counts.get(s.id, 0)} for s in library.sources])
        return
    from expcopilot.surfaces.cli import show

    if not library.sources:
        show.line("There are no sources yet.")
        show.next_steps([("Add one", "expcopilot sources add FILE --owner NAME --kind study --expires YYYY-MM-DD")])
        return
    out = show.console()
    columns = (
        ("Source", False),
        ("Kind", False),
        ("Owner", False),
        ("Until", False),
        ("Facts", True),
        ("Today", False),
    )
    out.print(show.table(columns, [_row(s, counts.get(s.id, 0)) for s in library.sources], width=out.width))
    if any(s.standing != "usable" for s in library.sources):
        show.next_steps([("Why one does not count", "expcopilot sources check")])


def _row(source: Source, facts: int) -> tuple[str, ...]:
    card = source.card
    until = card.expires.isoformat() if card and card.expires else "–"
    return (
        source.id,
        card.kind if card else "–",
        card.owner if card else "–",
        until,
        str(facts),
        source.standing,
    )


def _data(source: Source) -> dict[str, Any]:
    card = source.card
    return {
        "id": source.id,
        "file": source.file,
        "standing": source.standing,
        "kind": card.kind if card else None,
        "owner": card.owner if card else None,
        "title": card.title if card else "",
        "language": card.language if card else None,
        "expires": card.expires.isoformat() if card and card.expires else None,
        "digest": source.digest,
        "characters": source.characters,
        "problems": [p.to_json() for p in source.problems],
    }


@command.command("add")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--owner", help="Who answers for it; the person of the workspace when left out.")
@click.option("--kind", help='What it is: "study", "terms", "price list", "session-replay note", ...')
@click.option("--expires", metavar="YYYY-MM-DD", help="Last day on which it counts.")
@click.option("--title", help="What people call it.")
@click.option("--id", "source_id", help="A short name; of the file's name when left out.")
@click.option("--language", help="In which it is written: en, de, fr or es.")
@click.option(
    "--fact", "facts", multiple=True, metavar="NAME=QUOTATION", help="Words that may be used, as they stand there."
)
@json_option
def add(
    *,
    file: Path,
    owner: str | None,
    kind: str | None,
    expires: str | None,
    title: str | None,
    source_id: str | None,
    language: str | None,
    facts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Take FILE into the library; or confirm it after its text has changed; or renew it with a later --expires.

    What was said of it before and is not said again stays. Without a --fact, every sentence of the source that holds a
    number may be used in copy.

    \b
    Examples:
      expcopilot sources add survey.pdf --owner "Ada" --kind study --expires 2027-06-30
      expcopilot sources add terms.html --kind terms --fact "returns=Returns are free for 30 days."
    """
    typed = {"owner": owner, "kind": kind, "expires": expires, "title": title, "id": source_id, "language": language}
    said: dict[str, Any] = {key: value for key, value in typed.items() if value is not None}
    added = current().add_source(file, said | {"facts": dict(map(_fact, facts))})
    library = _library()
    usable = [fact for fact in library.facts(purpose="hypothesis") if fact.source == added.id]
    if as_json:
        print_json(_data(added) | {"facts": [fact.to_json() for fact in usable]})
        return
    from expcopilot.surfaces.cli import show

    show.line(f"{added.id}: {added.standing}; {added.characters:,} characters of text, {len(usable)} facts.")
    for problem in added.problems:
        show.line(str(problem), "yellow")
    if added.standing == "expired":
        renew = f"expcopilot sources add {quote(str(file))} --expires YYYY-MM-DD"
        show.next_steps([("Renew it, where its owner still stands by it", renew)])
    else:
        show.next_steps([("Read its text and facts", f"expcopilot sources show {added.id}")])


def _fact(given: str) -> tuple[str, str]:
    from copilot_tools.refusals import Refused

    name, equals, quotation = given.partition("=")
    if not equals or not quotation.strip():
        raise Refused.because(
            "source.bad_fact",
            f"{given!r} is no fact: it should be a name, =, and the words as they stand in the source.",
            'Write --fact "returns=Returns are free for 30 days."',
            name="fact",
            value=given[:80],
        )
    return name.strip(), quotation


@command.command("show")
@click.argument("name")
@json_option
def show_source(*, name: str, as_json: bool) -> None:
    """Show the source NAME: what is said about it, the facts that may be used, and its text as quotations see it.

    \b
    Example:
      expcopilot sources show survey
    """
    library = _library()
    source = library.find(name)
    facts = [fact for fact in library.facts(purpose="hypothesis") if fact.source == source.id]
    if as_json:
        print_json(_data(source) | {"facts": [f.to_json() for f in facts], "text": library.text(source.id)})
        return
    from expcopilot.surfaces.cli import show

    data = _data(source)
    pairs = [("File", source.file), ("Today", source.standing)]
    pairs += [(key.capitalize(), str(data[key])) for key in ("title", "kind", "owner", "expires") if data[key]]
    out = show.console()
    out.print(show.text(source.id, "bold"))
    out.print(show.facts(pairs))
    for problem in source.problems:
        show.line(str(problem), "yellow")
    if facts:
        show.heading("Facts")
        out.print(show.facts([(fact.id, fact.quotation) for fact in facts]))
    show.heading("Text")
    for row in library.text(source.id).splitlines():
        out.print(show.text(row), soft_wrap=True)


@command.command("check")
@json_option
def check(*, as_json: bool) -> None:
    """Name every source that does not count today, and why; exit code 2 while a declared one does not.

    Files nobody answers for are named, too, but stop nothing: data may lie in the folder.

    \b
    Example:
      expcopilot sources check
    """
    library = _library()
    wrong = [s for s in library.sources if s.problems]
    failing = [s for s in wrong if s.standing != "undeclared"]
    if as_json:
        print_json({"sound": not failing, "sources": [_data(s) for s in wrong]})
    else:
        from expcopilot.surfaces.cli import show

        show.line(
            f"{sum(s.standing == 'usable' for s in library.sources)} of {len(library.sources)} sources count today."
        )
        show.console().print(show.listed([str(p) for s in wrong for p in s.problems]))
    if failing:
        click.get_current_context().exit(2)
