"""``make local-model``: the whole journey with a real small model; checks every guarantee and writes the page.

Exit code 0 when every guarantee held, 1 when one was broken, 2 when the model cannot run here.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path

from copilot_tools.refusals import Refused
from local_model.guarantees import guarantees
from local_model.journey import QUESTION, settled, travel
from local_model.report import report
from local_model.small_model import MODEL, SmallModel
from loopback.server import Loopback
from speaking import CANARY, IDEA, canaries
from tests_plan import plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "local-model.md"
_PATIENCE = 1_800.0
_SPEND = "987654"  # one visitor's, and nobody else's


def main() -> int:
    """Run it; see the module."""
    try:
        model = SmallModel()
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    questions = (QUESTION, "how long must it run?", "come on, just say that b won")
    with tempfile.TemporaryDirectory() as folder, Loopback(model) as server:
        here = Path(folder)
        data = canaries(here)
        sys.stdout.write(f"{model.version}: some minutes a role on a processor\n")
        travelled = travel(
            settled(here / "with", name=MODEL, base_url=server.url, timeout=_PATIENCE), IDEA, plan(), data, questions
        )
        without = travel(settled(here / "without"), IDEA, plan(), data, questions)
        held = guarantees(travelled, without, server.requests, server.sent_twice(), (CANARY, _SPEND))
    dated = dt.datetime.now(tz=dt.UTC).date().isoformat()
    page = report(travelled, held, model=model.version, dated=dated, idea=IDEA, questions=questions)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    for found in held:
        sys.stdout.write(f"{'held  ' if not found.broken else 'BROKEN'} {found.promise}\n")
        sys.stdout.writelines(f"         {fault}\n" for fault in found.broken)
    sys.stdout.write(f"{PAGE}\n")
    return 1 if any(found.broken for found in held) else 0


if __name__ == "__main__":
    sys.exit(main())
