"""The conversation in a terminal: slash commands that need no model, gates as questions, and free text for a model."""
