"""Words as data: normal forms and harmless forms of text. No model, no network."""
