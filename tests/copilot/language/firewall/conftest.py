"""Makes the hostile corpus importable and turns its plain facts into records."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[4] / "evals"))
