"""The suite's modules, for tests; apart from ``evals_at_hand``, because Inspect takes seconds to import."""

from __future__ import annotations

import sys
from pathlib import Path

if (evals := str(Path(__file__).resolve().parents[2] / "evals")) not in sys.path:
    sys.path.append(evals)

from suite import __main__ as suite_main
from suite import case as suite_case
from suite import choice as suite_choice
from suite import command as suite_command
from suite import costs as suite_costs
from suite import inspecting as suite_inspecting
from suite import kept as suite_kept
from suite import pages as suite_pages
from suite import plots as suite_plots
from suite import purse as suite_purse
from suite import registry as suite_registry
from suite import report as suite_report
from suite import results as suite_results
from suite import speakers as suite_speakers
from suite import task as suite_task
from suite import through as suite_through
from suite import working as suite_working
from suite import workspaces as suite_workspaces

__all__ = [
    "suite_case",
    "suite_choice",
    "suite_command",
    "suite_costs",
    "suite_inspecting",
    "suite_kept",
    "suite_main",
    "suite_pages",
    "suite_plots",
    "suite_purse",
    "suite_registry",
    "suite_report",
    "suite_results",
    "suite_speakers",
    "suite_task",
    "suite_through",
    "suite_working",
    "suite_workspaces",
]
