"""What to do where something a test needs is not there: skip with the reason, but never where it was promised."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["absent"]


def absent(reason: str, *, promised: bool) -> NoReturn:
    """Skip; under continuous integration (``CI=true``) fail instead, if what is absent was promised to be there.

    Args:
        reason: What is absent, and how to provide it.
        promised: Whether a machine that runs every test has it.
    """
    if promised and os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(reason)
    pytest.skip(reason)
