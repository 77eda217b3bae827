"""One file a stage of the flow: (Experiment, input) -> drafts of ledger entries."""
