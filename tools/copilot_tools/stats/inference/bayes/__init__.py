"""What is believed after the data: posteriors of effects and levels, beside the verdict and never in it."""
