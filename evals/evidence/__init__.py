"""Pairs of claim and source with the right answer, honest and hostile, and a scorer."""
