"""A stand-in for Expensify's Integration Server."""

from __future__ import annotations
