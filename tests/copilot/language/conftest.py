"""A folder of prompts for two roles, as small as can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from expcopilot.language.prompts import Prompts

SHARED = "variables:\n--- system-stable ---\n" + "Rules of the house. " * 200
SHARPENER = 'variables: idea\n--- system-stable ---\nYou sharpen.\n--- user ---\n{{ idea | fenced("idea") }}\n'
GUIDE = "variables: question\n--- system-stable ---\nYou guide.\n--- user ---\n{{ question }}\n"


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Prompts:
    """Prompts of a sharpener and a guide."""
    root: Path = tmp_path_factory.mktemp("prompts")
    for role, text in {"shared": SHARED, "sharpener": SHARPENER, "guide": GUIDE}.items():
        (root / role).mkdir()
        (root / role / "v1.md.j2").write_text(text, encoding="utf-8")
    return Prompts(root)
