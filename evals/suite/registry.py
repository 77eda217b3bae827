"""Every task, once, in the order of the report."""

from __future__ import annotations

from typing import Any

from claims.task import TASK as CLAIMS
from conversation.task import TASK as CONVERSATION
from flattery.task import TASK as FLATTERY
from grounding.task import TASK as GROUNDING
from injection.task import TASK as INJECTION
from sharpener.task import TASK as SHARPENER
from skeptic.task import TASK as SKEPTIC
from variants.task import TASK as VARIANTS

from suite.task import Task

__all__ = ["TASKS"]

TASKS: tuple[Task[Any], ...] = (FLATTERY, GROUNDING, SKEPTIC, CONVERSATION, SHARPENER, INJECTION, CLAIMS, VARIANTS)
