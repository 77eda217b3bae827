"""Deterministic tools: numbers, and words as data. No agent, no model, no state."""
