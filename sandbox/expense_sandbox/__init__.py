"""expense_sandbox."""

from __future__ import annotations
