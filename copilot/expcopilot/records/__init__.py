"""What things are: frozen records, no behaviour beyond folding and digesting. Imports only the tools."""
