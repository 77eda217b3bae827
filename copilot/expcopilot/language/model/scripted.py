"""A model that answers from a script: for tests, examples and demonstrations. Deterministic, and never a network."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence

from expcopilot.language.model.failures import failed
from expcopilot.language.model.protocol import Answer, ModelFailed, Request
from expcopilot.records.answer import Usage

__all__ = ["Line", "ScriptedModel"]

Line = str | Answer | ModelFailed
"""One answer of a script: its text, the whole answer, or the failure to raise."""


class ScriptedModel:
    """A ``Model`` that says what it is told to.

    Args:
        answers: Role -> its answers in order, or a function from the request to the answer. A list begins anew in each
            process; where a run may be resumed in another, give a function.
        name: Its name.

    Attributes:
        requests: Everything it was asked, in order.

    Example:
        >>> from expcopilot.language.model.protocol import Message
        >>> model = ScriptedModel({"guide": ["Hello."]})
        >>> asked = Request(role="guide", system=(), messages=(Message(speaker="user", text="Hi"),))
        >>> model.answer(asked).text
        'Hello.'
        >>> model.answer(asked)
        Traceback (most recent call last):
        ...
        expcopilot.language.model.protocol.ModelFailed: The script has no further answer for guide. ...
    """

    def __init__(
        self, answers: Mapping[str, Sequence[Line] | Callable[[Request], Line]], *, name: str = "scripted"
    ) -> None:
        self._answers = dict(answers)
        self._place = {role: itertools.count() for role in answers}
        self._lock = threading.Lock()
        self._name = name
        self.requests: list[Request] = []

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """The script's next answer for the request's role.

        Raises:
            ModelFailed: "malformed" when the script has none; or the failure the script names.
        """
        with self._lock:
            self.requests.append(request)
            script = self._answers.get(request.role, ())
            line = script(request) if callable(script) else self._next(request.role, script)
        if isinstance(line, ModelFailed):
            raise line
        answer = line if isinstance(line, Answer) else self._said(request, line)
        if on_text:
            for piece in re.findall(r"\S+\s*|\s+", answer.text):
                on_text(piece)
        return answer

    def _next(self, role: str, script: Sequence[Line]) -> Line:
        place = next(self._place[role]) if role in self._place else 0
        if place >= len(script):
            raise failed(
                "malformed", "script_ended", f"The script has no further answer for {role}.", "Add one to the script."
            )
        return script[place]

    def _said(self, request: Request, text: str) -> Answer:
        # Four characters a token, so that costs and budgets have something to count.
        read = len(json.dumps(request.to_json(), ensure_ascii=False)) // 4
        usage = Usage(input_tokens=read, output_tokens=len(text) // 4 + 1)
        return Answer(text=text, stop="end", usage=usage, model=self._name)
