"""The verbs, from Python: what the command line, the page and the assistants call.

Example:
    >>> import tempfile
    >>> from expcopilot import Copilot
    >>> copilot = Copilot.init(tempfile.mkdtemp(), person="Ada")
    >>> copilot.experiments()
    ()
"""

from __future__ import annotations

from expcopilot.api.batching import Batching
from expcopilot.api.copy_deciding import CopyDeciding
from expcopilot.api.copywriting import Copywriting
from expcopilot.api.looking import Looking
from expcopilot.api.moving import Moving
from expcopilot.api.planning import Planning
from expcopilot.api.reporting import Reporting

__all__ = ["Copilot"]


class Copilot(Planning, Looking, Reporting, Moving, Copywriting, CopyDeciding, Batching):
    """One workspace's experiments and the verbs on them. Every verb is counted in the ledger, refusals too."""
