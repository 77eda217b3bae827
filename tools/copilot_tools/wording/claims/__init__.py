"""The claim scanner: every sentence gets a mark, every claim its place, by rules that are data."""
