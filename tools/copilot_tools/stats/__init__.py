"""Statistics, one way: spec -> moments -> sources -> inference -> reading -> validity -> decision."""
