"""map_expensify_nav."""

from __future__ import annotations
