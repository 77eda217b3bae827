"""The verbs, from Python: what the command line, the page and the assistants call.

Example:
    >>> import tempfile
    >>> from expcopilot import Copilot
    >>> copilot = Copilot.init(tempfile.mkdtemp(), person="Ada")
    >>> copilot.experiments()
    ()
"""

from __future__ import annotations

from expcopilot.api.assisting import Assisting
from expcopilot.api.batch_runs import BatchRuns
from expcopilot.api.copies import Copies
from expcopilot.api.drafting import Drafting
from expcopilot.api.looking import Looking
from expcopilot.api.moving import Moving
from expcopilot.api.reporting import Reporting
from expcopilot.api.source_keeping import SourceKeeping

__all__ = ["Copilot"]


class Copilot(Drafting, Looking, Reporting, Assisting, Moving, Copies, BatchRuns, SourceKeeping):
    """One workspace's experiments and the verbs on them. Every verb is counted in the ledger, refusals too."""
