"""What the tasks about copy share: sources on a shelf, a person in a hurry, copy read by lists of the evals' own."""

from __future__ import annotations
