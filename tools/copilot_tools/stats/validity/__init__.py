"""The skeptic's ammunition: one file an attack. Each says what it looked at and its alarm level."""
