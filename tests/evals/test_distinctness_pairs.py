"""The measure of distance agrees with readers, on pairs it was not tuned on."""

from __future__ import annotations

import collections

import pytest
from evals_at_hand import at_hand

score = at_hand("distinctness.score")
