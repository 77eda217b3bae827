"""How people reach the copilot. Parse, call the api, show; no logic."""
