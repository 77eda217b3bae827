"""Everything about the model's words: what it is asked, and what of its answer may reach a reader."""
