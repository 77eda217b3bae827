"""What a conversation holds while it runs: the workspace, the experiment talked about, the gate that waits."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from copilot_tools.refusals import Refused
from copilot_tools.wording.plain import visible
from expcopilot.api import Copilot
from expcopilot.flow import gates
from expcopilot.records.experiment import Experiment
from expcopilot.surfaces.chat.keyboard import Keyboard
from expcopilot.surfaces.chat.speaker import Reply
from expcopilot.surfaces.slash import quoted

if TYPE_CHECKING:
    from expcopilot.flow.graph import Lifecycle, Waiting

__all__ = ["Room"]


class Room:
    """One conversation.

    Attributes:
        copilot: The workspace.
        reply: Who answers free text.
        keyboard: What a person types.
        experiment: The one talked about, or None.
        waiting: The gate that stands open in it, or None.
    """

    def __init__(self, copilot: Copilot, reply: Reply) -> None:
        self.copilot = copilot
        self.reply = reply
        self.experiment: str | None = None
        self.waiting: Waiting | None = None
        self.keyboard = Keyboard(copilot.workspace.folder, copilot.ledger.experiments)
        self._open = ExitStack()
        self._lifecycle: Lifecycle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def lifecycle(self) -> Lifecycle:
        """The graph of moves and gates, opened when it is first needed: that takes two seconds."""
        if self._lifecycle is None:
            self._lifecycle = self._open.enter_context(self.copilot.lifecycle())
        return self._lifecycle

    @property
    def label(self) -> str:
        """What stands before the cursor."""
        if self.waiting is not None:
            return f"{visible(self.experiment or '')} · y / n / e "
        return f"{visible(self.experiment)} " if self.experiment else ""

    @property
    def name(self) -> str:
        """The experiment talked about.

        Raises:
            Refused: None is.
        """
        if self.experiment is None:
            raise Refused.because(
                "chat.no_experiment",
                "No experiment is talked about yet.",
                "Start one with /new, or choose one with /use NAME (/experiments lists them).",
                name="experiment",
            )
        return self.experiment

    def state(self, name: str | None = None) -> Experiment:
        """An experiment as the ledger tells it now; one without entries is still an idea."""
        wanted = name or self.name
        return Experiment.fold(wanted, self.copilot.ledger.entries(wanted))

    def enter(self, name: str) -> None:
        """Talk about an experiment, and go on with whatever was left open in it.

        Raises:
            Refused: The turn that was left open is refused now; it is over then.
        """
        self.experiment, self.waiting = name, None
        checkpoints = (self.copilot.workspace.folder / "conversations.sqlite").exists()
        if checkpoints or gates.pending(self.state()) is not None:
            self.waiting = self.lifecycle.resume(name)

    def refresh(self) -> None:
        """Look again at what waits: another terminal may have answered."""
        if self.experiment is not None:
            pending = gates.pending(self.state())
            self.waiting = None if pending is None else self.lifecycle.resume(self.experiment)

    def begin(self, typed: str) -> str:
        """Record what a person said, and return the turn's name."""
        turn = uuid.uuid4().hex[:12]
        self.copilot.say(self.experiment or "", turn, "person", typed)
        return turn

    def answered(self, turn: str, text: str, *, speaker: str = "code", prose: str = "") -> None:
        """Record what was answered."""
        if text:
            self.copilot.say(self.experiment or "", turn, speaker, text, prose)

    # --- plan files ---------------------------------------------------------------------------------------------

    def plan_file(self, typed: str) -> Path:
        """The plan file a person means: the one they typed, else the one named after the experiment.

        Raises:
            Refused: Neither is there.
        """
        if typed:
            return Path(typed).expanduser()
        path = self.copilot.workspace.plans / f"{self.name}.yaml"
        if not path.exists():
            raise Refused.because(
                "chat.no_plan_file",
                f"There is no plan file {path.name!r} among this workspace's plans.",
                "Name the file, or make a plan with /new.",
                name="plan",
                value=str(path),
            )
        return path

    def remembered(self, path: Path) -> str:
        """A path as it is kept on record: from the workspace on where it lies inside."""
        whole, folder = path.resolve(), self.copilot.workspace.folder
        return quoted(str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole))

    def recalled(self, kept: str) -> Path:
        """The path behind what was kept."""
        return self.copilot.workspace.folder / kept
