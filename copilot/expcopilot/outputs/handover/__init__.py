"""Files for other tools, made from approved copy: for people, Braze, GrowthBook and flagd (OpenFeature)."""

from expcopilot.outputs.handover.files import FORMS, Form, files, write
from expcopilot.outputs.handover.handover import ApprovedVariant, Handover

__all__ = ["FORMS", "ApprovedVariant", "Form", "Handover", "files", "write"]
