"""The readout's documents and pictures."""

from expcopilot.outputs.report.documents import to_brief, to_html, to_json, to_markdown, write

__all__ = ["to_brief", "to_html", "to_json", "to_markdown", "write"]
