"""The evals' modules, for tests: found through the path that conftest adds."""

from __future__ import annotations

import sys
from pathlib import Path

if (evals := str(Path(__file__).resolve().parents[2] / "evals")) not in sys.path:
    sys.path.append(evals)

import prompt_cache.__main__ as prompt_cache_main
from claims import examples as claims_examples
from claims import fitting as claims_fitting
from claims import labelled as claims_labelled
from claims import score as claims_score
from claims import train as claims_train
from distinctness import score as distinctness_score
from evidence import score as evidence_score
from honest import measure as honest_measure
from local_model import guarantees, journey, report, small_model
from prompt_cache import shares

__all__ = [
    "claims_examples",
    "claims_fitting",
    "claims_labelled",
    "claims_score",
    "claims_train",
    "distinctness_score",
    "evidence_score",
    "guarantees",
    "honest_measure",
    "journey",
    "prompt_cache_main",
    "report",
    "shares",
    "small_model",
]
