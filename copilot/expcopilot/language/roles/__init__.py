"""Who the model is asked to be: one file a role, one shape."""
