"""Honest statements by people who had not read the vocabulary, and how many of them the firewall keeps back."""
