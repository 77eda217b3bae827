"""Pairs of copy that a reader called near or far, and how well the measure of distance agrees."""
