"""The evals' modules, for tests: found through the path that conftest adds."""

from __future__ import annotations

import sys
from pathlib import Path

if (evals := str(Path(__file__).resolve().parents[2] / "evals")) not in sys.path:
    sys.path.append(evals)

import prompt_cache.__main__ as prompt_cache_main
from local_model import guarantees, journey, report, small_model
from prompt_cache import shares

__all__ = ["guarantees", "journey", "prompt_cache_main", "report", "shares", "small_model"]
