"""Tables that stay in their warehouse: checked, treated and summed there; only aggregates come back."""
