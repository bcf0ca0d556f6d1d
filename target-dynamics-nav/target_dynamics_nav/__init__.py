"""target_dynamics_nav."""

from __future__ import annotations
