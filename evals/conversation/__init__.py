"""Conversation: marketers with goals of their own go through the chat's doors, and what stands on the record after."""

from __future__ import annotations
