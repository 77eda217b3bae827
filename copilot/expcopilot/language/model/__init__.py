"""The door to a language model: one protocol, one file that speaks to a provider, one scripted model."""
