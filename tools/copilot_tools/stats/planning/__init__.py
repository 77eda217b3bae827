"""Before the test: power, size, smallest detectable effect, runtime. Critical values at the bottom, answers on top."""
