"""Before the test: power, size, runtime."""
