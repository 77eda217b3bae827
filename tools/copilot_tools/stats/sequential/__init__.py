"""Group-sequential designs: planned looks at a running test whose errors, taken together, stay as promised."""
