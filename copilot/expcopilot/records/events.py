"""What the payloads of ledger entries are, one record a kind."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from expcopilot.records.plan import Plan
from expcopilot.records.prose import CheckedProse

__all__ = ["Amendment", "Closing", "ReadoutMade", "RefusedCommand", "Registration", "Said", "Survey", "Written"]


class Registration(Frozen):
    """A plan was frozen.

    Attributes:
        plan: The plan.
        digest: Its digest.
        post_hoc: Why it counts as registered after the fact, or "".
    """

    plan: Plan
    digest: str
    post_hoc: str = ""


class Amendment(Frozen):
    """A registered plan was changed, in the open.

    Attributes:
        plan: The plan as it stands now.
        digest: Its digest.
        reason: Why, in the words of whoever changed it.
        changed: Dotted names of the fields that changed.
        after_outcomes: Whether outcomes had been seen: then the reading becomes post hoc.
    """

    plan: Plan
    digest: str
    reason: str
    changed: tuple[str, ...]
    after_outcomes: bool


class Closing(Frozen):
    """The experiment was closed: nothing more is read.

    Attributes:
        early: Before the committed end.
        reason: Why.
    """

    early: bool
    reason: str


class RefusedCommand(Frozen):
    """A command was refused, and why."""

    command: str
    refusals: tuple[Refusal, ...]


class ReadoutMade(Frozen):
    """A readout left the house.

    Attributes:
        look: Number of the look it reports.
        digest: Of the readout's JSON document.
        files: File names written, without folders.
    """

    look: int
    digest: str
    files: tuple[str, ...]


class Survey(Frozen):
    """Many experiments in one file were read at once, without a plan.

    Attributes:
        source: Name of the file.
        digest: Its SHA-256.
        by: Column that tells the experiments apart.
        tests: How many experiments were read.
        metric: What was read.
    """

    source: str
    digest: str
    by: str
    tests: int
    metric: str


class Said(Frozen):
    """One turn of a conversation, as it stood on the screen.

    Attributes:
        turn: Which turn of the conversation; what belongs to one move shares it.
        speaker: "person", "code", or the role whose words passed the firewall.
        text: What was said.
        prose: The part of it in a role's own words, as the firewall let it pass; "" where code said it all.
    """

    turn: str
    speaker: str
    text: str
    prose: str = ""


class Written(Frozen):
    """Prose for the readout of one look; the last one written for a look stands on its readout.

    Attributes:
        look: Number of the look.
        prose: What each role wrote, after the firewall.
        without: Why there is no prose though a model was to write it, one plain sentence; "" otherwise.
    """

    look: int
    prose: tuple[CheckedProse, ...] = ()
    without: str = ""
