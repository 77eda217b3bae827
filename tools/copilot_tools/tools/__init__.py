"""The tools of the catalogue, by theme: thin wrappers from JSON arguments to the statistics. Light to import."""
