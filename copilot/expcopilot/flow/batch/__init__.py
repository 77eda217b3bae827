"""Many briefs, one run: rows in, requests side by side or in batches, rows out, whatever happens on the way."""
