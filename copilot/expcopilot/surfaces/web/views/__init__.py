"""One file a view: what it shows, and which verbs of the api its forms call."""
