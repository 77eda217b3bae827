"""The page: a board of experiments, each with its conversation beside its record. Holds no logic: the api decides."""
