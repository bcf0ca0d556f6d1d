"""The one error of sending alerts; it never leaves this package."""

from __future__ import annotations


class NotSentError(Exception):
    """An alert was not taken. Its text ends a sentence, and holds no address, password or answer."""
