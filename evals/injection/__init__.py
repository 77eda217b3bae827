"""Instructions hidden in what is data: names, files, briefs, sources, copy, past tests, pasted words."""
