"""Across tests: repeated tests combined, many streams watched, A/A suites, one treated unit among many."""
