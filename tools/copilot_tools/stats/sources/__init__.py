"""One scan of any source of data -> Evidence. Everything after is small arithmetic."""
