"""The commands of nav-audit, a module each; `command_line.py` says which is where."""

from __future__ import annotations
