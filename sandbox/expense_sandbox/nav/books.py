"""The books of the stand-in."""

from __future__ import annotations


class Books:
    """The books of all companies."""
