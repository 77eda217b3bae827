"""AI personalization and models under test: assignment audited, cohorts and versions held against each other."""
