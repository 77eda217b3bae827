"""The evals' modules, for tests: found through the path that conftest adds."""

from __future__ import annotations

import sys
from pathlib import Path

if (evals := str(Path(__file__).resolve().parents[2] / "evals")) not in sys.path:
    sys.path.append(evals)

import prompt_cache.__main__ as prompt_cache_main
from claims import labelled as claims_labelled
from claims import score as claims_score
from distinctness import score as distinctness_score
from honest import measure as honest_measure
from local_model import guarantees, journey, report, small_model
from prompt_cache import shares

__all__ = [
    "claims_labelled",
    "claims_score",
    "distinctness_score",
    "guarantees",
    "honest_measure",
    "journey",
    "prompt_cache_main",
    "report",
    "shares",
    "small_model",
]
