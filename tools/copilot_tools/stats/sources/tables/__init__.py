"""A file or frame in an engine: the formats, what a cell means, and where a file is badly written."""
