"""The skeptic's ammunition: one file an attack. Each says what it looked at, its alarm level, and one plain sentence."""
