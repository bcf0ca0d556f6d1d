"""tap_expensify."""

from __future__ import annotations
