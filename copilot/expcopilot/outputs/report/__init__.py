"""The readout's documents and pictures."""
