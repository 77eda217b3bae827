"""Commands as a person types them: a name with a blank, a quotation mark or an emoji in it stands in quotes."""

from __future__ import annotations

import shlex

__all__ = ["quoted", "typed"]


def typed(command: str, *names: str, options: str = "", experiment: str = "") -> str:
    """A command with names, which may be anything a file or a person called them.

    Args:
        command: Such as "mark".
        names: Its arguments, in order.
        options: As they are typed.
        experiment: Where it must be said whose copy is meant.

    Example:
        >>> print(typed("export", "spring sale", options="--format csv", experiment="season"))
        expcopilot export --experiment season "spring sale" --format csv
        >>> print(typed("export", "-5%", options="--format csv"))
        expcopilot export --format csv -- -5%
    """
    whose = ["--experiment", quoted(experiment)] if experiment else []
    words, last = [quoted(name) for name in names], [options] if options else []
    # A name that begins with a hyphen would be read as an option, unless it comes after all of them.
    hyphen = any(name.startswith("-") for name in names)
    return " ".join(["expcopilot", command, *whose, *([*last, "--", *words] if hyphen else [*words, *last])])


def quoted(name: str) -> str:
    """One word as it is typed: in quotes where it holds more than plain letters."""
    plain = shlex.quote(name)
    if plain == name or any(sign in name for sign in '"$`\\!'):
        return plain
    return f'"{name}"'
