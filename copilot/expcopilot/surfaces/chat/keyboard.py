"""What a person types: lines with history, completion and pasted paragraphs; answers to gates apart from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from copilot_tools.wording.plain import visible
from expcopilot.surfaces.slash import SLASH, quoted

__all__ = ["HISTORY", "Keyboard", "SlashCompleter"]

HISTORY = "chat-history"
"""File in the workspace that keeps what was typed, so that the arrow keys find it again."""


class Keyboard:
    """The terminal's keyboard.

    Lines go through a session with history and completion. What answers a gate goes through another one without
    history, so that no arrow key brings back an old "y".
    """

    def __init__(self, folder: Path, experiments: Callable[[], Iterable[str]]) -> None:
        self._lines: PromptSession[str] = PromptSession(
            history=FileHistory(str(folder / HISTORY)),
            completer=SlashCompleter(experiments),
            complete_while_typing=True,
            key_bindings=_keys(),
            input_processors=[_Inert()],
        )
        self._answers: PromptSession[str] = PromptSession(
            completer=SlashCompleter(experiments), input_processors=[_Inert()]
        )

    def line(self, label: str) -> str:
        """One line (or pasted paragraph) of the conversation.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D on an empty line.
        """
        return self._lines.prompt(f"{label}> ")

    def answer(self, label: str) -> str:
        """One answer to a gate; raises like ``line``."""
        return self._answers.prompt(f"{label}> ")


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


class _Inert(Processor):
    """Shows what was typed or pasted character by character, the hidden ones as U+FFFD: none turns a line around."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        shown: StyleAndTextTuples = [
            (style, "".join(c if c.isspace() else visible(c) for c in text))
            for style, text, *_ in transformation_input.fragments
        ]
        return Transformation(shown)


class SlashCompleter(Completer):
    """Completes the commands, then what the command takes: a file's path, an experiment, a command."""

    def __init__(self, experiments: Callable[[], Iterable[str]]) -> None:
        self._experiments = experiments
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What could stand at the cursor; nothing in free text."""
        typed = document.text_before_cursor
        if not typed.startswith("/"):
            return
        name, space, rest = typed[1:].partition(" ")
        if not space:
            for command, slash in SLASH.items():
                if command.startswith(name.lower()):
                    yield Completion(f"/{command}", start_position=-len(typed), display_meta=slash.help)
            return
        takes = SLASH[name].takes if name in SLASH else ""
        if takes == "file":
            yield from self._files(rest, complete_event)
        elif takes:
            for choice in self._experiments() if takes == "experiment" else SLASH:
                if choice.startswith(rest):
                    yield Completion(choice, start_position=-len(rest), display=visible(choice))

    def _files(self, rest: str, event: CompleteEvent) -> Iterable[Completion]:
        """Paths for the word at the cursor; one with blanks in it comes back in quotation marks."""
        opened = max((i for i, c in enumerate(rest) if c in "\"'" and rest[:i].count(c) % 2 == 0), default=-1)
        open_quote = opened >= 0 and rest[opened:].count(rest[opened]) % 2 == 1
        word = rest[opened + 1 :] if open_quote else rest.rpartition(" ")[2]
        length = len(word) + (1 if open_quote else 0)
        for found in self._paths.get_completions(Document(word, len(word)), event):
            whole = word[: len(word) + found.start_position] + found.text
            folder = found.display_text.endswith("/")
            path = f"{whole}/" if folder else whole
            text = f'"{path}' if folder and quoted(path) != path else quoted(path)
            yield Completion(text, start_position=-length, display=visible(found.display_text))
