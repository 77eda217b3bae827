"""Which arm a unit falls into: a hash of seed and unit, so that anybody can compute it again."""
