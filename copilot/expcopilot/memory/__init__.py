"""What lasts: the ledger, the workspace, the sources."""
