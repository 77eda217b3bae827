"""The copilot inside other assistants: an MCP server over standard streams, or over HTTP on loopback with a token."""
