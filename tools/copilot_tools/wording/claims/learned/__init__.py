"""The second reader: a small linear model over words, figures and what the rules found, with its weights in a file."""
