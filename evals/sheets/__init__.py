"""Fact sheets of real and seeded experiments, as the copilot hands them to a model: what statements are tried on."""
