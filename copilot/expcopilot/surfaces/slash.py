"""The slash commands by name: what each is for, how it is typed, what completes it; and how a typed line is read."""

from __future__ import annotations

import difflib
import re
from typing import Literal, NamedTuple

from copilot_tools.refusals import Refused

__all__ = ["SLASH", "Line", "Slash", "no_command", "quoted", "read", "words"]

Stage = Literal["Talk", "Copy", "Before the data", "After the data", "Keep and check"]


class Slash(NamedTuple):
    """One slash command.

    Attributes:
        usage: What follows its name.
        help: One line.
        stage: When it is used.
        takes: What its words are, for completion.
        kept: Whether what was typed and answered belongs to the conversation on record.
    """

    usage: str
    help: str
    stage: Stage
    takes: Literal["", "file", "experiment", "command"] = ""
    kept: bool = False


SLASH: dict[str, Slash] = {
    "help": Slash("[COMMAND]", "These commands, or one of them with its options.", "Talk", "command"),
    "status": Slash("", "Where the experiment stands, what waits, the next step, the looks so far.", "Talk"),
    "experiments": Slash("", "All experiments of this workspace.", "Talk"),
    "ask": Slash("QUESTION", "Ask in your own words; so does a line without a slash.", "Talk"),
    "use": Slash("NAME", "Talk about another experiment.", "Talk", "experiment"),
    "sharpen": Slash("[IDEA]", "From an idea to a hypothesis: its holes as questions, then a gate.", "Before the data"),
    "new": Slash("", "Write a plan by five questions; an approved hypothesis answers its part.", "Before the data"),
    "variants": Slash(
        "[BRIEF]",
        "Variants from a brief, drafted or your own: distances, marks, what is open.",
        "Copy",
        "file",
        kept=True,
    ),
    "mark": Slash("VARIANT MARK ...", "Settle a claim or sentence: source it, waive it, tick it.", "Copy"),
    "approve": Slash("[VARIANT]", "Read each exact text and decide.", "Copy"),
    "export": Slash("[--format FORMAT]", "Hand approved copy over as files.", "Copy"),
    "size": Slash(
        "OPTIONS", "How many units and weeks; or how small an effect a list shows.", "Before the data", kept=True
    ),
    "plan": Slash("[NAME or PLAN]", "The plan as it stands, or a plan file.", "Before the data", "file"),
    "check": Slash("[PLAN]", "What a plan leaves open, as questions.", "Before the data", "file", kept=True),
    "register": Slash("[PLAN]", "Freeze a plan: shows its exact text and asks.", "Before the data", "file"),
    "amend": Slash(
        "PLAN REASON", "Change a registered plan in the open: shows the change and asks.", "Before the data", "file"
    ),
    "analyze": Slash(
        "DATA [--cut COLUMN]", "One look under the registered plan, counted.", "After the data", "file", kept=True
    ),
    "look": Slash(
        "DATA --metric COLUMN",
        "A quick look without a plan: exploratory, counted.",
        "After the data",
        "file",
        kept=True,
    ),
    "readout": Slash("[--brief]", "Show or write the readout of the last look.", "After the data", "file"),
    "why": Slash("", "Why the verdict is what it is, and what would change it.", "After the data", kept=True),
    "case": Slash("", "The strongest case that the result is noise.", "After the data", kept=True),
    "close": Slash("[--early REASON]", "Close the experiment, at its end or early with a reason.", "After the data"),
    "log": Slash("[all]", "Everything recorded, of this experiment or of the workspace.", "Keep and check"),
    "verify": Slash("", "Re-read and recompute everything; name any difference.", "Keep and check"),
    "cost": Slash("", "What the language model was used for, and what it cost.", "Keep and check"),
    "quit": Slash("", "Leave; nothing is lost. Ctrl-D does the same.", "Keep and check"),
}

_ALIASES = {"exit": "quit", "q": "quit", "h": "help", "?": "help"}

_WORD = re.compile(r"""(?P<key>[^\s"'=]+=)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')(?=\s|$)|(?P<plain>\S+)""")


class Line(NamedTuple):
    """A typed command: its name, and the rest as typed."""

    name: str
    rest: str


def read(typed: str) -> Line | None:
    """The command a line holds, or None for free text.

    Raises:
        Refused: It begins with a slash but is no command; the nearest one is named.

    Example:
        >>> read("/close --early it didn't load")
        Line(name='close', rest="--early it didn't load")
        >>> read("did B win?") is None
        True
    """
    typed = typed.strip()
    if not typed.startswith("/"):
        return None
    name, _, rest = typed[1:].partition(" ")
    name = _ALIASES.get(name.lower(), name.lower())
    if name in SLASH:
        return Line(name, rest.strip())
    raise Refused.because(
        "chat.unknown_command",
        f"There is no command /{name}.",
        f"{_meant(name)}/help lists them all.",
        name="command",
        value=name,
    )


def no_command(text: str, asked: str) -> str:
    """The answer as it was given, unless it is a command typed where something else is asked.

    Args:
        text: The answer.
        asked: What is asked for: "an idea".

    Raises:
        Refused: It begins with a slash, as no answer does; the nearest command is named.
    """
    if not text.startswith("/"):
        return text
    name = text[1:].partition(" ")[0].lower()
    known = _ALIASES.get(name, name) in SLASH
    raise Refused.because(
        "chat.command_as_answer",
        f"/{name} begins with a slash, so it is read as a command, and here {asked} is asked for. Nothing was done.",
        f"Type /{name} by itself." if known else f"{_meant(name)}Write {asked} without the slash.",
        name="command",
        value=name,
    )


def _meant(name: str) -> str:
    near = difflib.get_close_matches(name, SLASH, n=1, cutoff=0.5)
    return f"Did you mean /{near[0]}? " if near else ""


def words(rest: str) -> list[str]:
    r"""The words of a line; quotation marks hold one together, an apostrophe inside one is a letter.

    Example:
        >>> words("'my data.csv' --reason=\"it's late\" don't")
        ['my data.csv', "--reason=it's late", "don't"]
    """
    found = []
    for match in _WORD.finditer(rest):
        inside = match["double"] if match["double"] is not None else match["single"]
        found.append(match["plain"] if inside is None else (match["key"] or "") + inside)
    return found


def quoted(word: str) -> str:
    """A word as it must be typed to be read as one.

    Example:
        >>> quoted("my data.csv"), quoted("data.csv")
        ('"my data.csv"', 'data.csv')
    """
    if words(word) == [word]:
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'
