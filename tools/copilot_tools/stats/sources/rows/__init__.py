"""One row a unit (or an event): checked as a whole, treated as the plan says, scanned once."""
