"""An export killed around its record: no file is there that no record names, and the same command finishes it."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys

import pytest

from expcopilot.api import Copilot
from writing import brief, seen, variant, written

_DRIVER = """
import os, signal, sys
from expcopilot.api import Copilot

copilot = Copilot.open(sys.argv[1])
append_if = copilot.ledger.append_if

def killed(head, *drafts):
    if sys.argv[2] == "after":
        append_if(head, *drafts)
    os.kill(os.getpid(), signal.SIGKILL)

copilot.ledger.append_if = killed
copilot.export("spring", "csv")
"""


@pytest.mark.parametrize(("moment", "recorded"), [("before", 0), ("after", 1)])
def test_what_has_a_name_is_on_record(workspace, moment, recorded):
    """Killed before the record there is neither file nor record; after it a record, and the next brings the file."""
    copilot = Copilot(workspace, workspace.ledger)
    written(copilot, "v1")
    copilot.approve_variant("spring", "v1", seen(copilot, "v1"))
    done = subprocess.run([sys.executable, "-c", _DRIVER, str(workspace.folder), moment], check=False)
    assert done.returncode == -signal.SIGKILL
    folder = workspace.folder / "handover" / "spring"
    assert [p.name for p in folder.iterdir() if not p.name.startswith(".")] == []
    assert len([e for e in copilot.ledger.entries("spring") if e.kind == "exported"]) == recorded
    handed = copilot.export("spring", "csv")
    ((name, digest),) = handed.record.files
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert copilot.verify().sound


def test_one_brief_in_two_experiments_has_two_folders(workspace):
    """What was handed over for one is not overwritten by the other."""
    copilot = Copilot(workspace, workspace.ledger)
    for season in ("autumn", "winter"):
        copilot.import_variants(brief(id="same", experiment=season), [variant("v1", brief="same")], model=None)
        digest = seen(copilot, "v1", "same", season)
        copilot.approve_variant("same", "v1", digest, experiment=season, reason=f"Good for {season}")
        copilot.export("same", "csv", experiment=season)
    files = sorted(p.relative_to(workspace.folder) for p in (workspace.folder / "handover").rglob("*.csv"))
    assert [p.parent.as_posix() for p in files] == ["handover/autumn/same", "handover/winter/same"]
    assert [p.name.partition("-")[0] for p in files] == ["autumn_same", "winter_same"]
    for path, season in zip(files, ("autumn", "winter"), strict=True):
        assert f'"{season}"' in (workspace.folder / path).read_text()
